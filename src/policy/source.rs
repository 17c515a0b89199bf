//! Where policies come from: files, folders and the packs in the binary.
//!
//! A folder may be a mounted ConfigMap, in which every file stands three times behind links: what starts with a dot is
//! passed over, and no file is read twice. Reading is apart from loading, so that whoever watches the files can tell
//! whether anything changed before anything is parsed.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::builtin;
use crate::diagnostic::{Diagnostic, Place, suggest};
use crate::document::yaml;
use crate::policy::Policy;
use crate::policy::exception::{ById, Exception};
use crate::policy::file::{self, Loaded, Refused};

/// Bytes of the largest file that is read.
const LARGEST: u64 = 32 << 20;
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];
const BUILTIN: &str = "builtin:";

/// One place to read policies from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, or a folder with all that is in it.
    Path(PathBuf),
    /// A pack in the binary, by its name.
    Builtin(String),
}

/// What several sources hold together.
#[derive(Debug, Default)]
pub struct Collected {
    /// The policies that can be used; no two have the same id.
    pub policies: Vec<Policy>,
    /// The exceptions that can be used as far as their own text goes; no two have the same id.
    pub exceptions: Vec<Exception>,
    /// The policies and exceptions that cannot be used.
    pub refused: Vec<Refused>,
    /// What is wrong, and what is worth a warning.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were read, with their texts, for showing diagnostics.
    pub texts: Vec<(Arc<str>, String)>,
}

/// The files of several sources, read and not parsed.
#[derive(Debug, Default)]
pub struct Files {
    /// The files, with their texts.
    pub texts: Vec<(Arc<str>, String)>,
    /// The files that hold no text.
    pub refused: Vec<Refused>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// The folders that were read.
    pub folders: Vec<PathBuf>,
}

/// Reads one source after the other.
#[derive(Default)]
struct Reader {
    files: Files,
    /// The real paths of files and folders so far.
    seen: HashSet<PathBuf>,
}

impl Source {
    /// `builtin:NAME`, or else a path.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix(BUILTIN) {
            Some(name) => Source::Builtin(name.to_owned()),
            None => Source::Path(PathBuf::from(text)),
        }
    }
}

/// As [`Source::parse`] reads it.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Path(path) => write!(f, "{}", path.display()),
            Source::Builtin(name) => write!(f, "{BUILTIN}{name}"),
        }
    }
}

impl Collected {
    /// The text of a file that was read.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.texts.iter().find(|(name, _)| name.as_ref() == file).map(|(_, text)| text.as_str())
    }

    /// Whether nothing before had this id; else it is refused.
    fn is_first(&mut self, places: &mut HashMap<String, Place>, what: &str, id: &str, place: &Place) -> bool {
        let Some(first) = places.get(id) else {
            places.insert(id.to_owned(), place.clone());
            return true;
        };
        self.refuse_second(what, id, place, first);
        false
    }

    fn refuse_second(&mut self, what: &str, id: &str, place: &Place, first: &Place) {
        let Place { file, span } = first;
        let help = format!("the first one stands in `{file}`, line {}", span.line);
        let message = format!("a second {what} `{id}`");
        self.diagnostics.push(Diagnostic::error(Some(place.clone()), message).help(help));
        self.refused.push(Refused { id: Some(id.to_owned()), place: place.clone() });
    }

    /// Adds the exceptions of another file. One that is here already, word for word, is the same one.
    pub fn add_exceptions(&mut self, loaded: Loaded, file: &Arc<str>, text: &str) {
        let Loaded { exceptions, refused, diagnostics, .. } = loaded;
        self.diagnostics.extend(diagnostics);
        self.refused.extend(refused);
        for exception in exceptions {
            match self.exceptions.iter().find(|known| known.id == exception.id) {
                None => self.exceptions.push(exception),
                Some(known) if known.digest == exception.digest => {}
                Some(known) => {
                    let first = known.place.clone();
                    self.refuse_second("exception", &exception.id, &exception.place, &first);
                }
            }
        }
        self.texts.push((Arc::clone(file), text.to_owned()));
    }

    /// Takes out the exceptions that cannot be used beside the policies: see [`Exception::problems`].
    pub fn refuse_exceptions(&mut self, trusted_namespaces: &[String]) {
        let policies: ById<'_> = self.policies.iter().map(|policy| (policy.id.as_str(), policy)).collect();
        for exception in std::mem::take(&mut self.exceptions) {
            let problems = exception.problems(&policies, trusted_namespaces);
            let is_refused = problems.iter().any(Diagnostic::is_error);
            self.diagnostics.extend(problems);
            if !is_refused {
                self.exceptions.push(exception);
                continue;
            }
            self.refused.push(Refused { id: Some(exception.id), place: exception.place });
        }
    }
}

/// Loads all policies of `sources`, in their order; those of a folder in the order of the paths.
pub fn collect(sources: &[Source]) -> Collected {
    read(sources).load()
}

/// Reads all files of `sources`.
pub fn read(sources: &[Source]) -> Files {
    let mut reader = Reader::default();
    for source in sources {
        match source {
            Source::Path(path) => reader.path(path, true),
            Source::Builtin(name) => reader.builtin(name),
        }
    }
    reader.files
}

impl Files {
    /// The same for the same files with the same texts, and the same trouble in reading them.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let mut add = |text: &str| {
            hasher.update(text.len().to_le_bytes());
            hasher.update(text);
        };
        for (file, text) in &self.texts {
            add(file);
            add(text);
        }
        self.diagnostics.iter().for_each(|diagnostic| add(&diagnostic.to_string()));
        hasher.finalize().into()
    }

    /// Loads the policies in them.
    pub fn load(self) -> Collected {
        let Files { texts, refused, diagnostics, folders: _ } = self;
        let mut collected = Collected { refused, diagnostics, ..Collected::default() };
        let mut places: HashMap<String, Place> = HashMap::new();
        for (name, text) in &texts {
            let Loaded { policies, exceptions, refused, diagnostics } = file::load(name, text);
            collected.diagnostics.extend(diagnostics);
            collected.refused.extend(refused);
            for policy in policies {
                if collected.is_first(&mut places, "policy", &policy.id, &policy.place) {
                    collected.policies.push(policy);
                }
            }
            for exception in exceptions {
                if collected.is_first(&mut places, "exception", &exception.id, &exception.place) {
                    collected.exceptions.push(exception);
                }
            }
        }
        collected.texts = texts;
        collected
    }
}

impl Reader {
    fn builtin(&mut self, name: &str) {
        let Some(pack) = builtin::pack(name) else {
            let near = suggest(name, builtin::names()).map(|near| format!("did you mean `{BUILTIN}{near}`?"));
            let all = || {
                format!(
                    "there is {}",
                    builtin::names().map(|name| format!("`{BUILTIN}{name}`")).collect::<Vec<_>>().join(", ")
                )
            };
            let help = near.unwrap_or_else(all);
            self.error(format!("no policies with the name `{BUILTIN}{name}`")).help = Some(help);
            return;
        };
        // Packs are compiled in, so a name stands for the same text each time.
        if self.seen.insert(PathBuf::from(format!("{BUILTIN}{name}"))) {
            for (path, text) in pack {
                self.files.texts.push((Arc::from(format!("{BUILTIN}{name}/{path}")), (*text).to_owned()));
            }
        }
    }

    /// Reads a file or folder. One that was not `named` by the user is passed over if it cannot hold policies.
    fn path(&mut self, path: &Path, named: bool) {
        let is_candidate = named || has_extension(path);
        let (metadata, real) = match fs::metadata(path).and_then(|metadata| Ok((metadata, fs::canonicalize(path)?))) {
            Ok(found) => found,
            Err(error) if is_candidate => {
                self.unreadable(path, &error);
                return;
            }
            Err(_) => return,
        };
        if !metadata.is_dir() && !is_candidate {
            return;
        }
        if !metadata.is_dir() && !metadata.is_file() {
            self.error(format!("`{}` is not a file", path.display()));
        } else if !self.seen.insert(real) {
            // Reached before, by another name or through a link.
        } else if metadata.is_dir() {
            self.folder(path, named);
        } else {
            self.file(path);
        }
    }

    fn folder(&mut self, path: &Path, named: bool) {
        self.files.folders.push(path.to_owned());
        let entries = fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let mut entries: Vec<PathBuf> = match entries {
            Ok(entries) => entries,
            Err(error) => {
                self.unreadable(path, &error);
                return;
            }
        };
        entries.retain(|entry| !entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
        entries.sort();
        let before = (self.files.texts.len(), self.files.diagnostics.len());
        for entry in entries {
            self.path(&entry, false);
        }
        if named && before == (self.files.texts.len(), self.files.diagnostics.len()) {
            let message = format!("no `.yaml`, `.yml` or `.json` file in `{}`", path.display());
            self.files.diagnostics.push(Diagnostic::warning(None, message));
        }
    }

    fn file(&mut self, path: &Path) {
        let bytes = match bytes(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.unreadable(path, &error);
                return;
            }
        };
        let name: Arc<str> = Arc::from(path.display().to_string());
        match yaml::text(&bytes) {
            Ok(text) => self.files.texts.push((name, text.to_owned())),
            Err(error) => {
                let place = Place { file: name, span: error.span };
                self.files.refused.push(Refused { id: None, place: place.clone() });
                let mut diagnostic = Diagnostic::error(Some(place), error.message);
                diagnostic.help = error.help;
                self.files.diagnostics.push(diagnostic);
            }
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let problem = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        self.error(format!("cannot read `{}`: {problem}", path.display()));
    }

    fn error(&mut self, message: String) -> &mut Diagnostic {
        let diagnostics = &mut self.files.diagnostics;
        let index = diagnostics.len();
        diagnostics.push(Diagnostic::error(None, message));
        #[expect(clippy::indexing_slicing, reason = "the element was pushed in the line before")]
        &mut diagnostics[index]
    }
}

/// The bytes of a file that is known to be one: opening a FIFO would wait for its writer.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(bytes)
}

fn has_extension(path: &Path) -> bool {
    path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for a test, gone at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("podgate-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        /// The ids, then the messages with their help, with paths counted from the folder.
        fn collect(&self) -> (Vec<String>, Vec<String>) {
            let collected = collect(&[Source::Path(self.0.clone())]);
            let here = format!("{}/", self.0.display());
            let words = |diagnostic: &Diagnostic| {
                let help = diagnostic.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
                format!("{diagnostic}{help}").replace(&here, "").replace(here.trim_end_matches('/'), ".")
            };
            (
                collected.policies.iter().map(|policy| policy.id.clone()).collect(),
                collected.diagnostics.iter().map(words).collect(),
            )
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn policy(name: &str) -> String {
        format!(
            "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {{name: {name}}}\nspec:\n  mode: Warn\n  \
             rules: [{{name: x, default: {{pod: {{spec: {{enableServiceLinks: false}}}}}}}}]\n"
        )
    }

    #[test]
    fn a_folder_is_read_in_the_order_of_its_paths() {
        let folder = Folder::new("order");
        folder.write("b.yaml", &policy("b"));
        folder.write("a/z.yml", &policy("az"));
        folder.write("c.json", r#"{"kind": "PodPolicy"}"#);
        folder.write("notes.txt", "no: [policy");
        folder.write(".git/x.yaml", "no: [policy");
        let (ids, said) = folder.collect();
        assert_eq!(ids, ["ClusterPodPolicy/az", "ClusterPodPolicy/b"]);
        assert_eq!(
            said.first().map(String::as_str),
            Some("c.json:1:2: a policy needs `apiVersion`; write `apiVersion: podgate.dev/v1alpha1`")
        );
    }

    #[test]
    fn a_second_policy_with_the_same_id_is_an_error_that_names_the_first() {
        let folder = Folder::new("twice");
        folder.write("a.yaml", &format!("# a\n{}", policy("x")));
        folder.write("b.yaml", &format!("{}---\n{}", policy("z"), policy("x")));
        let (ids, said) = folder.collect();
        assert_eq!(ids, ["ClusterPodPolicy/x", "ClusterPodPolicy/z"]);
        assert_eq!(
            said,
            ["b.yaml:8:1: a second policy `ClusterPodPolicy/x`; the first one stands in `a.yaml`, line 2"]
        );
    }

    #[test]
    fn what_is_not_there_or_not_text_is_an_error() {
        let folder = Folder::new("nothing");
        assert_eq!(folder.collect().1, ["no `.yaml`, `.yml` or `.json` file in `.`"]);
        fs::write(folder.0.join("a.yaml"), b"a: \xff").unwrap();
        assert_eq!(folder.collect().1, ["a.yaml:1:4: this is not UTF-8; save the file as UTF-8"]);
        let missing = collect(&[Source::parse("/nowhere/a.yaml"), Source::parse("builtin:recomended")]);
        let said: Vec<_> =
            missing.diagnostics.iter().map(|diagnostic| (diagnostic.to_string(), diagnostic.help.clone())).collect();
        assert_eq!(
            said,
            [
                ("cannot read `/nowhere/a.yaml`: there is no such file".to_owned(), None),
                (
                    "no policies with the name `builtin:recomended`".to_owned(),
                    Some("did you mean `builtin:recommended`?".to_owned())
                ),
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_mounted_config_map_is_read_once_and_loops_end() {
        use std::os::unix::fs::symlink;

        let folder = Folder::new("links");
        folder.write("..2024/a.yaml", &policy("a"));
        symlink("..2024", folder.0.join("..data")).unwrap();
        symlink("..data/a.yaml", folder.0.join("a.yaml")).unwrap();
        symlink(".", folder.0.join("loop")).unwrap();
        symlink("self", folder.0.join("self")).unwrap();
        symlink("gone", folder.0.join("gone.yaml")).unwrap();
        let (ids, said) = folder.collect();
        assert_eq!(ids, ["ClusterPodPolicy/a"]);
        assert_eq!(said, ["cannot read `gone.yaml`: there is no such file"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_a_file_is_never_opened() {
        let folder = Folder::new("socket");
        let _socket = std::os::unix::net::UnixListener::bind(folder.0.join("x.yaml")).unwrap();
        assert_eq!(folder.collect().1, ["`x.yaml` is not a file"]);
    }

    #[test]
    fn a_pack_is_read_by_its_name_and_once() {
        let source = Source::parse("builtin:recommended");
        assert_eq!(source.to_string(), "builtin:recommended");
        let collected = collect(&[source.clone(), source]);
        assert_eq!(collected.diagnostics, []);
        assert!(!collected.policies.is_empty());
        let file = &collected.policies[0].place.file;
        assert!(file.starts_with("builtin:recommended/"), "{file}");
        assert!(collected.text(file).is_some());
    }
}
