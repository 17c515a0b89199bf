//! What would be written, as unified diffs of the files.

use std::io::{self, Write};

use similar::TextDiff;

use crate::cli::render::Palette;
use crate::document::print::visible;

/// Writes the diff of a file; nothing if nothing changes. `patch -p0` applies it.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut dyn Write, palette: Palette, name: &str, old: &str, new: &str) -> io::Result<()> {
    let Palette { strong, aside, removed, added, .. } = palette;
    // Without a tab after it, a name would end at its first space.
    let name = format!("{}{}", visible(name), if name.contains(' ') { "\t" } else { "" });
    let diff = TextDiff::from_lines(old, new);
    let diff = diff.unified_diff().context_radius(3).header(&name, &name).to_string();
    for line in diff.split_inclusive('\n') {
        let style = match line.as_bytes() {
            [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => strong,
            [b'@', ..] => aside,
            [b'-', ..] => removed,
            [b'+', ..] => added,
            _ => anstyle::Style::new(),
        };
        let text = line.strip_suffix('\n').unwrap_or(line);
        writeln!(out, "{style}{text}{style:#}")?;
    }
    Ok(())
}
