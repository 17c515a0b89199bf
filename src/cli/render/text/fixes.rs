//! What was written into the files.

use std::io::{self, Write};

use crate::cli::fix::{Fixes, Unfixed};
use crate::cli::render::Palette;
use crate::cli::render::text::Text;
use crate::cli::render::text::change::{named, rule_name};
use crate::cli::report::Object;
use crate::document::Value;
use crate::document::print::{flow, shortened, visible};

/// A longer value is cut, in characters.
const LONGEST: usize = 60;

impl Text {
    /// A line for each field that was written, and two for each that was not.
    pub(super) fn write_fixes(&self, out: &mut dyn Write, object: &Object<'_>, fixes: &Fixes) -> io::Result<()> {
        let Palette { aside, added, .. } = self.palette;
        let shown = |path: &crate::document::Path<'_>, value: Option<&serde_json::Value>| {
            let arena = bumpalo::Bump::new();
            let value = value.map(|value| flow(Value::from_json(&arena, value)));
            let value = value.map(|value| format!(": {}", shortened(&value, LONGEST))).unwrap_or_default();
            // An owner's own fields and those of its Pods stand in one manifest.
            format!("{}{value}", named(path, object.outcome.before))
        };
        let lines: Vec<_> = fixes.fixed.iter().map(|fixed| (fixed, shown(&fixed.path, Some(&fixed.value)))).collect();
        let width = lines.iter().map(|(_, text)| text.chars().count()).max().unwrap_or_default();
        let verb = if self.is_proposing { "would write" } else { "written" };
        for (fixed, text) in &lines {
            let (file, line) = (visible(&object.source.file), fixed.line.unwrap_or_default());
            let by = rule_name(&fixed.policy, &fixed.rule);
            writeln!(
                out,
                "  {aside}{file}:{line}{aside:#}  {verb}  {added}{text:width$}{added:#}    {aside}{by}{aside:#}"
            )?;
        }
        for Unfixed { policy, rule, path, value, reason } in &fixes.unfixed {
            writeln!(out, "  not written  {}", shown(path, value.as_ref()))?;
            writeln!(out, "               {aside}{}: {}{aside:#}", rule_name(policy, rule), visible(reason))?;
        }
        Ok(())
    }
}
