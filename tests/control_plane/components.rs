//! The components of a control plane: found where `KUBEBUILDER_ASSETS` says, or built once from the Go program here.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

const SOURCES: [(&str, &str); 3] =
    [("main.go", include_str!("main.go")), ("go.mod", include_str!("go.mod")), ("go.sum", include_str!("go.sum"))];

/// Kubernetes 1.37.2 as go.mod pins it: without these flags the API server calls itself v0.0.0.
const VERSION: &str = "-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2 \
    -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37";

/// Where the components are.
#[derive(Clone)]
pub enum Components {
    /// One program that is each of them.
    Program(PathBuf),
    /// A folder with a program for each.
    Folder(PathBuf),
}

/// Why there are none.
pub enum Missing {
    /// Neither the folder nor a Go tool chain: the tests cannot run here.
    Tools,
    /// Something went wrong.
    Build(String),
}

impl Components {
    /// Finds them, and builds them first if need be: about five minutes, the first time.
    pub fn find() -> Result<Components, Missing> {
        if let Some(folder) = env::var_os("KUBEBUILDER_ASSETS") {
            return Ok(Components::Folder(folder.into()));
        }
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap_or(Path::new("target"));
        let folder = target.join("control-plane");
        let program = folder.join("control-plane");
        let stamp = folder.join("sources");
        let sources: String = SOURCES.iter().map(|(name, text)| format!("{name}\n{text}\n")).collect();
        if program.exists() && fs::read_to_string(&stamp).is_ok_and(|built| built == sources) {
            return Ok(Components::Program(program));
        }
        if Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            return Err(Missing::Tools);
        }
        fs::create_dir_all(&folder)
            .and_then(|()| build(&program))
            .and_then(|()| fs::write(&stamp, &sources))
            .map_err(|error| Missing::Build(error.to_string()))?;
        Ok(Components::Program(program))
    }

    /// A command that runs the component of this name.
    pub fn command(&self, component: &str) -> Command {
        match self {
            Components::Folder(folder) => Command::new(folder.join(component)),
            Components::Program(program) => {
                let mut command = Command::new(program);
                command.arg(component);
                command
            }
        }
    }
}

/// Runs `go build`, with the number of packages built so far on a terminal.
fn build(program: &Path) -> io::Result<()> {
    let mut terminal = io::stderr().lock();
    writeln!(terminal, "building the control plane for the tests (once, some minutes)")?;
    let mut go = Command::new("go")
        .args(["build", "-v", "-trimpath", "-ldflags", VERSION, "-o"])
        .arg(program)
        .arg(".")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control_plane"))
        .stderr(Stdio::piped())
        .spawn()?;
    let mut last = Vec::new();
    for (packages, line) in go.stderr.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).enumerate() {
        last.push(line?);
        last.drain(..last.len().saturating_sub(20));
        if terminal.is_terminal() {
            write!(terminal, "\r{} packages", packages + 1)?;
        }
    }
    if terminal.is_terminal() {
        writeln!(terminal)?;
    }
    if go.wait()?.success() { Ok(()) } else { Err(io::Error::other(last.join("\n"))) }
}
