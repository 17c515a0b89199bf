//! Two objects, and where they differ once what neither side can know of the other is out of the way.

use bumpalo::Bump;
use podgate::api_defaults::{self, Version};
use podgate::document;
use serde_json::Value;

/// Maps that Go does not write when they are empty.
const MAPS: [&str; 7] = ["labels", "annotations", "limits", "requests", "nodeSelector", "matchLabels", "overhead"];
/// Truths that Go does not write when they are false.
const FLAGS: [&str; 3] = ["hostNetwork", "hostPID", "hostIPC"];
/// How the name of the volume of a token begins.
const TOKEN: &str = "kube-api-access-";
/// Metadata that the server writes.
const WRITTEN: [&str; 6] = ["uid", "creationTimestamp", "managedFields", "generation", "resourceVersion", "namespace"];
/// Labels by which a Job finds its Pods, and what a DaemonSet counts, made when the object is created.
const MADE: [&str; 5] = [
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
    "deprecated.daemonset.template.generation",
];

/// The object as podgate says that it is stored.
pub fn defaulted(object: &Value, version: Version) -> Value {
    let arena = Bump::new();
    let tree = document::Value::from_json(&arena, object);
    let decoded = api_defaults::object(&arena, tree, version);
    let is_pod = object["kind"] == "Pod";
    let stored = if is_pod { api_defaults::created(&arena, decoded, version) } else { decoded };
    stored.to_json()
}

/// Where `ours` and `theirs` differ, a line each, if neither has what plug-ins add.
pub fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let [ours, theirs] = [ours, theirs].map(|object| without_plug_ins(comparable(object)));
    compare(&ours, &theirs, String::new(), &mut lines);
    lines
}

/// The same with all that plug-ins add. Only the names that the API server draws do not count.
pub fn all_differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let [ours, theirs] = [ours, theirs].map(|object| {
        let mut object = comparable(object);
        undraw(&mut object);
        object
    });
    compare(&ours, &theirs, String::new(), &mut lines);
    lines
}

/// Gives the volumes of tokens one name.
pub fn undraw(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.get_mut("name")
                && name.starts_with(TOKEN)
            {
                *name = TOKEN.to_owned();
            }
            members.values_mut().for_each(undraw);
        }
        Value::Array(elements) => elements.iter_mut().for_each(undraw),
        _ => {}
    }
}

/// What the plug-ins Priority and DefaultTolerationSeconds add goes.
fn without_plug_ins(mut object: Value) -> Value {
    if object["kind"] == "Pod"
        && let Some(spec) = object["spec"].as_object_mut()
    {
        spec.remove("priority");
        spec.remove("preemptionPolicy");
        if let Some(tolerations) = spec.get_mut("tolerations").and_then(Value::as_array_mut) {
            tolerations
                .retain(|toleration| !toleration["key"].as_str().unwrap_or("").starts_with("node.kubernetes.io/"));
        }
    }
    clean(&mut object);
    object
}

/// The object without what the server writes into it besides defaults.
fn comparable(object: &Value) -> Value {
    let mut object = object.clone();
    let Some(members) = object.as_object_mut() else {
        return object;
    };
    members.remove("status");
    if let Some(metadata) = members.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !WRITTEN.contains(&key.as_str()));
    }
    let kind = members["kind"].as_str().unwrap_or_default().to_owned();
    if let Some(spec) = members.get_mut("spec").and_then(Value::as_object_mut)
        && kind == "Job"
        && spec.get("manualSelector") != Some(&Value::Bool(true))
    {
        spec.remove("selector");
    }
    clean(&mut object);
    object
}

/// Takes out what Go does not write: nothing, in its forms.
fn clean(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !MADE.contains(&key.as_str()));
            members.values_mut().for_each(clean);
            members.retain(|key, value| match value {
                Value::Null => false,
                Value::Array(elements) => !elements.is_empty(),
                Value::Object(inside) => !(inside.is_empty() && MAPS.contains(&key.as_str())),
                Value::Bool(false) => !FLAGS.contains(&key.as_str()),
                Value::String(text) => !(text.is_empty() && key.starts_with("serviceAccount")),
                Value::Bool(true) | Value::Number(_) => true,
            });
        }
        Value::Array(elements) => elements.iter_mut().for_each(clean),
        _ => {}
    }
}

fn compare(ours: &Value, theirs: &Value, path: String, lines: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                match b.get(key) {
                    Some(other) => compare(value, other, format!("{path}.{key}"), lines),
                    None => lines.push(format!("{path}.{key}: only ours: {value}")),
                }
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                lines.push(format!("{path}.{key}: only theirs: {value}"));
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(a, b, format!("{path}[{index}]"), lines);
            }
        }
        (a, b) if a == b => {}
        (a, b) => lines.push(format!("{path}: ours {a}, theirs {b}")),
    }
}
