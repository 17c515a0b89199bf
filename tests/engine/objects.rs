//! Objects as their authors write them, and what an API server makes of them.

use bumpalo::Bump;
use serde_json::{Map, Value, json};

use podgate::api_defaults::{self, Version};
use podgate::document;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A Pod `shop/p` with one container `a`, and whatever `more` says of its spec.
pub fn pod(more: Value) -> Value {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"containers": [{"name": "a", "image": "nginx:1"}]}});
    merge(&mut pod["spec"], more);
    pod
}

/// A Pod whose one container is `a` with `more`.
pub fn pod_with(more: Value) -> Value {
    pod(json!({"containers": [container(more)]}))
}

/// The container `a` with `more`.
pub fn container(more: Value) -> Value {
    let mut container = json!({"name": "a", "image": "nginx:1"});
    merge(&mut container, more);
    container
}

/// A Deployment `shop/web` whose template has the spec of [`pod`].
pub fn deployment(more: Value) -> Value {
    owner("apps/v1", "Deployment", more)
}

/// An object with a template `spec.template` whose Pod spec is that of [`pod`].
pub fn owner(api_version: &str, kind: &str, more: Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": pod(more)["spec"]}}})
}

/// The Pod that the controller of a ReplicaSet makes of this spec.
pub fn made_pod(more: Value) -> Value {
    let mut pod = pod(more);
    pod["metadata"] = json!({"generateName": "web-1-", "namespace": "shop", "ownerReferences":
        [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u", "controller": true}]});
    pod
}

/// Everything of `more` into `value`; lists are replaced.
pub fn merge(value: &mut Value, more: Value) {
    match (value, more) {
        (Value::Object(members), Value::Object(more)) => {
            for (key, more) in more {
                merge(members.entry(key).or_insert(Value::Null), more);
            }
        }
        (value, more) => *value = more,
    }
}

/// `value` with `new` at a JSON pointer whose parents exist.
pub fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.insert(key.replace("~1", "/").replace("~0", "~"), new);
        }
        Some(Value::Array(elements)) => elements[key.parse::<usize>().unwrap()] = new,
        _ => panic!("{pointer} in {value}"),
    }
    value
}

/// The object after it was decoded.
pub fn decoded(object: &Value) -> Value {
    let arena = Bump::new();
    let tree = document::Value::from_json(&arena, object);
    api_defaults::object(&arena, tree, Version::default()).to_json()
}

/// As `kubectl apply` sends it: its manager owns everything, and the manifest stands in an annotation.
pub fn applied(manifest: &Value) -> Value {
    applied_as(manifest, manifest)
}

/// The same, where the manifest in the annotation is another one.
pub fn applied_as(manifest: &Value, annotation: &Value) -> Value {
    let mut object = manifest.clone();
    merge(&mut object["metadata"], json!({"annotations": {LAST_APPLIED: annotation.to_string()}}));
    written_by("kubectl-client-side-apply", &object)
}

/// As a client sends it that writes whole objects, `kubectl create` for example.
pub fn written_by(manager: &str, manifest: &Value) -> Value {
    let object = decoded(manifest);
    let fields = owned(&object);
    owned_by(&object, &[entry(manager, "Update", fields)])
}

/// As `kubectl apply --server-side` sends it: exactly what was written is owned.
pub fn server_side(manifest: &Value) -> Value {
    owned_by(&decoded(manifest), &[entry("kubectl", "Apply", owned(manifest))])
}

/// The object with these entries of `managedFields`.
pub fn owned_by(object: &Value, entries: &[Value]) -> Value {
    let mut object = object.clone();
    merge(&mut object["metadata"], json!({"managedFields": entries}));
    object
}

/// One entry of `managedFields`.
pub fn entry(manager: &str, operation: &str, fields: Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
}

/// The fields of an object in the form of `fieldsV1`.
pub fn owned(object: &Value) -> Value {
    let mut object = object.clone();
    for key in ["apiVersion", "kind", "status"] {
        object.as_object_mut().unwrap().remove(key);
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for key in ["name", "namespace", "managedFields", "generation"] {
            metadata.remove(key);
        }
    }
    fields(&object)
}

fn fields(value: &Value) -> Value {
    let Value::Object(members) = value else { return json!({}) };
    let mut set = Map::new();
    for (key, value) in members {
        let inner = match value {
            Value::Array(elements) if key.to_lowercase().ends_with("containers") => {
                let mut set = Map::new();
                for element in elements {
                    let mut inner = fields(element);
                    inner["."] = json!({});
                    set.insert(format!("k:{}", json!({"name": element["name"]})), inner);
                }
                Value::Object(set)
            }
            value => fields(value),
        };
        set.insert(format!("f:{key}"), inner);
    }
    Value::Object(set)
}
