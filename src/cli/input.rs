//! From what was named on the command line to texts: files, folders, standard input.
//!
//! What cannot be read is a complaint, and the rest is still read. Nothing that could block or never end is opened.

use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::manifest::Fault;
use crate::diagnostic::{Diagnostic, Place};
use crate::document::{Span, yaml};

/// No file of manifests is larger than this, in bytes.
const LARGEST: u64 = 64 << 20;

/// The ends of the names of files that are looked at in a folder.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// One text with its name.
#[derive(Clone, Debug)]
pub struct Input {
    /// As the user named it; `<stdin>` for standard input.
    pub name: Arc<str>,
    /// Its whole text.
    pub text: String,
    /// Where it was read; [`None`] for standard input.
    pub path: Option<PathBuf>,
}

impl Input {
    /// What is said about a document that was refused.
    pub fn refused(&self, error: yaml::Error) -> Diagnostic {
        let label = (!error.path.is_root()).then(|| error.path.to_string());
        let diagnostic = Diagnostic::error(Some(self.place(error.span)), error.message);
        Diagnostic { help: error.help, label, ..diagnostic }
    }

    /// What is said about an object that is none.
    pub fn fault(&self, fault: Fault) -> Diagnostic {
        Diagnostic::error(Some(self.place(fault.span)), fault.message).help(fault.help)
    }

    /// A place in this input.
    pub fn place(&self, span: Span) -> Place {
        Place { file: Arc::clone(&self.name), span }
    }
}

/// Reads everything that `paths` name. The order is that of the command line; within a folder, that of the names.
pub fn read(paths: &[PathBuf], complain: &mut dyn FnMut(Diagnostic)) -> Vec<Input> {
    let mut reader = Reader { inputs: Vec::new(), complain, ancestors: Vec::new(), stdin_is_read: false };
    for path in paths {
        reader.named(path);
    }
    reader.inputs
}

/// Reads one file, whatever its name ends with.
///
/// # Errors
/// A complaint that names the file.
pub fn read_file(path: &Path) -> Result<Input, Diagnostic> {
    let name = path.display().to_string();
    let refuse = |error: io::Error| complaint(path, &reason(&error));
    let metadata = fs::metadata(path).map_err(refuse)?;
    check_file(path, metadata.file_type(), is_own_pipe(path))?;
    check_size(path, &metadata)?;
    let read = input(name, File::open(path).map_err(refuse)?, usize::try_from(metadata.len()).unwrap_or_default())?;
    Ok(Input { path: Some(path.to_owned()), ..read })
}

struct Reader<'c> {
    inputs: Vec<Input>,
    complain: &'c mut dyn FnMut(Diagnostic),
    /// The folders that are being read, outermost first, without symbolic links in their paths.
    ancestors: Vec<PathBuf>,
    stdin_is_read: bool,
}

impl Reader<'_> {
    fn named(&mut self, path: &Path) {
        if path.as_os_str() == "-" {
            if !std::mem::replace(&mut self.stdin_is_read, true) {
                self.keep(input("<stdin>".to_owned(), io::stdin().lock(), 0));
            }
        } else if path.is_dir() {
            let before = self.inputs.len();
            if self.folder(path) && self.inputs.len() == before {
                let message = format!("`{}` holds no file to check", path.display());
                (self.complain)(Diagnostic::error(None, message).help("podgate looks for *.yaml, *.yml and *.json"));
            }
        } else {
            self.keep(read_file(path));
        }
    }

    fn keep(&mut self, input: Result<Input, Diagnostic>) {
        match input {
            Ok(input) => self.inputs.push(input),
            Err(complaint) => (self.complain)(complaint),
        }
    }

    /// Reads a folder and those in it. Whether there was nothing to complain about.
    fn folder(&mut self, path: &Path) -> bool {
        let listed = fs::canonicalize(path).and_then(|real| {
            let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
            entries.sort_by_key(fs::DirEntry::file_name);
            Ok((real, entries))
        });
        let (real, entries) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                (self.complain)(complaint(path, &reason(&error)));
                return false;
            }
        };
        if self.ancestors.contains(&real) {
            let message = format!("`{}` leads back to a folder that it is in", path.display());
            (self.complain)(Diagnostic::error(None, message));
            return false;
        }
        self.ancestors.push(real);
        let mut is_clean = true;
        for entry in entries {
            is_clean &= self.entry(&entry);
        }
        self.ancestors.pop();
        is_clean
    }

    fn entry(&mut self, entry: &fs::DirEntry) -> bool {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            return true;
        }
        let path = entry.path();
        let is_manifest = path.extension().and_then(|end| end.to_str()).is_some_and(|end| EXTENSIONS.contains(&end));
        let kind = entry.file_type().and_then(|kind| match kind.is_symlink() {
            true => fs::metadata(&path).map(|metadata| metadata.file_type()),
            false => Ok(kind),
        });
        let read = match kind {
            Ok(kind) if kind.is_dir() => return self.folder(&path),
            _ if !is_manifest => return true,
            Ok(kind) => check_file(&path, kind, false).and_then(|()| read_file(&path)),
            Err(error) => Err(complaint(&path, &reason(&error))),
        };
        let is_clean = read.is_ok();
        self.keep(read);
        is_clean
    }
}

/// Whether a path is the shell's name for something that this process already holds open, as in `<(helm template .)`.
fn is_own_pipe(path: &Path) -> bool {
    path == Path::new("/dev/stdin") || path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd")
}

fn check_file(path: &Path, kind: FileType, may_be_pipe: bool) -> Result<(), Diagnostic> {
    if kind.is_file() || may_be_pipe && !kind.is_dir() {
        return Ok(());
    }
    Err(complaint(path, if kind.is_dir() { "it is a folder" } else { "it is not a regular file" }))
}

fn check_size(path: &Path, metadata: &Metadata) -> Result<(), Diagnostic> {
    if metadata.is_file() && metadata.len() > LARGEST { Err(complaint(path, &too_large())) } else { Ok(()) }
}

fn too_large() -> String {
    format!("it holds more than {} MiB", LARGEST >> 20)
}

fn input(name: String, from: impl Read, size: usize) -> Result<Input, Diagnostic> {
    let mut bytes = Vec::with_capacity(size);
    let read = from.take(LARGEST + 1).read_to_end(&mut bytes);
    let read = read.map_err(|error| complaint(Path::new(&name), &reason(&error)))?;
    if u64::try_from(read).unwrap_or(u64::MAX) > LARGEST {
        return Err(complaint(Path::new(&name), &too_large()));
    }
    let name: Arc<str> = name.into();
    if let Err(error) = yaml::text(&bytes) {
        let place = Place { file: name, span: error.span };
        let diagnostic = Diagnostic::error(Some(place), error.message);
        return Err(Diagnostic { help: error.help, ..diagnostic });
    }
    // What was checked just now is not lossy.
    let text = String::from_utf8(bytes).unwrap_or_default();
    Ok(Input { name, text, path: None })
}

fn complaint(path: &Path, reason: &str) -> Diagnostic {
    Diagnostic::error(None, format!("`{}` cannot be read: {reason}", path.display()))
}

/// What the system says, without its number.
pub(in crate::cli) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            let bare = text.split(" (os error").next().unwrap_or(&text);
            bare.to_lowercase()
        }
    }
}
