//! What podgate says that the API server fills in, against what it fills in.

use std::collections::HashMap;
use std::process::Output;

use libtest_mimic::Failed;
use podgate::api_defaults::Version;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::compare::{defaulted, differences};
use crate::{cases, generate};

const GENERATED: usize = 600;
/// Of a test that is the same in each run; another may be tried with `PODGATE_SEED`.
const SEED: u64 = 20_261_124;

pub fn objects_made_by_hand(cluster: &Cluster) -> Result<(), Failed> {
    agree(cluster, &cases::all())
}

pub fn objects_made_by_chance(cluster: &Cluster) -> Result<(), Failed> {
    let seed = std::env::var("PODGATE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let chance = generate::Chance::new(seed);
    let objects: Vec<_> = (0..GENERATED).map(|index| generate::workload(&chance, index)).collect();
    agree(cluster, &objects).map_err(|failed| format!("seed {seed}: {}", failed.message().unwrap_or_default()).into())
}

/// Ephemeral containers cannot be created with a Pod: they are added to one that runs.
pub fn ephemeral_containers(cluster: &Cluster) -> Result<(), Failed> {
    let pod = cases::pod("debugged", cases::with(json!({"hostNetwork": true})));
    let stored: Value = serde_json::from_str(&cluster.must(&["create", "-o", "json", "-f", "-"], &pod.to_string())?)?;
    let mut edited = stored;
    edited["spec"]["ephemeralContainers"] = json!([
        {"name": "a", "image": "busybox"},
        {"name": "b", "image": "busybox:1", "imagePullPolicy": "", "terminationMessagePath": "/x",
         "env": [{"name": "E", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
    ]);
    let path = "/api/v1/namespaces/default/pods/debugged/ephemeralcontainers?dryRun=All";
    let answer = cluster.must(&["replace", "--raw", path, "-f", "-"], &edited.to_string())?;
    let theirs: Value = serde_json::from_str(&answer)?;
    report(1, vec![("debugged".to_owned(), differences(&defaulted(&edited, version(cluster)?), &theirs))])
}

/// The minor version of the server.
pub fn version(cluster: &Cluster) -> Result<Version, Failed> {
    let version: Value = serde_json::from_str(&cluster.must(&["get", "--raw", "/version"], "")?)?;
    let minor = version["minor"].as_str().unwrap_or_default();
    Ok(Version { minor: minor.trim_end_matches('+').parse()? })
}

/// Sends the objects to the server, which must take them all, and compares what it makes of them.
fn agree(cluster: &Cluster, objects: &[Value]) -> Result<(), Failed> {
    let version = version(cluster)?;
    let theirs = accepted(&dry_run(cluster, "default", objects)?)?;
    let compared = objects.iter().map(|object| {
        let key = identity(object);
        let lines = match theirs.get(&key) {
            Some(theirs) => differences(&defaulted(object, version), theirs),
            None => vec!["the server did not answer".to_owned()],
        };
        (key, lines)
    });
    report(objects.len(), compared.collect())
}

/// Asks the server what it would store.
pub fn dry_run(cluster: &Cluster, namespace: &str, objects: &[Value]) -> Result<Output, Failed> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let args = ["create", "--dry-run=server", "-o", "json", "-n", namespace, "-f", "-"];
    Ok(cluster.kubectl(&args, &list)?)
}

/// What the server answered with, by kind and name. It must have taken everything.
pub fn accepted(answer: &Output) -> Result<HashMap<String, Value>, Failed> {
    if !answer.status.success() {
        let words = String::from_utf8_lossy(&answer.stderr);
        let errors: Vec<_> = words.lines().filter(|line| !line.starts_with("Warning")).collect();
        return Err(errors.join("\n").into());
    }
    let mut objects = HashMap::new();
    for object in serde_json::Deserializer::from_slice(&answer.stdout).into_iter::<Value>() {
        let object = object?;
        let items = object["items"].as_array().cloned().unwrap_or_else(|| vec![object]);
        objects.extend(items.into_iter().map(|object| (identity(&object), object)));
    }
    Ok(objects)
}

pub fn identity(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// Fails with the places of all differences.
pub fn report(count: usize, compared: Vec<(String, Vec<String>)>) -> Result<(), Failed> {
    let differing: Vec<_> = compared.into_iter().filter(|(_, lines)| !lines.is_empty()).collect();
    if differing.is_empty() {
        eprintln!("{count} objects agree");
        return Ok(());
    }
    let lines: String = differing
        .iter()
        .take(40)
        .flat_map(|(object, lines)| lines.iter().map(move |line| format!("{object} {line}\n")))
        .collect();
    Err(format!("{} of {count} objects differ\n{lines}", differing.len()).into())
}
