//! The edits as a unified diff of each object's YAML, for people and for `patch`-like tools.

use std::io::{self, Write};

use crate::cli::hunks;
use crate::cli::input::Input;
use crate::cli::render::text::Text;
use crate::cli::render::{Palette, Render};
use crate::cli::report::{Object, Outcome, Report};
use crate::document::print::{self, visible};

/// Prints diffs; that an object is denied is said on standard error.
#[derive(Debug)]
pub struct Diff {
    palette: Palette,
    trouble: Text,
}

impl Diff {
    /// Told in these colours.
    pub fn new(answer: Palette, conversation: Palette) -> Self {
        Diff { palette: answer, trouble: Text::trouble(conversation) }
    }

    fn outcome(&self, out: &mut dyn Write, name: &str, outcome: &Outcome<'_>) -> io::Result<()> {
        if outcome.edits.is_empty() {
            return Ok(());
        }
        let Palette { strong, .. } = self.palette;
        let (before, after) = (print::yaml(outcome.before), print::yaml(outcome.after));
        writeln!(out, "{strong}--- {name}{strong:#}\n{strong}+++ {name}, after its edits{strong:#}")?;
        hunks::between(&before, &after).iter().try_for_each(|hunk| hunk.write(out, self.palette))
    }
}

impl Render for Diff {
    fn object(&mut self, out: &mut dyn Write, object: &Object<'_>, input: &Input) -> io::Result<()> {
        self.trouble.tell(object, input);
        let name = format!("{} {}/{}", object.kind, object.namespace, object.shown_name());
        let name = visible(&name);
        let file = visible(&object.source.file);
        self.outcome(out, &format!("{file}  {name}"), &object.outcome)?;
        match &object.pod {
            Some(pod) => self.outcome(out, &format!("{file}  a Pod of {name}"), pod),
            None => Ok(()),
        }
    }

    fn finish(&mut self, _: &mut dyn Write, _: &Report) -> io::Result<()> {
        Ok(())
    }
}
