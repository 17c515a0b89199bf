//! What differs between two texts, line by line, with the lines around it: the body of a unified diff.
//!
//! Of the ways that the `similar` crate has of finding it one is used, called by its name: its diff of texts would bring all
//! of them, and they are a twentieth of the binary.

use std::io::{self, Write};

use anstyle::Style;
use similar::algorithms::{Capture, Compact, Replace, myers};
use similar::udiff::UnifiedHunkHeader;
use similar::{ChangeTag, DiffOp};

use crate::cli::render::Palette;

/// Lines around a change that are shown.
const AROUND: usize = 3;

/// Changes that are near to each other.
#[derive(Debug)]
pub struct Hunk<'t> {
    /// Where it is in both texts, as `@@ -1,2 +1,3 @@`.
    header: String,
    /// Each line, with its end if it has one.
    lines: Vec<(ChangeTag, &'t str)>,
}

impl Hunk<'_> {
    /// Writes it in these colours.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write(&self, out: &mut dyn Write, palette: Palette) -> io::Result<()> {
        let Palette { aside, removed, added, .. } = palette;
        writeln!(out, "{aside}{}{aside:#}", self.header)?;
        for (tag, line) in &self.lines {
            let (sign, style) = match tag {
                ChangeTag::Delete => ('-', removed),
                ChangeTag::Insert => ('+', added),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let text = line.strip_suffix('\n');
            writeln!(out, "{style}{sign}{}{style:#}", text.unwrap_or(line))?;
            if text.is_none() {
                writeln!(out, "\\ No newline at end of file")?;
            }
        }
        Ok(())
    }
}

/// All changes from one text to another, in order.
pub fn between<'t>(old: &'t str, new: &'t str) -> Vec<Hunk<'t>> {
    let [old, new] = [old, new].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let mut found = Compact::new(Replace::new(Capture::new()), &old, &new);
    let Ok(()) = myers::diff(&mut found, &old, 0..old.len(), &new, 0..new.len());
    let groups = found.into_inner().into_inner().into_grouped_ops(AROUND);
    let hunk = |group: &Vec<DiffOp>| Hunk {
        header: UnifiedHunkHeader::new(group).to_string(),
        lines: group
            .iter()
            .flat_map(|part| part.iter_changes(&old, &new))
            .map(|line| (line.tag(), line.value()))
            .collect(),
    };
    groups.iter().filter(|group| !group.is_empty()).map(hunk).collect()
}
