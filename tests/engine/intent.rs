//! A default fills in what nobody wrote, and nothing else.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, rule};

const GRACE_45: &str = "default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}";
const SET: &[&str] = &["/spec/template/spec/terminationGracePeriodSeconds=45"];

fn grace(seconds: u32) -> Value {
    deployment(json!({"terminationGracePeriodSeconds": seconds}))
}

fn silent() -> Value {
    deployment(json!({}))
}

#[test]
fn only_what_the_api_server_filled_in_is_replaced() {
    for (way, object, expected, withheld) in [
        ("apply, silent", applied(&silent()), SET, None),
        ("apply, the server's value written out", applied(&grace(30)), &[], Some("authored")),
        ("apply, another value", applied(&grace(5)), &[], Some("authored")),
        ("server-side, silent", server_side(&silent()), SET, None),
        ("server-side, the server's value written out", server_side(&grace(30)), &[], Some("authored")),
        ("terraform", written_by("HashiCorp", &silent()), &[], Some("authored")),
        ("terraform-provider-helm is helm", written_by("terraform-provider-helm_v3", &silent()), SET, None),
        ("what admission set", applied_as(&grace(60), &silent()), &[], Some("admission")),
        ("podgate's own value", applied_as(&grace(45), &silent()), &[], None),
    ] {
        let review = Review::create(&rule(GRACE_45), object);
        assert_eq!(review.edits(), expected, "{way}");
        let path = "spec.template.spec.terminationGracePeriodSeconds";
        let expected: Vec<_> = withheld.map(|code| format!("p/r={path}:{code}")).into_iter().collect();
        assert_eq!(review.withheld(), expected, "{way}");
    }
}

#[test]
fn where_nobody_can_know_on_unknown_decides_and_a_longer_grace_is_worth_it() {
    let grace_of = |seconds: u32, on_unknown: &str| {
        format!("default: {{pod: {{spec: {{terminationGracePeriodSeconds: {seconds}}}}}}}{on_unknown}")
    };
    let pull = |on_unknown: &str| format!("default: {{container: {{imagePullPolicy: Always}}}}{on_unknown}");
    let grace_set = |seconds: u32| vec![format!("/spec/template/spec/terminationGracePeriodSeconds={seconds}")];
    let pull_set = || vec![r#"/spec/template/spec/containers/0/imagePullPolicy="Always""#.to_owned()];
    for (text, expected) in [
        (grace_of(45, ""), grace_set(45)),
        (grace_of(31, ""), grace_set(31)),
        (grace_of(29, ""), vec![]),
        (grace_of(45, ", onUnknown: Keep"), vec![]),
        (grace_of(10, ", onUnknown: Replace"), grace_set(10)),
        (pull(""), vec![]),
        (pull(", onUnknown: Keep"), vec![]),
        (pull(", onUnknown: Replace"), pull_set()),
    ] {
        for manager in ["kubectl-create", "helm", "controller-gen"] {
            let review = Review::create(&rule(&text), written_by(manager, &silent()));
            assert_eq!(review.edits(), expected, "{manager}: {text}");
        }
    }
    // A value that the API server would not have filled in was written by somebody.
    for text in [grace_of(45, ", onUnknown: Replace"), grace_of(45, "")] {
        let review = Review::create(&rule(&text), written_by("kubectl-create", &grace(10)));
        assert_eq!(review.edits(), [""; 0]);
    }
}

#[test]
fn a_pull_policy_is_the_servers_own_for_the_image_that_it_was_filled_in_for() {
    let text = rule("default: {container: {imagePullPolicy: Never}}");
    for (image, written, is_set) in [
        ("nginx", None, true),
        ("nginx:1", None, true),
        ("nginx", Some("Always"), false),
        ("nginx:1", Some("IfNotPresent"), false),
        ("nginx:1", Some("Always"), false),
    ] {
        let mut manifest = silent();
        let container = &mut manifest["spec"]["template"]["spec"]["containers"][0];
        container["image"] = json!(image);
        if let Some(written) = written {
            container["imagePullPolicy"] = json!(written);
        }
        let review = Review::create(&text, applied(&manifest));
        assert_eq!(!review.edits().is_empty(), is_set, "{image} {written:?}");
    }
    // `redis` to `redis:7` leaves `Always` behind, and nobody wrote it.
    let image = "/spec/template/spec/containers/0/image";
    let (old, new) = (with(silent(), image, json!("redis")), with(silent(), image, json!("redis:7")));
    let policy = "/spec/template/spec/containers/0/imagePullPolicy";
    let object = with(applied(&new), policy, json!("Always"));
    assert_eq!(
        Review::update(&text, applied(&old), object).edits(),
        [r#"/spec/template/spec/containers/0/imagePullPolicy="Never""#]
    );
}

#[test]
fn in_a_pod_of_a_built_in_controller_the_template_has_spoken_whoever_sends_it() {
    let fields = "default: {pod: {spec: {terminationGracePeriodSeconds: 45, dnsPolicy: Default}}, \
        container: {imagePullPolicy: Always, securityContext: {readOnlyRootFilesystem: true}}}, onUnknown: Replace";
    let made = written_by("kube-controller-manager", &made_pod(json!({})));
    for user in [crate::reviews::REPLICA_SET_CONTROLLER, "system:kube-controller-manager", "admin"] {
        let review = Review::create(&rule(fields), made.clone()).by(user, &[]);
        // What the API server does not fill in is nobody's yet.
        let expected = [r#"/spec/containers/0/securityContext={"readOnlyRootFilesystem":true}"#];
        assert_eq!(review.edits(), expected, "{user}");
        let withheld = review.withheld();
        assert_eq!(withheld.len(), 3, "{user}: {withheld:?}");
        assert!(withheld.iter().all(|entry| entry.ends_with(":template")), "{user}: {withheld:?}");
    }
    // A controller of another kind does not copy templates as far as anybody knows.
    let foreign = with(made, "/metadata/ownerReferences/0/apiVersion", json!("argoproj.io/v1alpha1"));
    assert_eq!(Review::create(&rule(fields), foreign).edits().len(), 4);
}

#[test]
fn a_value_that_is_there_already_is_no_edit_and_nothing_to_report() {
    let text = "default: {pod: {spec: {terminationGracePeriodSeconds: 30}}, \
        container: {resources: {requests: {cpu: 1000m, memory: 1024Mi}}}}";
    let resources = json!({"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}});
    let review = Review::create(&rule(text), applied(&pod_with(resources)));
    assert_eq!(review.edits(), [""; 0]);
    assert_eq!(review.withheld(), [""; 0]);
}

#[test]
fn a_patch_makes_missing_parents_and_replaces_null_ones() {
    let text =
        rule("default: {pod: {metadata: {labels: {a.b/c~d: x}}, spec: {securityContext: {runAsNonRoot: true}}}}");
    let text = text.replace("a.b/c~d", "a.b/c_d");
    let object = applied(&pod(json!({})));
    let object = with(object, "/metadata/labels", Value::Null);
    let object = with(object, "/spec/securityContext", Value::Null);
    assert_eq!(
        Review::create(&text, object).edits(),
        [r#"/metadata/labels={"a.b/c_d":"x"}"#, r#"/spec/securityContext={"runAsNonRoot":true}"#]
    );
    let labelled = applied(&with(pod(json!({})), "/metadata/labels", json!({"x": "y"})));
    assert_eq!(
        Review::create(&text, labelled).edits(),
        [r#"/metadata/labels/a.b~1c_d="x""#, "/spec/securityContext/runAsNonRoot=true"]
    );
}
