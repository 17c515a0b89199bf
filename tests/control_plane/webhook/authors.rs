//! Defaults come where the author left something out, and nowhere else, whichever way the object takes.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::webhook::objects::{self, DIGEST};
use crate::webhook::{Scene, WAYS, equal};

const KINDS: [&str; 3] = ["Deployment", "StatefulSet", "Pod"];

/// An author who leaves everything out.
fn left_out() -> Value {
    json!({"containers": [{"name": "web", "image": "nginx:1.27"}, {"name": "aux", "image": DIGEST}]})
}

/// An author who writes what the API server would fill in.
fn authored() -> Value {
    json!({"terminationGracePeriodSeconds": 30, "containers": [
        {"name": "web", "image": "nginx:latest", "imagePullPolicy": "Always", "resources": {"limits": {"memory": "64Mi"}}},
        {"name": "aux", "image": DIGEST, "imagePullPolicy": "Always", "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}}},
    ]})
}

pub fn defaults_come_where_something_was_left_out_and_nowhere_else(scene: &Scene) -> Result<(), Failed> {
    scene.namespace("authors")?;
    let name = |kind: &str, what: &str, way: &str| format!("{}-{what}-{way}", kind.to_lowercase());
    for (way, args) in WAYS {
        let mut sent = Vec::new();
        for kind in KINDS {
            sent.push(objects::workload(kind, &name(kind, "left-out", way), left_out()));
            sent.push(objects::workload(kind, &name(kind, "authored", way), authored()));
        }
        scene.send(&[args, &["-n", "authors"]].concat(), &sent)?;
    }
    for (way, _) in WAYS {
        // `kubectl create` sends an object that does not say what its author wrote: a longer grace does no harm there,
        // a pull policy is kept.
        let is_known = way != "create";
        for kind in KINDS {
            let object = name(kind, "left-out", way);
            let stored = scene.stored("authors", &format!("{kind}/{object}"))?;
            let spec = objects::spec(&stored);
            let [web, aux] = [&spec["containers"][0], &spec["containers"][1]];
            equal(&format!("{object}: grace"), &spec["terminationGracePeriodSeconds"], &json!(45))?;
            equal(&format!("{object}: pull policy"), &web["imagePullPolicy"], &json!("IfNotPresent"))?;
            let pull = if is_known { "IfNotPresent" } else { "Always" };
            equal(&format!("{object}: pull policy of a digest"), &aux["imagePullPolicy"], &json!(pull))?;
            let requests = json!({"requests": {"cpu": "100m", "memory": "128Mi"}});
            let resources = if kind == "Pod" { requests.clone() } else { json!({}) };
            equal(&format!("{object}: resources"), &web["resources"], &resources)?;
            if kind != "Pod" {
                for pod in scene.pods("authors", &object, 1)? {
                    let spec = &pod["spec"];
                    equal(&format!("a Pod of {object}: grace"), &spec["terminationGracePeriodSeconds"], &json!(45))?;
                    let [web, aux] = [&spec["containers"][0], &spec["containers"][1]];
                    equal(&format!("a Pod of {object}: resources"), &web["resources"], &requests)?;
                    equal(&format!("a Pod of {object}: pull policy"), &aux["imagePullPolicy"], &json!(pull))?;
                }
            }

            let object = name(kind, "authored", way);
            let stored = scene.stored("authors", &format!("{kind}/{object}"))?;
            let spec = objects::spec(&stored);
            let [web, aux] = [&spec["containers"][0], &spec["containers"][1]];
            let grace = if is_known { 30 } else { 45 };
            equal(&format!("{object}: grace"), &spec["terminationGracePeriodSeconds"], &json!(grace))?;
            equal(&format!("{object}: pull policy"), &web["imagePullPolicy"], &json!("Always"))?;
            equal(&format!("{object}: pull policy of a digest"), &aux["imagePullPolicy"], &json!("Always"))?;
            let limits = if kind == "Pod" {
                json!({"limits": {"memory": "64Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}})
            } else {
                json!({"limits": {"memory": "64Mi"}})
            };
            equal(&format!("{object}: resources"), &web["resources"], &limits)?;
            let sibling = json!({"requests": {"cpu": "5m", "memory": "8Mi"}});
            equal(&format!("{object}: resources of its sibling"), &aux["resources"], &sibling)?;
        }
    }
    Ok(())
}
