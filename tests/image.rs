//! `deploy/Dockerfile`: all that the build needs is copied, and the image is what the manifests expect. `.ci/image` builds
//! and runs it. `deploy/build.sh` is followed with a compiler that does nothing.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test fails by a panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// A folder with all that is copied, which ends with it. There is one at a time: a script cannot run while a process that
/// another test has just started still holds it open for writing.
struct Context(PathBuf, #[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Context {
    fn new(name: &str) -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("image-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for path in copied() {
            let to = folder.join(&path);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            copy(&root().join(&path), &to);
        }
        Self(folder, alone)
    }

    fn script(&self, path: &str, lines: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// `deploy/build.sh` with a compiler that makes podgate of these lines: its status, what it prints, and how often it
    /// has called the compiler.
    fn build(&self, podgate: &str) -> (bool, String, Vec<String>) {
        self.script(
            "bin/rustc",
            "case $2 in host-tuple) echo machine ;; target-libdir) echo \"${0%/*}/../lib\" ;; *) exit 1 ;; esac",
        );
        fs::create_dir_all(self.0.join("lib")).unwrap();
        // Only the training calls it, and there podgate does not get so far.
        self.script("bin/curl", "exit 1");
        self.script("bin/llvm-profdata", "cat \"$3\" > \"${2#--output=}\"");
        self.script("podgate", podgate);
        self.script(
            "bin/cargo",
            "echo \"$AWS_LC_SYS_NO_JITTER_ENTROPY $*\" >> calls\nmkdir -p target/released/machine/machine/release\n\
             cp podgate target/released/machine/machine/release/podgate\necho compiled",
        );
        let path = format!("{}:{}", self.0.join("bin").display(), std::env::var("PATH").unwrap());
        let mut build = Command::new(self.0.join("deploy/build.sh"));
        build
            .env("PATH", path)
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        let output = build.output().unwrap();
        let calls = fs::read_to_string(self.0.join("calls")).unwrap_or_default();
        let text = String::from_utf8(if output.status.success() { output.stdout } else { output.stderr }).unwrap();
        (output.status.success(), text, calls.lines().map(str::to_owned).collect())
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What the first stage copies, from the root of the repository.
fn copied() -> Vec<String> {
    let text = read("deploy/Dockerfile");
    let (build, _) = text.split_once("FROM scratch").unwrap();
    let lines = build.lines().filter_map(|line| line.strip_prefix("COPY "));
    let mut paths: Vec<_> = lines
        .flat_map(|line| {
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            let (_, sources) = words.split_last().unwrap();
            sources.to_vec()
        })
        .collect();
    paths.sort();
    paths
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        match path.is_dir() {
            _ if is_test => {}
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn what_is_kept_from_docker_is_what_is_not_copied() {
    let ignore = read("deploy/Dockerfile.dockerignore");
    let mut kept: Vec<_> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    kept.sort_unstable();
    assert_eq!(kept, copied());
    assert!(ignore.lines().any(|line| line == "*"));
}

#[test]
fn cargo_finds_all_that_it_asks_for_among_what_is_copied() {
    let context = Context::new("metadata");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--locked", "--format-version=1"]).current_dir(&context.0);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn files_that_are_compiled_in_are_copied() {
    let copied = copied();
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut included = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for (at, _) in text.match_indices("include_str!(\"") {
            let path = text[at..].split('"').nth(1).unwrap();
            let path = fs::canonicalize(file.parent().unwrap().join(path)).unwrap();
            let path = path.strip_prefix(fs::canonicalize(root()).unwrap()).unwrap().to_owned();
            assert!(copied.iter().any(|copied| path.starts_with(copied)), "{} in {}", path.display(), file.display());
            included += 1;
        }
    }
    assert!(included > 0, "the policies are compiled in");
}

#[test]
fn the_image_is_what_the_deployment_runs() {
    let dockerfile = read("deploy/Dockerfile");
    let manifest = read("deploy/podgate.yaml");
    let value = |key: &str| {
        let line = manifest.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap();
        line.trim().to_owned()
    };
    let user = format!("USER {}:{}", value("runAsUser:"), value("runAsGroup:"));
    assert!(dockerfile.lines().any(|line| line == user), "{user}");
    let ports: Vec<_> = manifest.lines().filter_map(|line| line.split("containerPort: ").nth(1)).collect();
    let expose =
        format!("EXPOSE {}", ports.iter().map(|port| port.trim_end_matches('}')).collect::<Vec<_>>().join(" "));
    assert!(dockerfile.lines().any(|line| line == expose), "{expose}");
    // The arguments of the Deployment stand in place of the command, not of the program.
    assert!(manifest.contains("- serve\n") && dockerfile.contains("ENTRYPOINT [\"/podgate\"]"));
}

#[test]
fn the_training_works_with_what_is_copied() {
    let is_here = Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !is_here && std::env::var_os("CI").is_none() {
        return eprintln!("not tried, because there is no curl");
    }
    let context = Context::new("training");
    let mut train = Command::new(context.0.join("deploy/train.sh"));
    let output = train.args([env!("CARGO_BIN_EXE_podgate"), "1"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_release_is_built_twice_the_second_time_by_what_was_counted() {
    let context = Context::new("release");
    context.script("deploy/train.sh", "\"$1\"");
    let (built, printed, calls) =
        context.build("mkdir -p \"${LLVM_PROFILE_FILE%/*}\"\necho 1 > \"${LLVM_PROFILE_FILE%/*}/1.profraw\"");
    assert!(built, "{printed}");
    let folder = fs::canonicalize(&context.0).unwrap().join("target/released/machine");
    assert_eq!(printed, format!("{}\n", folder.join("machine/release/podgate").display()));
    let [first, second] = &calls[..] else { panic!("{calls:?}") };
    assert!([first, second].iter().all(|call| call.starts_with("1 build ")), "{calls:?}");
    assert!(
        first.ends_with(&format!("target.machine.rustflags=[\"-Cprofile-generate={}/counted\"]", folder.display()))
    );
    assert!(
        second
            .ends_with(&format!("target.machine.rustflags=[\"-Cprofile-use={}/podgate.profdata\"]", folder.display()))
    );
    assert_eq!(fs::read_to_string(folder.join("podgate.profdata")).unwrap(), "1\n");
}

#[test]
fn what_is_no_target_is_refused_before_anything_is_removed() {
    let context = Context::new("refused");
    let refused = |arguments: &[&str], flags: &str| {
        let mut build = Command::new(context.0.join("deploy/build.sh"));
        let output = build.args(arguments).env("RUSTFLAGS", flags).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(refused(&["../../src"], ""), "build: no target: ../../src\n");
    assert_eq!(refused(&[".."], ""), "build: no target: ..\n");
    assert_eq!(refused(&["a", "b"], ""), "build: two targets: a and b\n");
    assert_eq!(refused(&["--fast", "a"], ""), "build: unknown argument: --fast\n");
    assert_eq!(refused(&["a"], "-O"), "build: RUSTFLAGS must not be set\n");
    assert!(context.0.join("src").exists() && !context.0.join("target").exists());
}

#[test]
fn a_release_is_not_built_where_the_training_fails() {
    let context = Context::new("untrained");
    let (built, printed, calls) = context.build("echo 'no room' >&2; exit 2");
    assert!(!built && printed.contains("train: podgate does not start: no room"), "{printed}");
    assert_eq!(calls.len(), 1);
}

#[test]
fn a_release_is_not_built_where_the_training_counts_nothing() {
    let context = Context::new("uncounted");
    context.script("deploy/train.sh", "\"$1\"");
    let (built, printed, calls) = context.build("exit 0");
    assert!(!built && printed.ends_with("build: podgate counted nothing\n"), "{printed}");
    assert_eq!(calls.len(), 1);
}
