//! What podgate says that LimitRanges fill into Pods, against what the LimitRanger plug-in fills in.

use bumpalo::Bump;
use libtest_mimic::Failed;
use podgate::api_defaults::{self, Version, limit_range};
use podgate::document;
use serde_json::{Value, json};

use crate::cases::{container, pod, with};
use crate::cluster::Cluster;
use crate::compare::differences;
use crate::defaults::{accepted, dry_run, identity, report, version};
use crate::generate::{self, Chance};

pub fn defaults(cluster: &Cluster) -> Result<(), Failed> {
    let version = version(cluster)?;
    let (mut compared, mut count) = (Vec::new(), 0);
    for (namespace, limits) in limit_ranges() {
        let (written, stored) = create(cluster, namespace, &limits)?;
        let arena = Bump::new();
        let ours = limit_range::stored(&arena, document::Value::from_json(&arena, &written)).to_json();
        compared.push((format!("LimitRange/{namespace}"), differences(&ours, &stored)));

        let pods = pods();
        let theirs = accepted(&dry_run(cluster, namespace, &pods)?)?;
        count += pods.len() + 1;
        for pod in &pods {
            let key = identity(pod);
            let lines = match theirs.get(&key) {
                Some(theirs) => differences(&admitted(pod, &written, version), theirs),
                None => vec!["the server did not take it".to_owned()],
            };
            compared.push((format!("{namespace} {key}"), lines));
        }
    }
    report(count, compared)
}

/// Which Pods podgate says that the plug-in refuses, against which it refuses.
pub fn bounds(cluster: &Cluster) -> Result<(), Failed> {
    let version = version(cluster)?;
    let (mut compared, mut refused) = (Vec::new(), 0);
    for (namespace, limits) in bounding_limit_ranges() {
        let (written, _) = create(cluster, namespace, &limits)?;
        let chance = Chance::new(11);
        let pods: Vec<_> = (0..60).map(|index| generate::pod(&chance, index)).collect();
        let answer = dry_run(cluster, namespace, &pods)?;
        let words = String::from_utf8_lossy(&answer.stderr);
        for pod in &pods {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            let theirs = words.contains(&format!("pods \"{name}\" is forbidden"));
            let arena = Bump::new();
            let admitted = admitted(pod, &written, version);
            let [admitted, written] = [&admitted, &written].map(|json| document::Value::from_json(&arena, json));
            let ours = limit_range::violations(admitted, &[written]);
            refused += usize::from(theirs);
            let agree = theirs != ours.is_empty();
            let line = || format!("refused: {theirs}, ours: {ours:?}");
            compared.push((format!("{namespace} {name}"), if agree { Vec::new() } else { vec![line()] }));
        }
    }
    if refused == 0 || refused == compared.len() {
        return Err("these LimitRanges tell no Pods apart".into());
    }
    report(compared.len(), compared)
}

/// A namespace with one LimitRange: as written, and as stored.
fn create(cluster: &Cluster, namespace: &str, limits: &Value) -> Result<(Value, Value), Failed> {
    let made = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    cluster.must(&["create", "-f", "-"], &made.to_string())?;
    let written =
        json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "it"}, "spec": {"limits": limits}});
    let args = ["create", "-o", "json", "-n", namespace, "-f", "-"];
    let stored = serde_json::from_str(&cluster.must(&args, &written.to_string())?)?;
    Ok((written, stored))
}

fn bounding_limit_ranges() -> Vec<(&'static str, Value)> {
    vec![
        ("bound-containers", json!([{"type": "Container", "min": {"cpu": "60m"}, "max": {"memory": "1Gi"}}])),
        (
            "bound-ratio",
            json!([{"type": "Container", "maxLimitRequestRatio": {"cpu": "4", "memory": "1.5"},
            "default": {"cpu": "2", "memory": "1Gi"}, "defaultRequest": {"cpu": "1", "memory": "1Gi"}}]),
        ),
        (
            "bound-pods",
            json!([{"type": "Pod", "max": {"cpu": "3"}, "min": {"memory": "64Mi"}},
            {"type": "Container", "default": {"cpu": "2", "memory": "2Gi"}, "defaultRequest": {"cpu": "50m", "memory": "1"}}]),
        ),
        ("bound-pod-ratio", json!([{"type": "Pod", "maxLimitRequestRatio": {"memory": "2"}}])),
    ]
}

/// The Pod as it is stored in a namespace with this LimitRange.
fn admitted(pod: &Value, limit_range: &Value, version: Version) -> Value {
    let arena = Bump::new();
    let pod = api_defaults::pod(&arena, document::Value::from_json(&arena, pod), version);
    let pod = limit_range::applied(&arena, pod, &[document::Value::from_json(&arena, limit_range)]);
    api_defaults::created(&arena, pod, version).to_json()
}

fn limit_ranges() -> Vec<(&'static str, Value)> {
    vec![
        (
            "defaults",
            json!([{"type": "Container", "default": {"cpu": "8", "memory": "8192Mi"},
            "defaultRequest": {"cpu": "0.05", "memory": "1"}}]),
        ),
        ("default-only", json!([{"type": "Container", "default": {"ephemeral-storage": "1024Mi"}}])),
        ("request-only", json!([{"type": "Container", "defaultRequest": {"cpu": "0"}}])),
        ("max", json!([{"type": "Container", "max": {"cpu": "8", "memory": "8Gi"}}])),
        (
            "max-and-default",
            json!([{"type": "Container", "max": {"memory": "8Gi", "cpu": "8000m"}, "default": {"memory": "2048Mi"}}]),
        ),
        (
            "min",
            json!([{"type": "Container", "min": {"ephemeral-storage": "1Mi"}, "default": {"ephemeral-storage": "1Gi"}}]),
        ),
        ("not-for-containers", json!([{"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}])),
    ]
}

fn pods() -> Vec<Value> {
    let resources = |resources: Value| json!({"containers": [container(json!({"resources": resources}))]});
    let mut pods = vec![
        pod("bare", with(json!({}))),
        pod(
            "all",
            resources(json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}})),
        ),
        pod("limit", resources(json!({"limits": {"cpu": "2000m"}}))),
        pod("request", resources(json!({"requests": {"memory": "16Mi"}}))),
        pod(
            "two",
            json!({"containers": [container(json!({})), {"name": "d", "image": "d", "resources": {"limits": {"memory": "1Gi"}}}],
            "initContainers": [{"name": "i", "image": "i"}, {"name": "s", "image": "s", "restartPolicy": "Always"}]}),
        ),
    ];
    let chance = Chance::new(7);
    pods.extend((0..12).map(|index| generate::pod(&chance, index)));
    pods
}
