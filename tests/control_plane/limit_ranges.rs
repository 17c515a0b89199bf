//! What podgate says that LimitRanges fill into Pods, against what the LimitRanger plug-in fills in.

use bumpalo::Bump;
use libtest_mimic::Failed;
use podgate::api_defaults::{self, limit_range};
use podgate::document;
use serde_json::{Value, json};

use crate::cases::{container, pod, with};
use crate::cluster::Cluster;
use crate::compare::differences;
use crate::defaults::{dry_run, identity, report, version};
use crate::generate::{self, Chance};

pub fn defaults(cluster: &Cluster) -> Result<(), Failed> {
    let (mut compared, mut count) = (Vec::new(), 0);
    for (namespace, limits) in limit_ranges() {
        let made = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        cluster.must(&["create", "-f", "-"], &made.to_string())?;
        let written =
            json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "it"}, "spec": {"limits": limits}});
        let args = ["create", "-o", "json", "-n", namespace, "-f", "-"];
        let stored: Value = serde_json::from_str(&cluster.must(&args, &written.to_string())?)?;
        let arena = Bump::new();
        let ours = limit_range::stored(&arena, document::Value::from_json(&arena, &written)).to_json();
        compared.push((format!("LimitRange/{namespace}"), differences(&ours, &stored)));

        let pods = pods();
        let theirs = dry_run(cluster, namespace, &pods)?;
        count += pods.len() + 1;
        for pod in &pods {
            let key = identity(pod);
            let lines = match theirs.get(&key) {
                Some(theirs) => differences(&admitted(cluster, pod, &written)?, theirs),
                None => vec!["the server did not answer".to_owned()],
            };
            compared.push((format!("{namespace} {key}"), lines));
        }
    }
    report(count, compared)
}

fn admitted(cluster: &Cluster, pod: &Value, limit_range: &Value) -> Result<Value, Failed> {
    let version = version(cluster)?;
    let arena = Bump::new();
    let pod = api_defaults::pod(&arena, document::Value::from_json(&arena, pod), version);
    let pod = limit_range::applied(&arena, pod, &[document::Value::from_json(&arena, limit_range)]);
    Ok(api_defaults::created(&arena, pod, version).to_json())
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
