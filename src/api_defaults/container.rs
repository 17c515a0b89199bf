//! What the API server fills into containers: pull policy, probes, ports, environment, resources.

use crate::api_defaults::shape::{Field, Fill, Only, Shape, Then};
use crate::document::Value;
use crate::image;

/// A main or an init container.
pub const CONTAINER: Shape = &[
    IMAGE_PULL_POLICY,
    TERMINATION_MESSAGE_PATH,
    TERMINATION_MESSAGE_POLICY,
    Field::new("ports").list(PORT),
    Field::new("env").list(ENV),
    Field::new("resources").missing(Fill::Struct).object(RESOURCES),
    Field::new("livenessProbe").object(PROBE),
    Field::new("readinessProbe").object(PROBE),
    Field::new("startupProbe").object(PROBE),
    Field::new("lifecycle").object(LIFECYCLE),
];

/// An ephemeral container: its requests do not follow its limits, its ports not the host's network.
pub const EPHEMERAL_CONTAINER: Shape = &[
    IMAGE_PULL_POLICY,
    TERMINATION_MESSAGE_PATH,
    TERMINATION_MESSAGE_POLICY,
    Field::new("ports").list(&[PROTOCOL]),
    Field::new("env").list(ENV),
    Field::new("resources").missing(Fill::Struct).object(PLAIN_RESOURCES),
    Field::new("livenessProbe").object(PROBE),
    Field::new("readinessProbe").object(PROBE),
    Field::new("startupProbe").object(PROBE),
    Field::new("lifecycle").object(LIFECYCLE),
];

/// Limits and requests that do not follow each other.
pub const PLAIN_RESOURCES: Shape =
    &[Field::new("limits").then(Then::ResourceList), Field::new("requests").then(Then::ResourceList)];

/// What `fieldRef` and `resourceFieldRef` select, in the environment and in downward API files.
pub const FIELD_REF: Field = Field::new("fieldRef").object(&[Field::new("apiVersion").zero(Fill::Text("v1"))]);

/// A resource of a container; the divisor is a struct in Go, so it is always written.
pub const RESOURCE_FIELD_REF: Field =
    Field::new("resourceFieldRef").object(&[Field::new("divisor").missing(Fill::Text("0")).then(Then::Quantity)]);

const IMAGE_PULL_POLICY: Field = Field::new("imagePullPolicy").zero(Fill::Computed(pull_policy_of_image));
const TERMINATION_MESSAGE_PATH: Field = Field::new("terminationMessagePath").zero(Fill::Text("/dev/termination-log"));
const TERMINATION_MESSAGE_POLICY: Field = Field::new("terminationMessagePolicy").zero(Fill::Text("File"));
const PROTOCOL: Field = Field::new("protocol").zero(Fill::Text("TCP"));

const PORT: Shape = &[
    PROTOCOL,
    Field::new("hostPort").zero(Fill::Computed(|port| port.field("containerPort"))).only(Only::HostNetworkPods),
];

const ENV: Shape = &[Field::new("valueFrom").object(&[
    FIELD_REF,
    RESOURCE_FIELD_REF,
    Field::new("fileKeyRef").object(&[Field::new("optional").missing(Fill::Bool(false))]),
])];

/// The requests come last: they are copied from limits that are already rounded.
const RESOURCES: Shape = &[
    Field::new("limits").then(Then::ResourceList),
    Field::new("requests").then(Then::ResourceList),
    Field::new("requests").always(Fill::Limits).only(Only::Pods),
];

const PROBE: Shape = &[
    Field::new("timeoutSeconds").zero(Fill::Int(1)),
    Field::new("periodSeconds").zero(Fill::Int(10)),
    Field::new("successThreshold").zero(Fill::Int(1)),
    Field::new("failureThreshold").zero(Fill::Int(3)),
    HTTP_GET,
    Field::new("grpc").object(&[Field::new("service").missing(Fill::Text(""))]),
];

const LIFECYCLE: Shape = &[Field::new("postStart").object(&[HTTP_GET]), Field::new("preStop").object(&[HTTP_GET])];

const HTTP_GET: Field = Field::new("httpGet")
    .object(&[Field::new("path").zero(Fill::Text("/")), Field::new("scheme").zero(Fill::Text("HTTP"))]);

/// The pull policy that the API server derives from an image; a missing image is an empty one.
pub fn pull_policy<'v>(image: Option<Value<'v>>) -> Option<Value<'v>> {
    match image {
        None => Some(Value::String(image::pull_policy(""))),
        Some(Value::String(image)) => Some(Value::String(image::pull_policy(image))),
        Some(_) => None,
    }
}

fn pull_policy_of_image(container: Value<'_>) -> Option<Value<'_>> {
    pull_policy(container.field("image"))
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use crate::api_defaults::{Version, pod, read};

    /// The container that a Pod gets from this one.
    fn defaulted(container: &str) -> String {
        let arena = Bump::new();
        let text = format!(r#"{{"spec":{{"containers":[{container}]}}}}"#);
        let pod = pod(&arena, read(&arena, &text), Version::default());
        pod.fields(&["spec", "containers"]).unwrap().elements()[0].to_string()
    }

    #[test]
    fn the_pull_policy_follows_the_tag() {
        let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let id = "a".repeat(64);
        for (image, policy) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("reg:5000/a/b", "Always"),
            ("nginx:1.25", "IfNotPresent"),
            ("nginx:Latest", "IfNotPresent"),
            (&format!("nginx@{digest}"), "IfNotPresent"),
            (&format!("nginx:latest@{digest}"), "Always"),
            ("", "IfNotPresent"),
            (" nginx", "IfNotPresent"),
            ("library/Nginx", "IfNotPresent"),
            (&id, "IfNotPresent"),
            ("{{ .image }}", "IfNotPresent"),
            ("Foo/bar", "Always"),
        ] {
            let container = defaulted(&format!(r#"{{"image":"{image}"}}"#));
            assert!(container.contains(&format!(r#""imagePullPolicy":"{policy}""#)), "{image}: {container}");
        }
        assert!(defaulted("{}").contains(r#""imagePullPolicy":"IfNotPresent""#));
        assert!(defaulted(r#"{"image":"nginx","imagePullPolicy":"Never"}"#).contains(r#""imagePullPolicy":"Never""#));
        assert!(defaulted(r#"{"image":"nginx","imagePullPolicy":""}"#).contains(r#""imagePullPolicy":"Always""#));
    }

    #[test]
    fn each_part_of_a_container_has_its_defaults() {
        for (written, filled) in [
            (r#"{"ports":[{"containerPort":1,"protocol":""}]}"#, r#"[{"containerPort":1,"protocol":"TCP"}]"#),
            (r#"{"ports":[{"protocol":"UDP"}]}"#, r#"[{"protocol":"UDP"}]"#),
            (
                r#"{"livenessProbe":{"httpGet":{"port":1,"scheme":""},"periodSeconds":0}}"#,
                r#"{"httpGet":{"port":1,"scheme":"HTTP","path":"/"},"periodSeconds":10,"timeoutSeconds":1,"successThreshold":1,"failureThreshold":3}"#,
            ),
            (
                r#"{"startupProbe":{"grpc":{"port":1},"timeoutSeconds":4,"periodSeconds":4,"successThreshold":4,"failureThreshold":4}}"#,
                r#"{"grpc":{"port":1,"service":""},"timeoutSeconds":4,"periodSeconds":4,"successThreshold":4,"failureThreshold":4}"#,
            ),
            (
                r#"{"lifecycle":{"preStop":{"httpGet":{"port":1}}}}"#,
                r#"{"preStop":{"httpGet":{"port":1,"path":"/","scheme":"HTTP"}}}"#,
            ),
            (
                r#"{"env":[{"valueFrom":{"fieldRef":{"fieldPath":"a"}}}]}"#,
                r#"[{"valueFrom":{"fieldRef":{"fieldPath":"a","apiVersion":"v1"}}}]"#,
            ),
            (
                r#"{"env":[{"valueFrom":{"resourceFieldRef":{"resource":"a"}}}]}"#,
                r#"[{"valueFrom":{"resourceFieldRef":{"resource":"a","divisor":"0"}}}]"#,
            ),
            (
                r#"{"env":[{"valueFrom":{"fileKeyRef":{"key":"a"}}}]}"#,
                r#"[{"valueFrom":{"fileKeyRef":{"key":"a","optional":false}}}]"#,
            ),
            (
                r#"{"resources":{"limits":{"cpu":"1000m","memory":"1Gi"},"requests":{"memory":0.5}}}"#,
                r#"{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"memory":"500m","cpu":"1"}}"#,
            ),
        ] {
            assert!(defaulted(written).contains(filled), "{written}: {}", defaulted(written));
        }
    }
}
