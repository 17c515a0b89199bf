//! A Namespace and its Pods in one file: podgate is asked about the Pods milliseconds after the namespace came to be.

use std::thread;

use libtest_mimic::Failed;
use serde_json::json;

use crate::webhook::load::Load;
use crate::webhook::{Scene, equal, objects};

const FILES: usize = 200;
const AT_ONCE: usize = 4;

pub fn a_namespace_and_its_pods_in_one_file_pass(scene: &Scene) -> Result<(), Failed> {
    let load = Load::start(scene, "load", &[45])?;
    thread::scope(|scope| {
        let apply_some = |worker: usize| (worker..FILES).step_by(AT_ONCE).try_for_each(|number| apply(scene, number));
        let workers: Vec<_> = (0..AT_ONCE).map(|worker| scope.spawn(move || apply_some(worker))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| Failed::from("a worker panicked"))?)
    })?;
    load.stop(FILES)
}

/// A file with an account of its own, for the API server takes no Pod before it finds one. The policy knows the labels of
/// the namespace, or it could neither edit the one Pod nor deny the other.
fn apply(scene: &Scene, number: usize) -> Result<(), Failed> {
    let name = format!("labelled-{number}");
    let labels = json!({"tier": "labelled", "owner": format!("owner-{number}")});
    let pod = |pod: &str, image: &str| {
        let mut pod = objects::pod(pod, objects::one(image));
        pod["metadata"]["namespace"] = json!(name);
        pod["spec"]["serviceAccountName"] = json!("web");
        pod
    };
    let file = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": name}},
        pod("good", "registry.example.com/web:1"),
        pod("bad", "docker.io/library/nginx:1.27"),
    ]});
    let said = scene.kubectl(&["apply", "-f", "-"], &file.to_string())?;
    let denials = said.stderr.lines().filter(|line| line.starts_with("Error")).collect::<Vec<_>>();
    let is_denied = matches!(denials.as_slice(), [denial] if denial.contains("ClusterPodPolicy/labelled/registry"));
    if !is_denied {
        return Err(format!("the errors of {name}: {denials:#?}").into());
    }
    let pods = scene.all(&name, "pods")?;
    let owners: Vec<_> = pods.iter().map(|pod| &pod["metadata"]["annotations"]["example.com/owner"]).collect();
    equal("the owners of the Pods", owners, vec![&labels["owner"]])
}
