//! What the API server fills into each kind of workload around its Pod template.

use bumpalo::Bump;

use crate::api_defaults::daemon_set::GENERATION;
use crate::api_defaults::pod_spec::{POD, TEMPLATE};
use crate::api_defaults::shape::{Field, Fill, Shape};
use crate::api_defaults::volume::VOLUME_CLAIM;
use crate::document::{Step, Value, edit};

/// The rows for objects of this kind, if it is a kind that carries a Pod spec.
pub fn shape(api_version: &str, kind: &str) -> Option<Shape> {
    let (_, _, shape) = KINDS.iter().find(|(version, name, _)| *version == api_version && *name == kind)?;
    Some(shape)
}

const KINDS: &[(&str, &str, Shape)] = &[
    ("v1", "Pod", POD),
    ("v1", "PodTemplate", &[METADATA, Field::new("template").missing(Fill::Struct).object(TEMPLATE)]),
    ("v1", "ReplicationController", &[METADATA, spec(REPLICATION_CONTROLLER), STATUS]),
    ("apps/v1", "ReplicaSet", &[METADATA, spec(&[ONE_REPLICA, POD_TEMPLATE]), STATUS]),
    ("apps/v1", "Deployment", &[METADATA, spec(DEPLOYMENT), STATUS]),
    ("apps/v1", "StatefulSet", &[METADATA, spec(STATEFUL_SET), STATUS]),
    ("apps/v1", "DaemonSet", &[METADATA.object(DAEMON_SET_METADATA), spec(DAEMON_SET), STATUS]),
    ("batch/v1", "Job", &[METADATA, spec(JOB), STATUS]),
    ("batch/v1", "CronJob", &[METADATA, spec(CRON_JOB), STATUS]),
];

const METADATA: Field = Field::new("metadata").missing(Fill::Struct);
const STATUS: Field = Field::new("status").missing(Fill::Struct);
const POD_TEMPLATE: Field = Field::new("template").missing(Fill::Struct).object(TEMPLATE);
const ONE_REPLICA: Field = Field::new("replicas").missing(Fill::Int(1));
const HISTORY: Field = Field::new("revisionHistoryLimit").missing(Fill::Int(10));
const ROLLING_UPDATE: Field = Field::new("type").zero(Fill::Text("RollingUpdate"));

/// Its template is a pointer in Go: an absent one stays absent.
const REPLICATION_CONTROLLER: Shape = &[ONE_REPLICA, Field::new("template").object(TEMPLATE)];

const DEPLOYMENT: Shape = &[
    ONE_REPLICA,
    Field::new("strategy").missing(Fill::Struct).object(&[
        ROLLING_UPDATE,
        Field::new("rollingUpdate").missing(Fill::Empty).given(rolls).object(&[
            Field::new("maxUnavailable").missing(Fill::Text("25%")),
            Field::new("maxSurge").missing(Fill::Text("25%")),
        ]),
    ]),
    HISTORY,
    Field::new("progressDeadlineSeconds").missing(Fill::Int(600)),
    POD_TEMPLATE,
];

const STATEFUL_SET: Shape = &[
    Field::new("podManagementPolicy").zero(Fill::Text("OrderedReady")),
    Field::new("updateStrategy").missing(Fill::Struct).object(&[
        // Only where the type is absent too: a written `type: RollingUpdate` alone gets no partition.
        Field::new("rollingUpdate").missing(Fill::Empty).given(|strategy| is_empty(strategy.field("type"))),
        ROLLING_UPDATE,
        Field::new("rollingUpdate").given(rolls).object(&[
            Field::new("partition").missing(Fill::Int(0)),
            Field::new("maxUnavailable").missing(Fill::Int(1)).since(37),
        ]),
    ]),
    Field::new("persistentVolumeClaimRetentionPolicy").missing(Fill::Empty).object(&[
        Field::new("whenDeleted").zero(Fill::Text("Retain")),
        Field::new("whenScaled").zero(Fill::Text("Retain")),
    ]),
    ONE_REPLICA,
    HISTORY,
    // Written even where it is empty.
    Field::new("serviceName").missing(Fill::Text("")),
    POD_TEMPLATE,
    Field::new("volumeClaimTemplates").list(VOLUME_CLAIM),
];

const DAEMON_SET: Shape = &[
    Field::new("updateStrategy").missing(Fill::Struct).object(&[
        ROLLING_UPDATE,
        Field::new("rollingUpdate").missing(Fill::Empty).given(rolls).object(&[
            Field::new("maxUnavailable").missing(Fill::Int(1)),
            Field::new("maxSurge").missing(Fill::Int(0)),
        ]),
    ]),
    HISTORY,
    POD_TEMPLATE,
];

const DAEMON_SET_METADATA: Shape =
    &[Field::new("annotations").missing(Fill::Struct).object(&[Field::new(GENERATION).missing(Fill::Text("0"))])];

const JOB: Shape = &[
    Field::new("completions").missing(Fill::Int(1)).given(|job| job.field("parallelism").is_none()),
    Field::new("parallelism").missing(Fill::Int(1)),
    Field::new("backoffLimit").missing(Fill::Computed(|job| {
        let per_index = job.field("backoffLimitPerIndex").is_some();
        Some(Value::Int(if per_index { i64::from(i32::MAX) } else { 6 }))
    })),
    Field::new("completionMode").missing(Fill::Text("NonIndexed")),
    Field::new("suspend").missing(Fill::Bool(false)),
    Field::new("podReplacementPolicy").missing(Fill::Computed(|job| {
        let by_failure = job.field("podFailurePolicy").is_some();
        Some(Value::String(if by_failure { "Failed" } else { "TerminatingOrFailed" }))
    })),
    Field::new("manualSelector").missing(Fill::Bool(false)),
    POD_FAILURE_POLICY,
    POD_TEMPLATE,
];

const POD_FAILURE_POLICY: Field = Field::new("podFailurePolicy")
    .object(&[Field::new("rules")
        .list(&[Field::new("onPodConditions").list(&[Field::new("status").zero(Fill::Text("True"))])])]);

/// The Job inside gets its own defaults only when it is created.
const CRON_JOB: Shape = &[
    Field::new("concurrencyPolicy").zero(Fill::Text("Allow")),
    Field::new("suspend").missing(Fill::Bool(false)),
    Field::new("successfulJobsHistoryLimit").missing(Fill::Int(3)),
    Field::new("failedJobsHistoryLimit").missing(Fill::Int(1)),
    Field::new("jobTemplate").missing(Fill::Struct).object(&[METADATA, spec(&[POD_FAILURE_POLICY, POD_TEMPLATE])]),
];

const fn spec(shape: Shape) -> Field {
    Field::new("spec").missing(Fill::Struct).object(shape)
}

fn rolls(strategy: Value<'_>) -> bool {
    strategy.text(&["type"]) == Some("RollingUpdate")
}

fn is_empty(value: Option<Value<'_>>) -> bool {
    value.is_none_or(|value| {
        matches!(value, Value::String("")) || matches!(value, Value::Object(members) if members.is_empty())
    })
}

/// A Job and a ReplicationController without labels take those of their template, a ReplicationController without a
/// selector selects by them.
pub fn with_template_labels<'a>(arena: &'a Bump, kind: &str, object: Value<'a>) -> Value<'a> {
    let targets: &[&[&str]] = match kind {
        "Job" => &[&["metadata", "labels"]],
        "ReplicationController" => &[&["metadata", "labels"], &["spec", "selector"]],
        _ => return object,
    };
    let labels = object.fields(&["spec", "template", "metadata", "labels"]);
    let Some(labels @ Value::Object([_, ..])) = labels else {
        return object;
    };
    targets.iter().filter(|target| is_empty(object.fields(target))).fold(object, |object, target| {
        let steps: Vec<_> = target.iter().map(|key| Step::key(key)).collect();
        edit::set(arena, object, &steps, labels).unwrap_or(object)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_defaults::{Version, object, read};

    /// The object's fields beside the template.
    fn defaulted(api_version: &str, kind: &str, spec: &str, minor: u32) -> String {
        let arena = Bump::new();
        let text = format!(r#"{{"apiVersion":"{api_version}","kind":"{kind}","spec":{spec}}}"#);
        let object = object(&arena, read(&arena, &text), Version { minor });
        let path = [Step::key("template")];
        edit::remove(&arena, object.field("spec").unwrap(), &path).to_string()
    }

    #[test]
    fn each_kind_has_its_defaults() {
        let rolling = r#""rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}"#;
        let retain = r#""persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain","whenScaled":"Retain"},"replicas":1,"revisionHistoryLimit":10"#;
        for (api_version, kind, spec, filled) in [
            (
                "apps/v1",
                "Deployment",
                "{}",
                format!(
                    r#"{{"replicas":1,"strategy":{{"type":"RollingUpdate",{rolling}}},"revisionHistoryLimit":10,"progressDeadlineSeconds":600}}"#
                ),
            ),
            (
                "apps/v1",
                "Deployment",
                r#"{"replicas":0,"strategy":{"type":"Recreate"}}"#,
                r#"{"replicas":0,"strategy":{"type":"Recreate"},"revisionHistoryLimit":10,"progressDeadlineSeconds":600}"#.to_owned(),
            ),
            (
                "apps/v1",
                "StatefulSet",
                r#"{"serviceName":"s"}"#,
                format!(
                    r#"{{"serviceName":"s","podManagementPolicy":"OrderedReady","updateStrategy":{{"rollingUpdate":{{"partition":0,"maxUnavailable":1}},"type":"RollingUpdate"}},{retain}}}"#
                ),
            ),
            (
                "apps/v1",
                "StatefulSet",
                r#"{"serviceName":"s","updateStrategy":{"type":"RollingUpdate"}}"#,
                format!(
                    r#"{{"serviceName":"s","updateStrategy":{{"type":"RollingUpdate"}},"podManagementPolicy":"OrderedReady",{retain}}}"#
                ),
            ),
            (
                "apps/v1",
                "DaemonSet",
                "{}",
                r#"{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1,"maxSurge":0}},"revisionHistoryLimit":10}"#.to_owned(),
            ),
            ("apps/v1", "ReplicaSet", "{}", r#"{"replicas":1}"#.to_owned()),
            ("v1", "ReplicationController", r#"{"replicas":null}"#, r#"{"replicas":1}"#.to_owned()),
            (
                "batch/v1",
                "Job",
                "{}",
                r#"{"completions":1,"parallelism":1,"backoffLimit":6,"completionMode":"NonIndexed","suspend":false,"podReplacementPolicy":"TerminatingOrFailed","manualSelector":false}"#.to_owned(),
            ),
            (
                "batch/v1",
                "Job",
                r#"{"parallelism":2,"backoffLimitPerIndex":1,"podFailurePolicy":{"rules":[{"onPodConditions":[{"type":"a"}]}]}}"#,
                r#"{"parallelism":2,"backoffLimitPerIndex":1,"podFailurePolicy":{"rules":[{"onPodConditions":[{"type":"a","status":"True"}]}]},"backoffLimit":2147483647,"completionMode":"NonIndexed","suspend":false,"podReplacementPolicy":"Failed","manualSelector":false}"#.to_owned(),
            ),
            (
                "batch/v1",
                "CronJob",
                r#"{"jobTemplate":1}"#,
                r#"{"jobTemplate":1,"concurrencyPolicy":"Allow","suspend":false,"successfulJobsHistoryLimit":3,"failedJobsHistoryLimit":1}"#.to_owned(),
            ),
        ] {
            assert_eq!(defaulted(api_version, kind, spec, 37), filled, "{kind} {spec}");
        }
    }

    #[test]
    fn what_go_has_no_absent_form_for_is_always_there() {
        for (api_version, kind, _) in KINDS {
            let arena = Bump::new();
            let text = format!(r#"{{"apiVersion":"{api_version}","kind":"{kind}","metadata":null}}"#);
            let object = object(&arena, read(&arena, &text), Version::default());
            let keys: Vec<_> = object.members().iter().map(|member| member.key).collect();
            let last = if *kind == "PodTemplate" {
                ["metadata", "template"].as_slice()
            } else {
                &["metadata", "spec", "status"]
            };
            assert_eq!(keys, [&["apiVersion", "kind"], last].concat(), "{kind}");
            let template = match *kind {
                "Pod" | "ReplicationController" => continue,
                "PodTemplate" => object.field("template"),
                "CronJob" => object.fields(&["spec", "jobTemplate", "spec", "template"]),
                _ => object.fields(&["spec", "template"]),
            };
            assert!(template.unwrap().fields(&["metadata"]).is_some(), "{kind}");
            assert!(template.unwrap().fields(&["spec", "dnsPolicy"]).is_some(), "{kind}");
        }
    }

    #[test]
    fn a_daemon_set_has_its_old_counter_as_an_annotation() {
        for (metadata, expected) in [
            ("{}", r#"{"annotations":{"deprecated.daemonset.template.generation":"0"}}"#),
            (
                r#"{"annotations":{"a":"b"}}"#,
                r#"{"annotations":{"a":"b","deprecated.daemonset.template.generation":"0"}}"#,
            ),
            (
                r#"{"annotations":{"deprecated.daemonset.template.generation":"7"}}"#,
                r#"{"annotations":{"deprecated.daemonset.template.generation":"7"}}"#,
            ),
        ] {
            let arena = Bump::new();
            let text = format!(r#"{{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{metadata}}}"#);
            let object = object(&arena, read(&arena, &text), Version::default());
            assert_eq!(object.field("metadata").unwrap().to_string(), expected);
        }
    }

    #[test]
    fn a_volume_claim_template_becomes_a_whole_object() {
        let claim =
            r#"{"volumeClaimTemplates":[{"kind":"Odd","spec":{"resources":{"requests":{"storage":"1024Mi"}}}}]}"#;
        let expected = r#"{"volumeClaimTemplates":[{"kind":"PersistentVolumeClaim","spec":{"resources":{"requests":{"storage":"1Gi"}},"volumeMode":"Filesystem"},"apiVersion":"v1","metadata":{},"status":{"phase":"Pending"}}]"#;
        assert!(defaulted("apps/v1", "StatefulSet", claim, 37).starts_with(expected));
    }

    #[test]
    fn stateful_sets_have_a_bound_on_unavailable_pods_since_1_37() {
        assert!(defaulted("apps/v1", "StatefulSet", "{}", 37).contains("maxUnavailable"));
        assert!(!defaulted("apps/v1", "StatefulSet", "{}", 36).contains("maxUnavailable"));
    }

    #[test]
    fn jobs_and_replication_controllers_take_the_labels_of_their_template() {
        let template = r#""spec":{"template":{"metadata":{"labels":{"a":"b"}}}}"#;
        for (kind, metadata, labels, selector) in [
            ("Job", "{}", Some("{\"a\":\"b\"}"), None),
            ("Job", r#"{"labels":{"own":"x"}}"#, Some("{\"own\":\"x\"}"), None),
            ("ReplicationController", r#"{"labels":{}}"#, Some("{\"a\":\"b\"}"), Some("{\"a\":\"b\"}")),
            ("Deployment", "{}", None, None),
        ] {
            let arena = Bump::new();
            let text = format!(r#"{{"metadata":{metadata},{template}}}"#);
            let object = with_template_labels(&arena, kind, read(&arena, &text));
            let at = |keys: &[&str]| object.fields(keys).map(|value| value.to_string());
            assert_eq!(at(&["metadata", "labels"]).as_deref(), labels, "{kind}");
            assert_eq!(at(&["spec", "selector"]).as_deref(), selector, "{kind}");
        }
    }
}
