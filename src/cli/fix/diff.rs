//! What would be written, as unified diffs of the files.

use std::io::{self, Write};

use crate::cli::hunks;
use crate::cli::render::Palette;
use crate::document::print::visible;

/// Writes the diff of a file; nothing if nothing changes. `patch -p0` applies it.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut dyn Write, palette: Palette, name: &str, old: &str, new: &str) -> io::Result<()> {
    let Palette { strong, .. } = palette;
    // Without a tab after it, a name would end at its first space.
    let name = format!("{}{}", visible(name), if name.contains(' ') { "\t" } else { "" });
    let hunks = hunks::between(old, new);
    if hunks.is_empty() {
        return Ok(());
    }
    writeln!(out, "{strong}--- {name}{strong:#}\n{strong}+++ {name}{strong:#}")?;
    hunks.iter().try_for_each(|hunk| hunk.write(out, palette))
}
