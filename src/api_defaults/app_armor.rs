//! AppArmor profiles that a new Pod names by annotations, as they were named before there was a field.
//!
//! The API server copies them into the fields when it creates a Pod, after the mutating webhooks and before the validating
//! ones. Source: `applyAppArmorVersionSkew` in `pkg/registry/core/pod/strategy.go` of Kubernetes 1.37.

use std::collections::HashMap;

use bumpalo::Bump;

use crate::api_defaults::shape::each_at;
use crate::document::{Member, Step, Value, edit};
use crate::workload::List;

/// What the key of an annotation begins with; the name of the container follows.
const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
/// The longest name of a profile, in bytes.
const LONGEST: usize = 4095;

/// The Pod with the profiles that its annotations name, in containers that have none.
pub(super) fn from_annotations<'a>(arena: &'a Bump, pod: Value<'a>) -> Value<'a> {
    let annotations = pod.fields(&["metadata", "annotations"]).unwrap_or_default().members();
    let mut named = annotations.iter().filter(|annotation| annotation.key.starts_with(PREFIX)).peekable();
    if named.peek().is_none() || pod.text(&["spec", "os", "name"]) == Some("windows") {
        return pod;
    }
    let of_pod = pod.fields(&["spec", "securityContext", "appArmorProfile"]).map(parts);
    let profiles: HashMap<_, _> = named
        .filter_map(|annotation| {
            let profile = profile(arena, annotation.value.as_str()?)?;
            let container = annotation.key.strip_prefix(PREFIX)?;
            (of_pod != Some(parts(profile))).then_some((container, profile))
        })
        .collect();
    // Each list is copied once: one who names thousands of containers could otherwise fill the memory with copies.
    List::ALL.into_iter().fold(pod, |pod, list| {
        each_at(arena, pod, ["spec", list.key()], |container| {
            let profile = container.text(&["name"]).and_then(|name| profiles.get(name));
            let has_one = container.fields(&["securityContext", "appArmorProfile"]).is_some_and(|own| !own.is_null());
            let Some(profile) = profile.filter(|_| !has_one) else { return container };
            let steps = ["securityContext", "appArmorProfile"].map(Step::key);
            edit::set(arena, container, &steps, *profile).unwrap_or(container)
        })
    })
}

fn parts(profile: Value<'_>) -> [Option<&str>; 2] {
    [profile.text(&["type"]), profile.text(&["localhostProfile"])]
}

fn profile<'a>(arena: &'a Bump, annotation: &'a str) -> Option<Value<'a>> {
    let of_type = |kind| Member { key: "type", value: Value::String(kind) };
    let members = match annotation {
        "unconfined" => arena.alloc_slice_copy(&[of_type("Unconfined")]),
        "runtime/default" => arena.alloc_slice_copy(&[of_type("RuntimeDefault")]),
        _ => {
            let name = annotation.strip_prefix("localhost/")?;
            if name.is_empty() || name.trim() != name || name.len() > LONGEST {
                return None;
            }
            arena.alloc_slice_copy(&[
                of_type("Localhost"),
                Member { key: "localhostProfile", value: Value::String(name) },
            ])
        }
    };
    Some(Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_defaults::read;

    fn synced(annotation: &str, context: &str, spec: &str) -> String {
        let arena = Bump::new();
        let container = format!(r#"{{"name":"a","securityContext":{context}}}"#);
        let annotations = format!(r#"{{"{PREFIX}a":"{annotation}"}}"#);
        let text =
            format!(r#"{{"metadata":{{"annotations":{annotations}}},"spec":{{"containers":[{container}]{spec}}}}}"#);
        let pod = from_annotations(&arena, read(&arena, &text));
        let containers = pod.fields(&["spec", "containers"]).unwrap_or_default();
        containers.elements()[0].field("securityContext").unwrap_or_default().to_string()
    }

    #[test]
    fn an_annotation_becomes_the_field_that_is_not_there() {
        let of_pod = r#","securityContext":{"appArmorProfile":{"type":"Unconfined"}}"#;
        for (annotation, context, spec, expected) in [
            ("unconfined", "{}", "", r#"{"appArmorProfile":{"type":"Unconfined"}}"#),
            ("runtime/default", "null", "", r#"{"appArmorProfile":{"type":"RuntimeDefault"}}"#),
            ("localhost/p", "{}", "", r#"{"appArmorProfile":{"type":"Localhost","localhostProfile":"p"}}"#),
            ("localhost/", "{}", "", "{}"),
            ("localhost/ p", "{}", "", "{}"),
            ("docker/default", "{}", "", "{}"),
            ("unconfined", "{}", of_pod, "{}"),
            ("unconfined", "{}", r#","os":{"name":"windows"}"#, "{}"),
            (
                "unconfined",
                r#"{"appArmorProfile":{"type":"RuntimeDefault"}}"#,
                "",
                r#"{"appArmorProfile":{"type":"RuntimeDefault"}}"#,
            ),
        ] {
            assert_eq!(synced(annotation, context, spec), expected, "{annotation} {context} {spec}");
        }
    }
}
