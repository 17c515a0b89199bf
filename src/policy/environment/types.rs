//! The types of what expressions of a policy can use.
//!
//! The request and the Namespace have the fields that a ValidatingAdmissionPolicy gives them. Everything else comes
//! from the table of the Kubernetes API, so that a field that is not there is a mistake in the policy.

use serde_json::Value as Json;

use crate::cel::{Object, Shape, Type};
use crate::review::Operation;
use crate::workload::{Kind, Role};

/// Maps inside one another in `params`. What is further in is not known.
const DEPTH: u32 = 8;

/// An object of one of the kinds whose bits are set.
pub(super) fn object(kinds: u16) -> Shape {
    let names = || Kind::ALL.into_iter().filter(move |kind| kinds & kind.bit() != 0).map(Kind::name);
    Object::any_of(names()).field("kind", Shape::word(names())).into()
}

/// The Pod, or the Pod that a template becomes.
pub(super) fn pod() -> Shape {
    let of = |name| Shape::from(Object::any_of([name]));
    Object::named("pod").field("metadata", of("ObjectMeta")).field("spec", of("PodSpec")).into()
}

/// A container of any list.
pub(super) fn container() -> Shape {
    let roles = Shape::word(Role::ALL.map(Role::name));
    Object::named("container").field("role", roles).with("Container").with("EphemeralContainer").into()
}

/// The request.
pub(super) fn request() -> Shape {
    let bool = Shape::Basic(Type::Bool);
    let texts = || Shape::list(Shape::STRING);
    let user = Object::named("request.userInfo")
        .field("username", Shape::STRING)
        .field("uid", Shape::STRING)
        .field("groups", texts())
        .field("extra", Shape::map(Shape::STRING, texts()));
    Object::named("request")
        .field("kind", group_version("request.kind", "kind"))
        .field("resource", group_version("request.resource", "resource"))
        .field("subResource", Shape::STRING)
        .field("requestKind", group_version("request.requestKind", "kind"))
        .field("requestResource", group_version("request.requestResource", "resource"))
        .field("requestSubResource", Shape::STRING)
        .field("name", Shape::STRING)
        .field("namespace", Shape::STRING)
        .field("operation", Shape::word([Operation::Create, Operation::Update].map(Operation::name)))
        .field("userInfo", user)
        .field("dryRun", bool)
        .field("options", Shape::DYN)
        .into()
}

fn group_version(name: &'static str, last: &'static str) -> Object {
    let object = Object::named(name).field("group", Shape::STRING).field("version", Shape::STRING);
    object.field(last, Shape::STRING)
}

/// The Namespace of the object. The API server takes its times for timestamps and then finds texts: both will do.
pub(super) fn namespace_object() -> Shape {
    let texts = || Shape::list(Shape::STRING);
    let metadata = Object::named("namespaceObject.metadata")
        .field("creationTimestamp", Shape::DYN)
        .field("deletionTimestamp", Shape::DYN)
        .with("ObjectMeta");
    let condition = Object::named("a condition of namespaceObject")
        .field("type", Shape::STRING)
        .field("status", Shape::STRING)
        .field("reason", Shape::STRING)
        .field("message", Shape::STRING)
        .field("lastTransitionTime", Shape::DYN);
    let status = Object::named("namespaceObject.status")
        .field("phase", Shape::STRING)
        .field("conditions", Shape::list(condition.into()));
    Object::named("namespaceObject")
        .field("apiVersion", Shape::STRING)
        .field("kind", Shape::STRING)
        .field("metadata", metadata)
        .field("spec", Object::named("namespaceObject.spec").field("finalizers", texts()))
        .field("status", status)
        .into()
}

/// The policy's own values, which are the same in each request.
pub(super) fn params(params: &Json) -> Shape {
    match params {
        Json::Object(_) => of_literal(params, DEPTH),
        // Refused elsewhere.
        _ => Shape::DYN,
    }
}

fn of_literal(value: &Json, depth: u32) -> Shape {
    let Some(depth) = depth.checked_sub(1) else { return Shape::DYN };
    match value {
        // What it stands for is not known.
        Json::Null => Shape::DYN,
        Json::Bool(_) => Shape::Basic(Type::Bool),
        Json::String(_) => Shape::STRING,
        Json::Number(number) if number.is_i64() => Shape::Basic(Type::Int),
        Json::Number(number) if number.is_u64() => Shape::Basic(Type::Uint),
        Json::Number(_) => Shape::Basic(Type::Double),
        Json::Array(elements) => Shape::list_of(elements.iter().map(|element| of_literal(element, depth))),
        Json::Object(members) => {
            let object = Object::named("params").open();
            members.iter().fold(object, |object, (name, value)| object.field(name, of_literal(value, depth))).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(shape: Shape, path: &[&str]) -> Option<String> {
        let found = path.iter().try_fold(shape, |shape, name| match shape {
            Shape::Object(object) => object.find(name),
            _ => None,
        });
        found.map(|shape| shape.to_string())
    }

    #[test]
    fn values_of_params_have_the_types_they_are_written_with() {
        let shape = params(&json!({
            "max": 3, "share": 0.5, "strict": true, "team": "a", "large": 18_446_744_073_709_551_615_u64,
            "names": ["a", "b"], "mixed": ["a", 1], "none": [], "nothing": null, "limits": {"memory": "1Gi"},
        }));
        for (path, expected) in [
            (&["max"][..], Some("int")),
            (&["share"], Some("double")),
            (&["strict"], Some("bool")),
            (&["team"], Some("string")),
            (&["large"], Some("uint")),
            (&["names"], Some("list(string)")),
            (&["mixed"], Some("list(dyn)")),
            (&["none"], Some("list(dyn)")),
            (&["nothing"], Some("dyn")),
            (&["limits", "memory"], Some("string")),
            (&["limits", "cpu"], None),
            (&["min"], None),
        ] {
            assert_eq!(at(shape.clone(), path).as_deref(), expected, "{path:?}");
        }
        let inside = |value| Json::Object([("a".to_owned(), value)].into_iter().collect());
        let deep = (0..100).fold(json!(1), |value, _| inside(value));
        assert_eq!(at(params(&deep), &["a"; 8]).as_deref(), Some("dyn"));
        assert_eq!(at(params(&deep), &["a"; 9]), None);
    }

    #[test]
    fn containers_of_every_list_have_all_their_fields() {
        for (path, expected) in [
            (&["role"][..], Some("string")),
            (&["restartPolicy"], Some("string")),
            (&["targetContainerName"], Some("string")),
            (&["resources", "limits"], Some("map(string, string)")),
            (&["livenessProbe", "httpGet", "port"], Some("dyn")),
            (&["resouces"], None),
        ] {
            assert_eq!(at(container(), path).as_deref(), expected, "{path:?}");
        }
    }
}
