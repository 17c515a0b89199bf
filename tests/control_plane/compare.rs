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
/// Labels by which a Job finds its Pods, made when the object is created.
const MADE: [&str; 4] =
    ["batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name"];

/// The object as podgate says that it is stored.
pub fn defaulted(object: &Value, version: Version) -> Value {
    let arena = Bump::new();
    let tree = document::Value::from_json(&arena, object);
    let decoded = api_defaults::object(&arena, tree, version);
    let is_pod = object["kind"] == "Pod";
    let stored = if is_pod {
        api_defaults::created(&arena, decoded, version)
    } else {
        api_defaults::counted(&arena, decoded, None)
    };
    stored.to_json()
}

/// Where `ours` and `theirs` differ, a line each, if neither has what plug-ins add.
pub fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let [ours, theirs] = [ours, theirs].map(|object| without_plug_ins(comparable(object)));
    lines_of_difference(&ours, &theirs)
}

/// The same with all that plug-ins add. Only the names that the API server draws do not count.
pub fn all_differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let [ours, theirs] = [ours, theirs].map(|object| {
        let mut object = comparable(object);
        undraw(&mut object);
        object
    });
    lines_of_difference(&ours, &theirs)
}

/// The object without what only a cluster can know: identity, times, status, and the service account, whose plug-in this
/// API server lacks. Keys come out sorted.
pub fn stored_alike(object: &Value) -> Value {
    let mut object = without_written(object);
    without_account(&mut object);
    drop_made(&mut object);
    object
}

/// Takes out what is made when an object is created, and the maps that held nothing else.
fn drop_made(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for key in ["labels", "annotations"] {
                if let Some(Value::Object(map)) = members.get_mut(key) {
                    let before = map.len();
                    map.retain(|key, _| !MADE.contains(&key.as_str()));
                    if map.is_empty() && before > 0 {
                        members.remove(key);
                    }
                }
            }
            members.values_mut().for_each(drop_made);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_made),
        _ => {}
    }
}

/// Takes out of a Pod what the ServiceAccount plug-in puts into one that names no account.
fn without_account(pod: &mut Value) {
    let is_token = |named: &Value| named["name"].as_str().unwrap_or_default().starts_with(TOKEN);
    let Some(spec) = pod["spec"].as_object_mut().filter(|spec| spec.contains_key("containers")) else { return };
    spec.retain(|key, value| !(key.starts_with("serviceAccount") && value == "default"));
    let drop_tokens = |members: &mut serde_json::Map<String, Value>, key: &str| {
        let Some(list) = members.get_mut(key).and_then(Value::as_array_mut) else { return };
        let before = list.len();
        list.retain(|element| !is_token(element));
        if list.is_empty() && before > 0 {
            members.remove(key);
        }
    };
    drop_tokens(spec, "volumes");
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            container.as_object_mut().into_iter().for_each(|container| drop_tokens(container, "volumeMounts"));
        }
    }
}

/// Where two objects differ, a line each.
pub fn lines_of_difference(ours: &Value, theirs: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare(ours, theirs, String::new(), &mut lines);
    lines
}

/// Gives the volumes of tokens one name.
fn undraw(value: &mut Value) {
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
    let mut object = without_written(object);
    clean(&mut object);
    object
}

/// The object without what the server writes: identity, times, status, and by what a Job finds its Pods.
fn without_written(object: &Value) -> Value {
    let mut object = object.clone();
    let Some(members) = object.as_object_mut() else { return object };
    members.remove("status");
    if let Some(metadata) = members.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !WRITTEN.contains(&key.as_str()));
    }
    if members.get("kind").is_some_and(|kind| kind == "Job")
        && let Some(spec) = members.get_mut("spec").and_then(Value::as_object_mut)
        && spec.get("manualSelector") != Some(&Value::Bool(true))
    {
        spec.remove("selector");
    }
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
