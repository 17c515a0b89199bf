//! Where edits go: into Pods, into templates, or both.

use serde_json::json;

use crate::objects::*;
use crate::reviews::{Review, rule};

const FILLED_IN: &str = "default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}";
const NOT_FILLED_IN: &str = "default: {container: {resources: {requests: {cpu: 100m}}}}";

fn is_edited(text: &str, object: serde_json::Value) -> bool {
    !Review::create(&rule(text), object).edits().is_empty()
}

#[test]
fn by_default_what_the_api_server_fills_in_goes_into_templates_and_bare_pods_and_the_rest_into_pods() {
    for (text, template, bare, made) in [
        (FILLED_IN.to_owned(), true, true, false),
        (NOT_FILLED_IN.to_owned(), false, true, true),
        (format!("{FILLED_IN}, injectInto: [Pods]"), false, true, false),
        (format!("{FILLED_IN}, injectInto: [Templates]"), true, false, false),
        (format!("{NOT_FILLED_IN}, injectInto: [Templates]"), true, false, false),
        (format!("{NOT_FILLED_IN}, injectInto: [Pods, Templates]"), true, true, true),
        ("default: {pod: {metadata: {labels: {a: b}}}}".to_owned(), false, true, true),
        ("default: {pod: {spec: {enableServiceLinks: false}}}, onUnknown: Replace".to_owned(), true, true, true),
    ] {
        assert_eq!(is_edited(&text, applied(&deployment(json!({})))), template, "template: {text}");
        assert_eq!(is_edited(&text, applied(&pod(json!({})))), bare, "bare Pod: {text}");
        let made_pod = written_by("kube-controller-manager", &made_pod(json!({})));
        assert_eq!(is_edited(&text, made_pod), made, "made Pod: {text}");
    }
}

#[test]
fn every_kind_with_a_template_is_edited_where_it_keeps_it() {
    for (api_version, kind) in [
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "ReplicaSet"),
        ("v1", "ReplicationController"),
        ("batch/v1", "Job"),
    ] {
        let review = Review::create(&rule(FILLED_IN), applied(&owner(api_version, kind, json!({}))));
        assert_eq!(review.edits(), ["/spec/template/spec/terminationGracePeriodSeconds=45"], "{kind}");
    }
    let template = deployment(json!({}))["spec"]["template"].clone();
    let pod_template =
        json!({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "t"}, "template": template});
    let review = Review::create(&rule(FILLED_IN), applied(&pod_template));
    assert_eq!(review.edits(), ["/template/spec/terminationGracePeriodSeconds=45"]);
    let cron_job = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}});
    let review = Review::create(&rule(FILLED_IN), applied(&cron_job));
    assert_eq!(review.edits(), ["/spec/jobTemplate/spec/template/spec/terminationGracePeriodSeconds=45"]);
}

#[test]
fn a_computed_map_is_sorted_into_pods_and_templates_field_by_field() {
    let text = "default: {pod: {$expression: \"{'metadata': {'labels': {'a': 'b'}}, \
        'spec': {'terminationGracePeriodSeconds': 45}}\"}}";
    let review = Review::create(&rule(text), applied(&deployment(json!({}))));
    assert_eq!(review.edits(), ["/spec/template/spec/terminationGracePeriodSeconds=45"]);
    let review = Review::create(&rule(text), applied(&pod(json!({}))));
    assert_eq!(review.edits(), [r#"/metadata/labels={"a":"b"}"#, "/spec/terminationGracePeriodSeconds=45"]);
}
