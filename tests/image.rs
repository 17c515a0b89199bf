//! `deploy/Dockerfile`: all that the build needs is copied, and the image is what the manifests expect. `.ci/image` builds
//! and runs it.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test fails by a panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
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
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("image-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for path in copied() {
        copy(&root().join(&path), &folder.join(&path));
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--locked", "--format-version=1"]).current_dir(&folder);
    let output = cargo.output().unwrap();
    fs::remove_dir_all(&folder).unwrap();
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
