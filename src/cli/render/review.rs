//! What one webhook answers, byte for byte. It does not pass through a report, and nothing is added to it.

use std::io::{self, Write};

use crate::cli::input::Input;
use crate::cli::render::Render;
use crate::cli::report::{Object, Report};

/// Adds nothing.
#[derive(Clone, Copy, Debug)]
pub struct Review;

impl Render for Review {
    fn object(&mut self, _: &mut dyn Write, _: &Object<'_>, _: &Input) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn Write, _: &Report) -> io::Result<()> {
        Ok(())
    }
}
