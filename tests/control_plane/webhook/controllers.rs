//! Pods of every built-in controller get through, with podgate's rules as shipped and with all of them denying.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::webhook::{Scene, equal, objects};

/// The kinds whose controllers make Pods, with how many the manifests here ask for at once.
const KINDS: [&str; 6] = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job"];

/// A Pod spec that keeps every recommended rule.
pub fn tidy(image: &str) -> Value {
    let probe = json!({"httpGet": {"path": "/", "port": 80}});
    let resources = json!({"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}});
    json!({"containers": [{"name": "web", "image": image, "readinessProbe": probe, "livenessProbe": probe,
        "ports": [{"containerPort": 80}], "resources": resources}]})
}

pub fn pods_of_every_controller_pass(scene: &Scene) -> Result<(), Failed> {
    scene.namespace("shipped")?;
    // DaemonSets make a Pod for each node.
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}});
    scene.send(&["create"], &[node])?;
    for (namespace, spec) in [("enforced", tidy("nginx:1.27")), ("shipped", objects::one("nginx"))] {
        let mut sent: Vec<_> =
            KINDS.iter().map(|kind| objects::workload(kind, &kind.to_lowercase(), spec.clone())).collect();
        sent.push(objects::workload("CronJob", "cronjob", spec));
        scene.send(&["apply", "-n", namespace], &sent)?;
        scene.cluster.must(&["create", "job", "from-cronjob", "--from=cronjob/cronjob", "-n", namespace], "")?;
        for app in KINDS.map(str::to_lowercase).iter().map(String::as_str).chain(["cronjob"]) {
            for pod in scene.pods(namespace, app, 1)? {
                let grace = &pod["spec"]["terminationGracePeriodSeconds"];
                equal(&format!("the grace of a Pod of {namespace}/{app}"), grace, &json!(45))?;
                let requests = &pod["spec"]["containers"][0]["resources"]["requests"];
                let expected = if namespace == "enforced" {
                    json!({"cpu": "10m", "memory": "32Mi"})
                } else {
                    json!({"cpu": "100m", "memory": "128Mi"})
                };
                equal(&format!("the requests of a Pod of {namespace}/{app}"), requests, &expected)?;
            }
        }
    }
    Ok(())
}

/// A Pod without a name of its own.
pub fn generated_names_pass(scene: &Scene) -> Result<(), Failed> {
    scene.namespace("generated")?;
    let mut pod = objects::pod("x", objects::one("nginx:1.27"));
    pod["metadata"] = json!({"generateName": "web-", "labels": {"app": "generated"}});
    for _ in 0..3 {
        let said = scene.kubectl(&["create", "-n", "generated", "-f", "-"], &pod.to_string())?;
        equal(&said.stderr, said.success, true)?;
        let bare = said.warnings().iter().filter(|line| line.contains("no-bare-pods")).count();
        equal("warnings of a Pod without a controller", bare, 1)?;
    }
    for pod in scene.pods("generated", "generated", 3)? {
        equal("the grace", &pod["spec"]["terminationGracePeriodSeconds"], &json!(45))?;
    }
    Ok(())
}
