//! Manifests as people write them.

use serde_json::{Value, json};

use crate::cases::merge;

/// An image that the API server pulls on each start, because of its tag, although its digest names it.
pub const DIGEST: &str = "redis:latest@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A Pod with the label `app`.
pub fn pod(name: &str, spec: Value) -> Value {
    let metadata = json!({"name": name, "labels": {"app": name}});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

/// A Pod spec with one container and nothing else.
pub fn one(image: &str) -> Value {
    json!({"containers": [{"name": "web", "image": image}]})
}

/// A workload of this kind; its Pods carry the label `app`.
pub fn workload(kind: &str, name: &str, pod_spec: Value) -> Value {
    let labels = json!({"app": name});
    let template = json!({"metadata": {"labels": labels}, "spec": pod_spec});
    let selected = json!({"selector": {"matchLabels": labels}, "template": template});
    let once =
        |spec: Value| json!({"metadata": {"labels": labels}, "spec": merge(spec, json!({"restartPolicy": "Never"}))});
    let (api_version, spec) = match kind {
        "Pod" => return pod(name, pod_spec),
        "PodTemplate" => {
            let metadata = json!({"name": name, "labels": labels});
            return json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "template": template});
        }
        "StatefulSet" => ("apps/v1", merge(selected, json!({"serviceName": name, "replicas": 2}))),
        "ReplicationController" => ("v1", json!({"selector": labels, "template": template})),
        "Job" => ("batch/v1", json!({"template": once(pod_spec)})),
        "CronJob" => {
            ("batch/v1", json!({"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": once(pod_spec)}}}))
        }
        _ => ("apps/v1", selected),
    };
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "labels": labels}, "spec": spec})
}

/// The Pod spec of a workload.
pub fn spec(object: &Value) -> &Value {
    match object["kind"].as_str() {
        Some("Pod") => &object["spec"],
        Some("CronJob") => &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        _ => &object["spec"]["template"]["spec"],
    }
}
