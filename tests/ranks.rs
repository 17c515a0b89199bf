//! Modules are ranked, and each imports only lower ranks, so that the way of a request can be read in one direction.

#![expect(clippy::panic, clippy::string_slice, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the lowest rank up; modules on one line know nothing of one another.
const RANKS: &[&[&str]] = &[
    &["document"],
    &["diagnostic"],
    &["quantity", "image", "glob", "selector"],
    &["schema"],
    &["cel"],
    &["workload"],
    &["api_defaults"],
    &["facts"],
    &["review"],
    &["provenance"],
    &["patch"],
    &["derive", "rollout"],
    &["builtin"],
    &["policy"],
    &["evaluate"],
    &["decision"],
    &["admit"],
    &["metrics", "log"],
    &["store", "cluster"],
    &["server"],
    &["cli"],
];

fn rank(module: &str) -> Option<usize> {
    RANKS.iter().position(|rank| rank.contains(&module))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules that a text names after `crate::`, also in a group: `use crate::{a, b::c}`.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                _ if start && character.is_alphabetic() => {
                    found.push(word(&group[at..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// What an importing file may not know, as `file imports module`.
fn wrong_way(module: &str, text: &str) -> Vec<String> {
    let own = rank(module).unwrap_or_else(|| panic!("`{module}` has no rank"));
    let mut wrong = Vec::new();
    for import in imports(text) {
        match rank(&import) {
            Some(other) if other < own || import == module => {}
            Some(_) => wrong.push(format!("{module} imports {import}")),
            None => wrong.push(format!("{module} imports {import}, which has no rank")),
        }
    }
    wrong
}

#[test]
fn modules_import_lower_ranks_only() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&source, &mut found);
    let mut wrong = Vec::new();
    for path in found {
        let inside = path.strip_prefix(&source).unwrap().with_extension("");
        let module = inside.components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
        if module == "lib" || module == "main" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // Tests may look up: they check one module by way of another.
        let code = text.split("#[cfg(test)]").next().unwrap();
        wrong.extend(wrong_way(&module, code).into_iter().map(|what| format!("{}: {what}", inside.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_in_contributing_names_every_module_from_the_lowest_rank_up() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CONTRIBUTING.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `")).filter_map(|row| row.split('|').nth(1));
    let named: Vec<&str> = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert_eq!(named, RANKS.concat());
}

#[test]
fn only_who_serves_knows_tokio() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&source, &mut found);
    let mut knowing = BTreeSet::new();
    for path in found {
        let inside = path.strip_prefix(&source).unwrap().with_extension("");
        if fs::read_to_string(&path).unwrap().contains("tokio::") {
            knowing.insert(inside.components().next().unwrap().as_os_str().to_str().unwrap().to_owned());
        }
    }
    // The command that serves starts the runtime.
    let allowed = ["cli", "cluster", "server", "store"];
    assert!(knowing.iter().all(|module| allowed.contains(&module.as_str())), "{knowing:?}");
    assert!(knowing.contains("store"));
}

#[test]
fn an_import_of_a_higher_rank_is_noticed() {
    assert_eq!(wrong_way("cel", "use crate::document::Value;"), [""; 0]);
    assert_eq!(wrong_way("cel", "use crate::{document::{Value, Path}, admit};"), ["cel imports admit"]);
    assert_eq!(wrong_way("glob", "crate::image::in_full(x)"), ["glob imports image"]);
    assert_eq!(wrong_way("cel", "use crate::nowhere::X;"), ["cel imports nowhere, which has no rank"]);
}
