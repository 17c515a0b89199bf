//! Runs the built binary in a folder of its own and compares all that it prints.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// One run, put together step by step; `code` is the last step and runs it.
#[must_use = "nothing runs before `code`, `json` or `output`"]
pub struct Check {
    folder: PathBuf,
    arguments: Vec<String>,
    stdin: String,
    stdout: Expected,
    stderr: Expected,
}

/// What a run printed, as text.
pub struct Printed {
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

/// What a stream must hold: exactly one text, or all of some pieces. Without either it must hold nothing.
#[derive(Default)]
struct Expected {
    whole: Option<String>,
    pieces: Vec<String>,
}

impl Check {
    /// A run of `podgate check`.
    pub fn new() -> Self {
        Check::command("check")
    }

    /// A run of another command.
    pub fn command(first: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("check-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Check {
            folder,
            arguments: vec![first.to_owned()],
            stdin: String::new(),
            stdout: Expected::default(),
            stderr: Expected::default(),
        }
    }

    /// Puts a file into the folder.
    pub fn file(self, name: &str, text: &str) -> Self {
        self.bytes(name, text.as_bytes())
    }

    /// Puts a file into the folder that need not be a text.
    pub fn bytes(self, name: &str, bytes: &[u8]) -> Self {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// Puts a symbolic link into the folder.
    #[cfg(unix)]
    pub fn link(self, name: &str, target: &str) -> Self {
        std::os::unix::fs::symlink(target, self.folder.join(name)).unwrap();
        self
    }

    /// Adds arguments.
    pub fn args<'a>(mut self, arguments: impl IntoIterator<Item = impl AsRef<str> + 'a>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// What the program reads.
    pub fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.to_owned();
        self
    }

    /// All that it must answer.
    pub fn stdout(mut self, text: &str) -> Self {
        self.stdout.whole = Some(text.to_owned());
        self
    }

    /// A piece of what it must answer.
    pub fn stdout_has(mut self, text: &str) -> Self {
        self.stdout.pieces.push(text.to_owned());
        self
    }

    /// All that it must say beside.
    pub fn stderr(mut self, text: &str) -> Self {
        self.stderr.whole = Some(text.to_owned());
        self
    }

    /// A piece of what it must say beside.
    pub fn stderr_has(mut self, text: &str) -> Self {
        self.stderr.pieces.push(text.to_owned());
        self
    }

    /// Runs it, and compares all that it printed and the exit code.
    #[track_caller]
    pub fn code(self, expected: i32) {
        let Printed { stdout, stderr, code } = self.output();
        let mut faults = self.stdout.faults("stdout", &stdout);
        faults.extend(self.stderr.faults("stderr", &stderr));
        if code != Some(expected) {
            faults
                .push(format!("exit code {code:?} instead of {expected}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"));
        }
        assert!(faults.is_empty(), "podgate {}\n{}", self.arguments.join(" "), faults.join("\n"));
    }

    /// Runs it, and reads its answer, which must be JSON with nothing said beside.
    #[track_caller]
    pub fn json(self, expected: i32) -> serde_json::Value {
        let Printed { stdout, stderr, code } = self.output();
        assert_eq!((stderr.as_str(), code), ("", Some(expected)), "{stdout}");
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error} in {stdout}"))
    }

    /// Runs it.
    pub fn output(&self) -> Printed {
        let mut child = self.start().stdout(Stdio::piped()).spawn().unwrap();
        // A program that does not read its input may have ended already.
        let _ = child.stdin.take().unwrap().write_all(self.stdin.as_bytes());
        self.printed(child.wait_with_output().unwrap())
    }

    /// What a file of the folder holds now.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        String::from_utf8(fs::read(self.folder.join(name)).unwrap()).unwrap()
    }

    /// The path of a file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs it with a standard output that nobody reads.
    #[cfg(unix)]
    pub fn output_to_closed_pipe(&self) -> Printed {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        self.printed(self.start().stdin(Stdio::null()).stdout(writer).output().unwrap())
    }

    fn start(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podgate"));
        command.args(&self.arguments).current_dir(&self.folder).env_remove("CLICOLOR_FORCE");
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn printed(&self, output: Output) -> Printed {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Printed { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Expected {
    fn faults(&self, stream: &str, actual: &str) -> Vec<String> {
        let missing = self.pieces.iter().filter(|piece| !actual.contains(*piece));
        let mut faults: Vec<_> = missing.map(|piece| format!("{stream} lacks\n{piece}\n--- it is\n{actual}")).collect();
        let whole = match &self.whole {
            None if !self.pieces.is_empty() => return faults,
            None => "",
            Some(whole) => whole,
        };
        if whole != actual {
            let diff = similar::TextDiff::from_lines(whole, actual);
            let diff = diff.unified_diff().context_radius(20).header("expected", "actual").to_string();
            faults.push(format!("{stream} differs\n{diff}"));
        }
        faults
    }
}
