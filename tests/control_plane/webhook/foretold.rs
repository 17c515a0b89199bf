//! `podgate check` foretells what the cluster does: decision, edits, patch, warnings and the object itself.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use libtest_mimic::Failed;
use podgate::workload::Kind;
use serde_json::{Value, json};

use crate::compare::differences;
use crate::webhook::objects::{self, DIGEST};
use crate::webhook::{Scene, audit, controllers, equal};

const WAYS: [(&str, &[&str]); 3] =
    [("apply", &["apply"]), ("server-side", &["apply", "--server-side"]), ("create", &["create"])];

pub fn check_foretells_what_the_cluster_does(scene: &Scene) -> Result<(), Failed> {
    controllers::enforced(scene)?;
    let mut differing = Vec::new();
    for (way, args) in WAYS {
        for namespace in ["default", "strict", "enforced"] {
            let is_plain = namespace == "default" && way == "apply";
            let kinds = if is_plain { &Kind::ALL[..] } else { &[Kind::Pod, Kind::Deployment, Kind::StatefulSet] };
            let objects = objects(kinds, &format!("{namespace}-{way}"));
            let foretold = check(scene, namespace, way, &objects)?;
            for object in &objects {
                let told = &foretold[object["metadata"]["name"].as_str().unwrap_or_default()];
                let lines = compare(scene, namespace, args, object, told)?;
                let name = format!("{way} of {}/{} in {namespace}", object["kind"], object["metadata"]["name"]);
                differing.extend(lines.into_iter().map(|line| format!("{name}: {line}")));
            }
        }
    }
    equal("differences", differing, Vec::<String>::new())
}

/// What is tried, each kind with what is left out, what is written and what no rule lets pass.
fn objects(kinds: &[Kind], suffix: &str) -> Vec<Value> {
    let mut objects = Vec::new();
    for kind in kinds {
        for (what, spec) in specs() {
            let name = format!("{}-{what}-{suffix}", kind.name().to_lowercase());
            objects.push(objects::workload(kind.name(), &name, spec));
        }
    }
    objects
}

fn specs() -> Vec<(&'static str, Value)> {
    let init = json!({"initContainers": [{"name": "init", "image": "busybox:1", "command": ["true"]},
        {"name": "side", "image": "envoy:1.30", "restartPolicy": "Always"}],
        "containers": [{"name": "web", "image": "nginx:1.27"}, {"name": "aux", "image": DIGEST}]});
    let authored = json!({"terminationGracePeriodSeconds": 30, "containers": [
        {"name": "web", "image": "nginx:latest", "imagePullPolicy": "Always", "resources": {"limits": {"memory": "0.25Gi"}}},
        {"name": "aux", "image": DIGEST, "resources": {"requests": {"cpu": "0.005"}, "limits": {"cpu": 1}}}]});
    let low = json!({"containers": [{"name": "web", "image": "registry.example.com/web:1",
        "resources": {"limits": {"cpu": "50m", "memory": "64Mi"}}}]});
    vec![
        ("bare", objects::one("nginx")),
        ("tidy", controllers::tidy("nginx:1.27")),
        ("init", init),
        ("authored", authored),
        ("low", low),
    ]
}

/// What `check` says of each object, by name.
fn check(scene: &Scene, namespace: &str, way: &str, objects: &[Value]) -> Result<BTreeMap<String, Value>, Failed> {
    let file = scene.cluster.folder().join(format!("{namespace}-{way}.json"));
    fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string())?;
    let output = Command::new(env!("CARGO_BIN_EXE_podgate"))
        .args([
            "check",
            "--output",
            "json",
            "--show-object",
            "--as",
            way,
            "-n",
            namespace,
            "-p",
            "builtin:recommended",
            "-p",
        ])
        .arg(scene.mounts.policies.folder())
        .arg(&file)
        .output()?;
    let mut answer: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let told = answer["objects"].as_array_mut().map(std::mem::take).unwrap_or_default();
    equal("objects in the answer", told.len(), objects.len())?;
    Ok(told.into_iter().map(|told| (told["name"].as_str().unwrap_or_default().to_owned(), told)).collect())
}

/// Where the dry run of the API server is not what was foretold.
fn compare(scene: &Scene, namespace: &str, args: &[&str], object: &Value, told: &Value) -> Result<Vec<String>, Failed> {
    let args = [args, &["--dry-run=server", "-o", "json", "-n", namespace, "-f", "-"]].concat();
    let said = scene.kubectl(&args, &object.to_string())?;
    let resource = format!("{}s", object["kind"].as_str().unwrap_or_default().to_lowercase());
    let event = audit::creation(scene, namespace, &resource, object["metadata"]["name"].as_str().unwrap_or_default())?;
    let mut lines = Vec::new();
    let mut differ = |what: &str, told: &Value, real: &Value| {
        if told != real {
            lines.push(format!("{what}: foretold {told}, but it was {real}"));
        }
    };
    differ("allowed", &json!(told["decision"] == "allow"), &json!(said.success));
    differ("patch", &told["patch"], &event.patch()?);
    let told_edits: Vec<_> = told["edits"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|edit| {
            let text = |key: &str| edit[key].as_str().unwrap_or_default();
            format!("{}/{}={}", text("policy"), text("rule"), text("path"))
        })
        .collect();
    differ(
        "edits",
        &json!(told_edits.join(" ")),
        &json!(event.annotation("mutate.podgate.dev/edits").unwrap_or_default()),
    );
    let mut warnings: Vec<_> = told["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut printed = said.warnings();
    warnings.sort_unstable();
    printed.sort_unstable();
    differ("warnings", &json!(warnings), &json!(printed));
    if said.success {
        let real: Value = serde_json::from_str(&said.stdout)?;
        let theirs = without_account(real);
        // kubectl keeps the file in an annotation.
        let is_object = |line: &String| !line.starts_with(".metadata.annotations");
        let lines_of_object = differences(&told["object"], &theirs).into_iter().filter(is_object);
        lines.extend(lines_of_object.map(|line| format!("object: {line}")));
    } else {
        for violation in told["violations"].as_array().into_iter().flatten().filter(|v| v["mode"] == "Enforce") {
            let text = |key: &str| violation[key].as_str().unwrap_or_default();
            let place = if text("path").is_empty() { String::new() } else { format!("{}: ", text("path")) };
            let piece = format!("[{}/{}] {place}{}", text("policy"), text("rule"), text("message"));
            if !said.stderr.contains(&piece) {
                lines.push(format!("the denial lacks `{piece}`: {}", said.stderr));
            }
        }
    }
    Ok(lines)
}

/// A Pod without what the ServiceAccount plug-in puts into it, which `check` does not foretell.
fn without_account(mut object: Value) -> Value {
    if object["kind"] != "Pod" {
        return object;
    }
    let Some(spec) = object["spec"].as_object_mut() else { return object };
    spec.remove("serviceAccount");
    spec.remove("serviceAccountName");
    let is_token = |named: &Value| named["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-"));
    let drop_tokens = |list: Option<&mut Value>| {
        if let Some(list) = list.and_then(Value::as_array_mut) {
            list.retain(|element| !is_token(element));
        }
    };
    drop_tokens(spec.get_mut("volumes"));
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            drop_tokens(container.get_mut("volumeMounts"));
        }
    }
    object
}
