//! What the controllers make of the corpus: each Pod is the one that `check` foretold for its owner.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::cases;
use crate::compare::all_differences;
use crate::corpus::ways::{foretold, prepare, report};
use crate::defaults::identity;
use crate::webhook::{Scene, objects};

/// The owners.
const KINDS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];

const NAMESPACE: &str = "corpus-controllers";

/// Labels with a hash, a uid or a number that the controllers make.
const DRAWN: [&str; 7] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
];

pub fn pods_as_foretold(scene: &Scene) -> Result<(), Failed> {
    prepare(scene, NAMESPACE)?;
    // DaemonSets make a Pod for each node that their Pods select.
    let metadata = json!({"name": "corpus", "labels": {"a": "b"}});
    scene.send(&["create"], &[json!({"apiVersion": "v1", "kind": "Node", "metadata": metadata})])?;
    let owners: Vec<_> = specs()
        .into_iter()
        .flat_map(|(name, spec)| KINDS.map(|kind| owner(kind, &format!("{}-{name}", kind.to_lowercase()), &spec)))
        .collect();
    let told = foretold(scene, NAMESPACE, "apply", &owners, &[])?;
    scene.send(&["apply", "-n", NAMESPACE], &owners)?;
    for owner in owners.iter().filter(|owner| owner["kind"] == "CronJob") {
        let from = format!("cronjob/{}", owner["metadata"]["name"].as_str().unwrap_or_default());
        let name = from.replace('/', "-of-");
        scene.cluster.must(&["create", "job", &name, "--from", &from, "-n", NAMESPACE], "")?;
    }
    let mut missing = Vec::new();
    let pods = scene.eventually("a Pod of each owner", || {
        let pods = scene.all(NAMESPACE, "pods")?;
        missing = owners.iter().filter(|owner| of(owner, &pods).is_none()).map(identity).collect();
        Ok(missing.is_empty().then_some(pods))
    });
    let pods = pods.map_err(|failed| format!("{missing:?} {}", failed.message().unwrap_or_default()))?;
    let mut differing = Vec::new();
    for (owner, told) in owners.iter().zip(&told) {
        let pod = of(owner, &pods).ok_or("a Pod went away")?;
        let lines = all_differences(&comparable(&told["pod"]["object"]), &comparable(pod));
        let name = format!("{}/{}", owner["kind"], owner["metadata"]["name"]);
        differing.extend(lines.into_iter().map(|line| format!("the Pod of {name}: {line}")));
    }
    report(differing)
}

/// Specs of every sort, from the corpus.
fn specs() -> Vec<(&'static str, Value)> {
    let chosen = [
        "bare",
        "grace-45",
        "limits-only",
        "probe-http",
        "env-resource",
        "volume-projected",
        "init",
        "sidecar",
        "two-containers",
        "tolerations",
    ];
    let mut specs = cases::pod_specs();
    specs.retain(|(name, _)| chosen.contains(name));
    specs
}

fn owner(kind: &str, name: &str, spec: &Value) -> Value {
    let mut object = objects::workload(kind, name, spec.clone());
    if kind == "StatefulSet" {
        object["spec"]["replicas"] = json!(1);
    }
    object
}

fn of<'p>(owner: &Value, pods: &'p [Value]) -> Option<&'p Value> {
    pods.iter().find(|pod| pod["metadata"]["labels"]["app"] == owner["metadata"]["name"])
}

/// The Pod without what is drawn or counted when it is made.
pub fn comparable(pod: &Value) -> Value {
    let mut pod = pod.clone();
    if let Some(metadata) = pod["metadata"].as_object_mut() {
        metadata.retain(|key, _| !matches!(key.as_str(), "name" | "generateName" | "finalizers"));
        for owner in metadata.get_mut("ownerReferences").and_then(Value::as_array_mut).into_iter().flatten() {
            owner["name"] = json!("");
            owner["uid"] = json!("");
        }
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.retain(|key, _| !DRAWN.contains(&key.as_str()));
        }
    }
    // The controller of DaemonSets binds each Pod to a node by its affinity.
    if pod["metadata"]["ownerReferences"][0]["kind"] == "DaemonSet"
        && let Some(spec) = pod["spec"].as_object_mut()
    {
        spec.remove("affinity");
    }
    pod
}
