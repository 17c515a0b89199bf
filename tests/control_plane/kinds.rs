//! Manifests made by hand for what stands around a Pod template.

use serde_json::{Value, json};

use crate::cases::{container, merge, with};

/// Objects of all kinds but Pod and PodTemplate.
pub fn all() -> Vec<Value> {
    let mut objects = Vec::new();
    let mut add = |api_version: &str, kind: &str, name: &str, spec: Value| {
        let metadata = json!({"name": name});
        objects.push(json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}));
    };
    for (name, more) in deployments() {
        add("apps/v1", "Deployment", name, merge(selected(with(json!({}))), more));
    }
    for (name, more) in stateful_sets() {
        add("apps/v1", "StatefulSet", name, merge(selected(with(json!({}))), more));
    }
    for (name, more) in daemon_sets() {
        add("apps/v1", "DaemonSet", name, merge(selected(with(json!({}))), more));
    }
    for (name, more) in [("plain", json!({})), ("none", json!({"replicas": 0})), ("null", json!({"replicas": null}))] {
        add("apps/v1", "ReplicaSet", name, merge(selected(with(json!({}))), more.clone()));
        add("v1", "ReplicationController", name, merge(json!({"template": template(with(json!({})))}), more));
    }
    let selector = json!({"selector": {"app": "a"}, "template": template(with(json!({}))), "minReadySeconds": 5});
    add("v1", "ReplicationController", "selector", selector);
    for (name, more) in jobs() {
        add("batch/v1", "Job", name, merge(json!({"template": template(never())}), more));
    }
    for (name, more) in cron_jobs() {
        let job = json!({"template": {"spec": never()}});
        add("batch/v1", "CronJob", name, merge(json!({"schedule": "0 * * * *", "jobTemplate": {"spec": job}}), more));
    }
    let labelled = json!({"name": "labelled", "labels": {"own": "yes"}});
    for (api_version, kind, spec) in [
        ("batch/v1", "Job", json!({"template": template(never())})),
        ("v1", "ReplicationController", json!({"template": template(with(json!({})))})),
        ("apps/v1", "Deployment", selected(with(json!({})))),
    ] {
        objects.push(json!({"apiVersion": api_version, "kind": kind, "metadata": labelled, "spec": spec}));
    }
    let annotated = json!({"name": "annotated", "annotations": {"a": "b"}});
    let spec = selected(with(json!({})));
    objects.push(json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": annotated, "spec": spec}));
    objects
}

/// A template with a label.
pub fn template(spec: Value) -> Value {
    json!({"metadata": {"labels": {"app": "a"}}, "spec": spec})
}

/// A template with a label, and the selector for it.
pub fn selected(spec: Value) -> Value {
    json!({"selector": {"matchLabels": {"app": "a"}}, "template": template(spec)})
}

/// A Pod spec whose Pods run once.
pub fn never() -> Value {
    with(json!({"restartPolicy": "Never"}))
}

fn deployments() -> Vec<(&'static str, Value)> {
    let strategy = |strategy: Value| json!({"strategy": strategy});
    vec![
        ("plain", json!({})),
        ("replicas-zero", json!({"replicas": 0, "revisionHistoryLimit": 0, "progressDeadlineSeconds": 60})),
        ("replicas-null", json!({"replicas": null, "strategy": null})),
        ("recreate", strategy(json!({"type": "Recreate"}))),
        ("rolling", strategy(json!({"type": "RollingUpdate"}))),
        ("type-empty", strategy(json!({"type": ""}))),
        ("rolling-unavailable", strategy(json!({"rollingUpdate": {"maxUnavailable": 0}}))),
        ("rolling-surge", strategy(json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "50%"}}))),
        ("strategy-empty", strategy(json!({}))),
        (
            "limits",
            json!({"template": template(json!({"containers": [container(json!({"resources": {"limits": {"cpu": "2"}}}))]}))}),
        ),
        (
            "host-network",
            json!({"template": template(json!({"hostNetwork": true,
            "containers": [container(json!({"ports": [{"containerPort": 80, "hostPort": 80}]}))]}))}),
        ),
        ("grace", json!({"template": template(with(json!({"terminationGracePeriodSeconds": 0})))})),
        ("paused", json!({"paused": true, "minReadySeconds": 3})),
    ]
}

fn stateful_sets() -> Vec<(&'static str, Value)> {
    let strategy = |strategy: Value| json!({"serviceName": "s", "updateStrategy": strategy});
    let claim = |spec: Value| {
        let spec = merge(json!({"accessModes": ["ReadWriteOnce"]}), spec);
        json!({"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": spec}]})
    };
    vec![
        ("plain", json!({})),
        ("parallel", json!({"podManagementPolicy": "Parallel", "replicas": 3})),
        ("on-delete", strategy(json!({"type": "OnDelete"}))),
        ("rolling", strategy(json!({"type": "RollingUpdate"}))),
        ("type-empty", strategy(json!({"type": ""}))),
        ("rolling-no-type", strategy(json!({"rollingUpdate": {"partition": 2}}))),
        ("rolling-partition", strategy(json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}))),
        ("rolling-empty", strategy(json!({"type": "RollingUpdate", "rollingUpdate": {}}))),
        ("rolling-unavailable", strategy(json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}}))),
        ("strategy-empty", strategy(json!({}))),
        ("retention", json!({"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}})),
        ("management-empty", json!({"podManagementPolicy": "", "revisionHistoryLimit": 0, "replicas": 0})),
        (
            "retention-texts-empty",
            json!({"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "", "whenScaled": ""}}),
        ),
        ("rolling-both", strategy(json!({"rollingUpdate": {"partition": 1, "maxUnavailable": 2}}))),
        ("retention-empty", json!({"persistentVolumeClaimRetentionPolicy": {}})),
        ("claim", claim(json!({"resources": {"requests": {"storage": "1024Mi"}}}))),
        ("claim-block", claim(json!({"volumeMode": "Block", "resources": {"requests": {"storage": 1e9}}}))),
        (
            "claim-written",
            json!({"volumeClaimTemplates": [{"apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "0.5Gi"}}}}]}),
        ),
        ("ordinals", json!({"ordinals": {"start": 2}, "minReadySeconds": 1})),
    ]
}

fn daemon_sets() -> Vec<(&'static str, Value)> {
    let strategy = |strategy: Value| json!({"updateStrategy": strategy});
    vec![
        ("plain", json!({})),
        ("on-delete", strategy(json!({"type": "OnDelete"}))),
        ("rolling", strategy(json!({"type": "RollingUpdate"}))),
        ("type-empty", strategy(json!({"type": ""}))),
        ("rolling-no-type", strategy(json!({"rollingUpdate": {"maxUnavailable": "30%"}}))),
        ("rolling-surge", strategy(json!({"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}))),
        ("history", json!({"revisionHistoryLimit": 0})),
    ]
}

fn jobs() -> Vec<(&'static str, Value)> {
    vec![
        ("plain", json!({})),
        ("parallel", json!({"parallelism": 3})),
        ("completions", json!({"completions": 5})),
        ("both", json!({"parallelism": 0, "completions": 2})),
        ("backoff", json!({"backoffLimit": 0, "suspend": true})),
        ("indexed", json!({"completionMode": "Indexed", "completions": 3, "backoffLimitPerIndex": 1})),
        (
            "failure-policy",
            json!({"podFailurePolicy": {"rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
            {"action": "Ignore", "onPodConditions": [{"type": "Another", "status": ""}]},
            {"action": "Count", "onPodConditions": [{"type": "Other", "status": "False"}]},
            {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]}}),
        ),
        ("replacement", json!({"podReplacementPolicy": "Failed", "activeDeadlineSeconds": 60})),
        ("no-labels", json!({"template": {"spec": never()}})),
        ("managed-by", json!({"managedBy": "example.com/mine", "ttlSecondsAfterFinished": 0})),
    ]
}

fn cron_jobs() -> Vec<(&'static str, Value)> {
    vec![
        ("plain", json!({})),
        ("forbid", json!({"concurrencyPolicy": "Forbid", "suspend": true})),
        ("history-zero", json!({"successfulJobsHistoryLimit": 0, "failedJobsHistoryLimit": 0})),
        (
            "job-written",
            json!({"jobTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {"backoffLimit": 2,
            "template": template(never()), "podFailurePolicy": {"rules": [
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]}}}}),
        ),
        ("policy-empty", json!({"concurrencyPolicy": ""})),
        ("zone", json!({"timeZone": "Europe/Rome", "startingDeadlineSeconds": 10})),
    ]
}
