//! The objects after their edits, as YAML documents. Comments are not kept: they are no part of an object.

use std::io::{self, Write};

use crate::cli::input::Input;
use crate::cli::render::text::Text;
use crate::cli::render::{Palette, Render};
use crate::cli::report::{Object, Report};
use crate::document::print;

/// Prints objects; that one is denied is said on standard error.
#[derive(Debug)]
pub struct Yaml {
    trouble: Text,
    is_first: bool,
}

impl Yaml {
    /// Trouble is told in these colours.
    pub fn new(conversation: Palette) -> Self {
        Yaml { trouble: Text::trouble(conversation), is_first: true }
    }
}

impl Render for Yaml {
    fn object(&mut self, out: &mut dyn Write, object: &Object<'_>, input: &Input) -> io::Result<()> {
        self.trouble.tell(object, input);
        if !std::mem::take(&mut self.is_first) {
            out.write_all(b"---\n")?;
        }
        out.write_all(print::yaml(object.outcome.after).as_bytes())
    }

    fn finish(&mut self, _: &mut dyn Write, _: &Report) -> io::Result<()> {
        Ok(())
    }
}
