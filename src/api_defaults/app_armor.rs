//! AppArmor profiles that a new Pod names by annotations, as they were named before there was a field.
//!
//! The API server copies them into the fields when it creates a Pod, after the mutating webhooks and before the validating
//! ones. Source: `applyAppArmorVersionSkew` in `pkg/registry/core/pod/strategy.go` of Kubernetes 1.37.

use bumpalo::Bump;

use crate::document::{Member, Step, Value, edit};

/// What the key of an annotation begins with; the name of the container follows.
const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
/// The longest name of a profile, in bytes.
const LONGEST: usize = 4095;
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// The Pod with the profiles that its annotations name, in containers that have none.
pub(super) fn from_annotations<'a>(arena: &'a Bump, pod: Value<'a>) -> Value<'a> {
    let annotations = pod.fields(&["metadata", "annotations"]).unwrap_or_default().members();
    let mut named = annotations.iter().filter(|annotation| annotation.key.starts_with(PREFIX)).peekable();
    if named.peek().is_none() || pod.text(&["spec", "os", "name"]) == Some("windows") {
        return pod;
    }
    let of_pod = pod.fields(&["spec", "securityContext", "appArmorProfile"]).map(parts);
    let mut synced = pod;
    for annotation in named {
        let profile = annotation.value.as_str().and_then(|text| profile(arena, text));
        let Some(profile) = profile.filter(|profile| of_pod != Some(parts(*profile))) else { continue };
        for list in LISTS {
            let containers = pod.fields(&["spec", list]).unwrap_or_default().elements();
            for (index, container) in containers.iter().enumerate() {
                let is_meant = container.text(&["name"]) == annotation.key.strip_prefix(PREFIX);
                let has_one =
                    container.fields(&["securityContext", "appArmorProfile"]).is_some_and(|own| !own.is_null());
                if is_meant && !has_one {
                    let keys = ["securityContext", "appArmorProfile"].map(Step::key);
                    let steps: Vec<_> =
                        [Step::key("spec"), Step::key(list), Step::Index(index)].into_iter().chain(keys).collect();
                    synced = edit::set(arena, synced, &steps, profile).unwrap_or(synced);
                }
            }
        }
    }
    synced
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
