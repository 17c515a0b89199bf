//! The forms of the answer, one file for each.

pub mod diff;
pub mod json;
pub mod palette;
pub mod patch;
pub mod review;
pub mod snippet;
pub mod text;
pub mod yaml;

use std::io::{self, Write};

use crate::cli::arguments::{Check, Format};
use crate::cli::input::Input;
use crate::cli::report::{Object, Report};

pub use palette::Palette;

/// Writes an answer, one object after the other.
pub trait Render {
    /// Takes an object, which stands in `input`.
    ///
    /// # Errors
    /// If `out` cannot be written.
    fn object(&mut self, out: &mut dyn Write, object: &Object<'_>, input: &Input) -> io::Result<()>;

    /// Takes what remains, after the last object.
    ///
    /// # Errors
    /// If `out` cannot be written.
    fn finish(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()>;
}

/// The renderer that was asked for. `answer` is for standard output, `conversation` for standard error.
pub fn renderer(check: &Check, answer: Palette, conversation: Palette) -> Box<dyn Render> {
    match check.output {
        Format::Text => Box::new(text::Text::new(check, answer)),
        Format::Json => Box::new(json::Json::default()),
        Format::Yaml => Box::new(yaml::Yaml::new(conversation)),
        Format::Diff => Box::new(diff::Diff::new(answer, conversation)),
        Format::Patch => Box::new(patch::Patch::new(conversation)),
        // What a webhook answers is no report: it is printed as it is.
        Format::Review => Box::new(review::Review),
    }
}
