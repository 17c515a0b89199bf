//! What the API server fills into a Pod spec, in a Pod and in a template.
//!
//! Upstream adds new defaults to Pods only: a new one in templates would roll every workload at an upgrade.

use crate::api_defaults::container::{CONTAINER, EPHEMERAL_CONTAINER, PLAIN_RESOURCES};
use crate::api_defaults::shape::{Field, Fill, Only, Shape, Then};
use crate::api_defaults::volume::VOLUME;
use crate::document::Value;

/// A Pod.
pub const POD: Shape = &[
    Field::new("metadata").missing(Fill::Struct),
    Field::new("spec").missing(Fill::Struct).object(POD_SPEC),
    Field::new("status").missing(Fill::Struct),
];

/// A Pod template.
pub const TEMPLATE: Shape =
    &[Field::new("metadata").missing(Fill::Struct), Field::new("spec").missing(Fill::Struct).object(POD_SPEC)];

const POD_SPEC: Shape = &[
    Field::new("serviceAccountName").zero(Fill::Copy(|spec| named(spec.field("serviceAccount")))),
    Field::new("serviceAccount").always(Fill::Copy(|spec| named(spec.field("serviceAccountName")))),
    Field::new("dnsPolicy").zero(Fill::Text("ClusterFirst")),
    Field::new("restartPolicy").zero(Fill::Text("Always")),
    Field::new("securityContext").missing(Fill::Empty),
    Field::new("terminationGracePeriodSeconds").missing(Fill::Int(30)).then(Then::Grace),
    Field::new("schedulerName").zero(Fill::Text("default-scheduler")),
    Field::new("enableServiceLinks").missing(Fill::Bool(true)).only(Only::Pods),
    Field::new("volumes").list(VOLUME),
    Field::new("initContainers").list(CONTAINER),
    Field::new("containers").list(CONTAINER),
    Field::new("ephemeralContainers").list(EPHEMERAL_CONTAINER),
    Field::new("overhead").then(Then::ResourceList),
    Field::new("resources").object(PLAIN_RESOURCES),
];

fn named(name: Option<Value<'_>>) -> Option<Value<'_>> {
    name.filter(|name| name.as_str().is_some_and(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use crate::api_defaults::{Version, object, pod, read};

    #[test]
    fn the_two_names_of_the_service_account_are_kept_equal() {
        for (written, filled) in [
            (r#"{"serviceAccount":"a"}"#, ("a", "a")),
            (r#"{"serviceAccountName":"b"}"#, ("b", "b")),
            (r#"{"serviceAccount":"a","serviceAccountName":"b"}"#, ("b", "b")),
            (r#"{"serviceAccount":"a","serviceAccountName":""}"#, ("a", "a")),
        ] {
            let arena = Bump::new();
            let text = format!(r#"{{"spec":{written}}}"#);
            let pod = pod(&arena, read(&arena, &text), Version::default());
            let names = ["serviceAccount", "serviceAccountName"].map(|name| pod.text(&["spec", name]).unwrap());
            assert_eq!((names[0], names[1]), filled, "{written}");
        }
        let arena = Bump::new();
        let bare = pod(&arena, read(&arena, r#"{"spec":{}}"#), Version::default());
        assert!(bare.fields(&["spec", "serviceAccount"]).is_none());
    }

    #[test]
    fn only_a_pods_grace_period_is_raised_to_one_second() {
        let arena = Bump::new();
        let spec = r#"{"terminationGracePeriodSeconds":-5}"#;
        let texts = [
            format!(r#"{{"apiVersion":"v1","kind":"Pod","spec":{spec}}}"#),
            format!(r#"{{"apiVersion":"v1","kind":"PodTemplate","template":{{"spec":{spec}}}}}"#),
        ];
        let [pod, template] = texts.each_ref().map(|text| object(&arena, read(&arena, text), Version::default()));
        let grace = "terminationGracePeriodSeconds";
        assert_eq!(pod.fields(&["spec", grace]).unwrap().as_i64(), Some(1));
        assert_eq!(template.fields(&["template", "spec", grace]).unwrap().as_i64(), Some(-5));
    }
}
