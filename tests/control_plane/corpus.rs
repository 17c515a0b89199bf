//! The corpus: some hundred manifests, each thing that the API server fills in among them, against what the whole program
//! says of them.

pub mod controllers;
pub mod incidents;
pub mod neighbours;
pub mod page;
pub mod rollouts;
pub mod ways;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bumpalo::Bump;
use libtest_mimic::Failed;
use podgate::document::{self, Limits, print, yaml};
use serde_json::{Value, json};

use crate::cases;
use crate::cluster::Cluster;
use crate::compare::{lines_of_difference, stored_alike};
use crate::defaults::{accepted, dry_run, identity, report};

/// A policy that has a say over nothing.
pub const NO_POLICY: &str = "apiVersion: podgate.dev/v1alpha1\nkind: ClusterPodPolicy\nmetadata: {name: none}\nspec:\n  mode: Enforce\n  match: {namespaces: [nowhere]}\n  rules: [{name: none, require: {pod: 'true', message: none}}]\n";

/// What Go writes otherwise than its author, whatever the field: no `false` where that is the same as nothing, and `null`
/// for a list that has no such form.
const WRITTEN_BY_GO: [&str; 2] = ["flags", "volume-projected-empty"];

/// The object that `check` shows is the one that `kubectl create` would store, to the last byte.
pub fn shown_as_stored(cluster: &Cluster) -> Result<(), Failed> {
    let mut objects = cases::all();
    objects.retain(|object| !WRITTEN_BY_GO.iter().any(|name| object["metadata"]["name"] == *name));
    let policy = write(cluster.folder(), "no-policy.yaml", NO_POLICY)?;
    let told = check(cluster.folder(), &policy, &["--as", "create"], &objects)?;
    let theirs = accepted(&dry_run(cluster, "default", &objects)?)?;
    let compared = objects.iter().zip(&told).map(|(object, told)| {
        let key = identity(object);
        let lines = match theirs.get(&key) {
            Some(theirs) => lines_of_difference(&stored_alike(&told["object"]), &stored_alike(theirs)),
            None => vec!["the server did not answer".to_owned()],
        };
        (key, lines)
    });
    report(objects.len(), compared.collect())
}

/// What `check` says of each object, in their order.
pub fn check(folder: &Path, policy: &Path, args: &[&str], objects: &[Value]) -> Result<Vec<Value>, Failed> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let file = write(folder, "corpus.json", &list)?;
    let mut check = Command::new(env!("CARGO_BIN_EXE_podgate"));
    let output =
        check.args(["check", "-o", "json", "--show-object", "-p"]).arg(policy).args(args).arg(file).output()?;
    told(&output, objects.len())
}

/// What `check --output json` printed.
pub fn answer(output: &Output) -> Result<Value, Failed> {
    let words = String::from_utf8_lossy(&output.stderr);
    Ok(serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {words}"))?)
}

/// What it says of each of so many objects.
fn told(output: &Output, count: usize) -> Result<Vec<Value>, Failed> {
    let told = answer(output)?["objects"].as_array_mut().map(std::mem::take).unwrap_or_default();
    let words = String::from_utf8_lossy(&output.stderr);
    if told.len() == count { Ok(told) } else { Err(format!("{} answers: {words}", told.len()).into()) }
}

pub fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Failed> {
    let path = folder.join(name);
    fs::write(&path, text)?;
    Ok(path)
}

/// Writes each object into a file of its own in a new folder and fixes them all: what `check` says of each then, and what
/// its file holds.
pub fn fixed(folder: &Path, args: &[&str], objects: &[Value]) -> Result<Vec<(Value, Value)>, Failed> {
    fs::create_dir_all(folder)?;
    // In the order of the objects.
    let files: Vec<_> = (0..objects.len()).map(|number| folder.join(format!("{number:05}.yaml"))).collect();
    for (file, object) in files.iter().zip(objects) {
        let arena = Bump::new();
        fs::write(file, print::yaml(document::Value::from_json(&arena, object)))?;
    }
    let mut check = Command::new(env!("CARGO_BIN_EXE_podgate"));
    let output = check.args(["check", "--fix", "-o", "json"]).args(args).arg(folder).output()?;
    let told = told(&output, objects.len())?;
    let read = |file: &PathBuf| {
        let text = fs::read_to_string(file)?;
        let arena = Bump::new();
        let document = yaml::documents(&arena, &text, &Limits::FILE).next().ok_or("an empty file")??;
        Ok::<_, Failed>(document.root.to_json())
    };
    told.into_iter().zip(&files).map(|(told, file)| Ok((told, read(file)?))).collect()
}
