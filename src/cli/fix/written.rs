//! A file that is written whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::cli::input::reason;
use crate::diagnostic::Diagnostic;

/// Puts `text` in the place of `old` in the file at `path`. Symbolic and hard links stay, and so do owner and mode.
///
/// # Errors
/// A complaint that names the file, which is then as it was.
pub fn write(path: &Path, old: &str, text: &str) -> Result<(), Diagnostic> {
    let refused = |reason: String| Diagnostic::error(None, format!("`{}` cannot be written: {reason}", path.display()));
    let failed = |error: io::Error| refused(reason(&error));
    let real = fs::canonicalize(path).map_err(failed)?;
    let metadata = fs::metadata(&real).map_err(failed)?;
    if !metadata.is_file() {
        return Err(refused("it is not a regular file".to_owned()));
    }
    if metadata.permissions().readonly() {
        return Err(refused("it is read-only".to_owned()));
    }
    // A new file in its place could be made by people who may not write this one.
    let mut file = OpenOptions::new().read(true).write(true).open(&real).map_err(failed)?;
    let mut now = Vec::with_capacity(old.len());
    file.read_to_end(&mut now).map_err(failed)?;
    if now == text.as_bytes() {
        // Written already, by another of its names.
        return Ok(());
    }
    if now != old.as_bytes() {
        return Err(refused("it has changed meanwhile".to_owned()));
    }
    if is_known_by_one_name(&metadata) && replace(&real, &metadata, text).is_ok() {
        return Ok(());
    }
    // It has other hard links, or another owner, or its folder takes no new file in its place, as where a container was
    // given this one file.
    overwrite(&mut file, text).map_err(|error| {
        // What matters is the first error.
        let _ = overwrite(&mut file, old);
        failed(error)
    })
}

/// Puts a new file in the place of the old one: nobody ever sees a part of it.
fn replace(real: &Path, metadata: &Metadata, text: &str) -> io::Result<()> {
    let (beside, mut file) = beside(real)?;
    // Owner and mode come first: nobody shall read the new file who may not read the old one.
    let filled = give(&file, metadata)
        .and_then(|()| file.set_permissions(metadata.permissions()))
        .and_then(|()| overwrite(&mut file, text));
    filled.and_then(|()| fs::rename(&beside, real)).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

/// A new file in the folder of `real`, for a rename within one file system.
fn beside(real: &Path) -> io::Result<(PathBuf, File)> {
    let beside = real.with_file_name(format!(".podgate-{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&beside)?;
    Ok((beside, file))
}

/// Writes into a file where it is.
fn overwrite(file: &mut File, text: &str) -> io::Result<()> {
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.set_len(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
    file.sync_all()
}

#[cfg(unix)]
fn is_known_by_one_name(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) == 1
}

#[cfg(not(unix))]
fn is_known_by_one_name(_: &Metadata) -> bool {
    true
}

/// Gives a new file to the owner and the group of the old one.
#[cfg(unix)]
fn give(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(file, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn give(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}
