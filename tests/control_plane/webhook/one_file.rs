//! A Namespace and its Pods in one file: podgate is asked about the Pods milliseconds after the namespace came to be.

use std::thread;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::webhook::{Scene, equal, objects};

const FILES: usize = 24;
const AT_ONCE: usize = 4;

pub fn a_namespace_and_its_pods_in_one_file_pass(scene: &Scene) -> Result<(), Failed> {
    let failures: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|worker| {
                scope.spawn(move || {
                    (worker..FILES).step_by(AT_ONCE).filter_map(|n| apply(scene, n).err()).collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|_| vec!["a worker panicked".to_owned()]))
            .collect()
    });
    equal("failures", failures, Vec::<String>::new())
}

/// A file with an account of its own, for the API server takes no Pod before it finds one.
fn apply(scene: &Scene, number: usize) -> Result<(), String> {
    let name = format!("strict-{number}");
    let of = |api_version: &str, kind: &str, metadata: Value| json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
    let mut pod = objects::pod("web", objects::one("registry.example.com/web:1"));
    pod["metadata"]["namespace"] = json!(name);
    pod["metadata"]["labels"]["team"] = json!("shop");
    pod["spec"]["serviceAccountName"] = json!("web");
    let file = [
        of("v1", "Namespace", json!({"name": name})),
        of("v1", "ServiceAccount", json!({"name": "web", "namespace": name})),
        pod,
    ];
    scene.send(&["apply"], &file).map_err(|failed| format!("{name}: {}", failed.message().unwrap_or_default()))?;
    Ok(())
}
