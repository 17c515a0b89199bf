//! What the API server fills into an object while it decodes it, before any webhook is called.
//!
//! A file has none of this, a request has all of it: what is decided on a file would differ from what is decided in the
//! cluster if the file were taken as it is. The rules are tables of rows, one per field, so that they can also be asked
//! which value was filled in at a place. Source: `pkg/apis/{core,apps,batch}/v1/defaults.go` of Kubernetes 1.37.
//!
//! A template gets less than a Pod: requests that follow limits, `enableServiceLinks` and host ports come with the Pod.

mod amounts;
mod app_armor;
mod container;
mod daemon_set;
mod keys;
mod kinds;
pub mod limit_range;
pub mod plug_ins;
mod pod_level;
mod pod_spec;
mod quantities;
mod question;
mod shape;
mod version;
mod volume;

use bumpalo::Bump;

pub use crate::api_defaults::daemon_set::counted;
pub use crate::api_defaults::pod_level::total_of_containers;
pub use crate::api_defaults::question::{filled, filled_outside, fills, fills_in_pods, fills_inside};
use crate::api_defaults::shape::Scope;
pub use crate::api_defaults::version::{NotKnown, Version};
use crate::document::Value;

/// The object as the API server decodes it: a workload of a built-in kind with its defaults, quantities canonical. Any
/// other object, and any value of the wrong type in a workload, is as it was. Members keep their place, new ones come
/// last; if there is nothing to fill in, it is the same value and nothing is copied.
pub fn object<'a>(arena: &'a Bump, object: Value<'a>, version: Version) -> Value<'a> {
    let (Some(api_version), Some(kind)) = (object.text(&["apiVersion"]), object.text(&["kind"])) else {
        return object;
    };
    if (api_version, kind) == ("v1", "Pod") {
        return pod(arena, object, version);
    }
    let Some(shape) = kinds::shape(api_version, kind) else {
        return object;
    };
    let object = kinds::with_template_labels(arena, kind, object);
    scope(false, object, version).object(arena, shape, object)
}

/// The Pod as the API server decodes it; its `apiVersion` and `kind` are not looked at.
pub fn pod<'a>(arena: &'a Bump, pod: Value<'a>, version: Version) -> Value<'a> {
    let pod = if version.minor < pod_level::ON_CREATE { pod_level::decoded(arena, pod, version) } else { pod };
    scope(true, pod, version).object(arena, pod_spec::POD, pod)
}

/// A decoded Pod as the API server completes it when it is created: after the mutating webhooks, before the validating ones.
pub fn created<'a>(arena: &'a Bump, pod: Value<'a>, version: Version) -> Value<'a> {
    app_armor::from_annotations(arena, pod_level::created(arena, pod, version))
}

fn scope(is_pod: bool, pod: Value<'_>, version: Version) -> Scope {
    let on_host = || pod.fields(&["spec", "hostNetwork"]).and_then(Value::as_bool) == Some(true);
    Scope { pod: is_pod, host_network: is_pod && on_host(), version }
}

/// The JSON text as a tree.
#[cfg(test)]
fn read<'a>(arena: &'a Bump, text: &'a str) -> Value<'a> {
    crate::document::json::parse(arena, text.as_bytes(), &crate::document::Limits::default()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaulted(text: &str) -> String {
        let arena = Bump::new();
        object(&arena, read(&arena, text), Version::default()).to_string()
    }

    #[test]
    fn a_bare_pod_is_filled_in_at_the_end_of_each_object() {
        let text = r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"nginx","name":"c"}]}}"#;
        let container = r#"{"image":"nginx","name":"c","imagePullPolicy":"Always","terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","resources":{}}"#;
        let spec = format!(
            r#"{{"containers":[{container}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","securityContext":{{}},"terminationGracePeriodSeconds":30,"schedulerName":"default-scheduler","enableServiceLinks":true}}"#
        );
        let expected = format!(r#"{{"apiVersion":"v1","kind":"Pod","spec":{spec},"metadata":{{}},"status":{{}}}}"#);
        assert_eq!(defaulted(text), expected);
    }

    #[test]
    fn defaulting_twice_is_defaulting_once_and_copies_nothing() {
        let arena = Bump::new();
        for kind in ["Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"] {
            let api_version = match kind {
                "Pod" => "v1",
                "Job" | "CronJob" => "batch/v1",
                _ => "apps/v1",
            };
            let text = format!(r#"{{"apiVersion":"{api_version}","kind":"{kind}"}}"#);
            let once = object(&arena, read(&arena, arena.alloc_str(&text)), Version::default());
            let twice = object(&arena, once, Version::default());
            assert_ne!(once.to_string(), text, "{kind}");
            assert!(shape::same(once, twice), "{kind}");
        }
    }

    #[test]
    fn templates_get_less_than_pods() {
        let spec = r#"{"hostNetwork":true,"containers":[{"name":"c","image":"x:1","ports":[{"containerPort":80}],"resources":{"limits":{"cpu":"2"}}}]}"#;
        let pod = defaulted(&format!(r#"{{"apiVersion":"v1","kind":"Pod","spec":{spec}}}"#));
        let template = defaulted(&format!(
            r#"{{"apiVersion":"apps/v1","kind":"Deployment","spec":{{"template":{{"spec":{spec}}}}}}}"#
        ));
        for filled in ["\"enableServiceLinks\":true", "\"hostPort\":80", "\"requests\":{\"cpu\":\"2\"}"] {
            assert!(pod.contains(filled), "{filled}");
            assert!(!template.contains(filled), "{filled}");
        }
        for filled in ["\"imagePullPolicy\":\"IfNotPresent\"", "\"protocol\":\"TCP\"", "\"dnsPolicy\":\"ClusterFirst\""]
        {
            assert!(pod.contains(filled) && template.contains(filled), "{filled}");
        }
    }

    #[test]
    fn an_explicit_null_is_replaced_in_its_place() {
        let text = r#"{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"dnsPolicy":null,"a":null,"securityContext":{"x":1}},"status":{}}"#;
        let expected = r#"{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"dnsPolicy":"ClusterFirst","a":null,"securityContext":{"x":1},"restartPolicy":"Always","terminationGracePeriodSeconds":30,"schedulerName":"default-scheduler","enableServiceLinks":true},"status":{}}"#;
        assert_eq!(defaulted(text), expected);
    }

    #[test]
    fn wrong_types_and_other_kinds_are_left_alone() {
        for text in [
            r#"{"apiVersion":"v1","kind":"Pod","metadata":[],"spec":"x","status":1}"#,
            r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","spec":{"template":{"spec":{}}}}"#,
            r#"{"apiVersion":"apps/v1beta1","kind":"Deployment"}"#,
            r#"{"kind":"Pod"}"#,
            "[]",
            "null",
        ] {
            assert_eq!(defaulted(text), text);
        }
        let odd = r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":{"a":1},"volumes":[1,null],"initContainers":[{"ports":7,"env":[[]],"image":3,"resources":{"limits":{"cpu":[],"memory":"much"}}}]}}"#;
        let defaulted = defaulted(odd);
        for kept in [
            r#""containers":{"a":1}"#,
            r#""volumes":[1,null]"#,
            r#"{"ports":7,"env":[[]],"image":3,"resources":{"limits":{"cpu":[],"memory":"much"}"#,
        ] {
            assert!(defaulted.contains(kept), "{kept}");
        }
    }
}
