//! A file that is written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::input::reason;
use crate::diagnostic::Diagnostic;

/// Puts `text` in the place of `old` in the file at `path`. Symbolic links stay, and so does the mode of the file.
///
/// # Errors
/// A complaint that names the file, which is then as it was.
pub fn write(path: &Path, old: &str, text: &str) -> Result<(), Diagnostic> {
    let refused = |reason: String| Diagnostic::error(None, format!("`{}` cannot be written: {reason}", path.display()));
    let real = fs::canonicalize(path).map_err(|error| refused(reason(&error)))?;
    if !real.is_file() {
        return Err(refused("it is not a regular file".to_owned()));
    }
    if fs::metadata(&real).is_ok_and(|metadata| metadata.permissions().readonly()) {
        return Err(refused("it is read-only".to_owned()));
    }
    let now = fs::read(&real).map_err(|error| refused(reason(&error)))?;
    if now != old.as_bytes() {
        return Err(refused("it has changed meanwhile".to_owned()));
    }
    replace(&real, text).map_err(|error| refused(reason(&error)))
}

fn replace(real: &Path, text: &str) -> io::Result<()> {
    let metadata = fs::metadata(real)?;
    let (beside, file) = beside(real)?;
    // The mode comes first: nobody shall read the new file who may not read the old one.
    let filled = file.set_permissions(metadata.permissions()).and_then(|()| fill(file, text));
    filled.and_then(|()| fs::rename(&beside, real)).inspect_err(|_| {
        // What matters is the first error.
        let _ = fs::remove_file(&beside);
    })
}

/// A new file in the folder of `real`, for a rename within one file system.
fn beside(real: &Path) -> io::Result<(PathBuf, File)> {
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    let beside = real.with_file_name(format!(".{name}.podgate-{}", std::process::id()));
    let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    Ok((beside, file))
}

fn fill(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
