//! Edits that are due when the validating webhook is called: mutation failed open, or somebody undid it.

use podgate::admit::Endpoint;
use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, rule};

const OVERRIDE: &str = "override: {pod: {spec: {terminationGracePeriodSeconds: 45}}}";
const BOUND: &str = "bound: {container: {resources: {limits: {memory: {max: 1Gi}}}}}";
const REWRITE: &str = "rewriteImages: [{from: docker.io, to: mirror.io}]";

fn big() -> Value {
    pod_with(json!({"resources": {"limits": {"memory": "4Gi"}}}))
}

#[test]
fn an_enforced_edit_that_was_not_made_denies_and_says_why() {
    for (text, object, path) in [
        (OVERRIDE, pod(json!({})), "spec.terminationGracePeriodSeconds"),
        (BOUND, big(), "spec.containers[0].resources.limits.memory"),
        (REWRITE, pod(json!({})), "spec.containers[0].image"),
    ] {
        let review = Review::create(&rule(text), applied(&object));
        assert_eq!(review.violations(), [format!("p/r={path}:Enforce")], "{text}");
        assert!(!review.is_allowed());
        // After the edits nothing is due.
        let mutated = Review::create(&rule(text), decoded(&review.edited()));
        assert_eq!(mutated.violations(), [""; 0], "{text}");
    }
    let response = Review::create(&rule(REWRITE), applied(&pod(json!({})))).response(Endpoint::Validate);
    assert_eq!(
        response["status"]["message"],
        "[ClusterPodPolicy/p/r] spec.containers[0].image: must be \"mirror.io/library/nginx:1\", and is \"nginx:1\": \
         podgate's mutating webhook did not run"
    );
}

#[test]
fn defaults_and_additions_are_never_due() {
    for text in [
        "default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}",
        "append: {pod: {spec: {tolerations: [{key: a}]}}}",
    ] {
        assert_eq!(Review::create(&rule(text), applied(&pod(json!({})))).violations(), [""; 0], "{text}");
    }
    // Nor is a range of what only a default would set.
    let both = cluster(
        "p",
        "mode: Enforce, rules: [{name: d, default: {container: {resources: {limits: {memory: 2Gi}}}}}, \
            {name: b, bound: {container: {resources: {limits: {memory: {max: 1Gi}}}}}}]",
    );
    assert_eq!(Review::create(&both, applied(&pod(json!({})))).violations(), [""; 0]);
}

#[test]
fn a_rule_that_only_warns_is_not_due_and_controllers_may_be_let_pass() {
    let warn = cluster("p", &format!("mode: Warn, rules: [{{name: r, {REWRITE}}}]"));
    assert_eq!(Review::create(&warn, applied(&pod(json!({})))).violations(), [""; 0]);
    let pass = cluster("p", &format!("mode: Enforce, controllerPods: Warn, rules: [{{name: r, {REWRITE}}}]"));
    let made = written_by("kube-controller-manager", &made_pod(json!({})));
    let review = Review::create(&pass, made).by(crate::reviews::REPLICA_SET_CONTROLLER, &[]);
    assert_eq!(review.violations(), ["p/r=spec.containers[0].image:Warn"]);
    assert!(review.is_allowed());
}

#[test]
fn what_mutate_would_not_touch_is_not_due() {
    let grace = |seconds: u32| json!({"terminationGracePeriodSeconds": seconds});
    // The template's field in a Pod that was made from it.
    let made = written_by("kube-controller-manager", &made_pod(grace(10)));
    let made = Review::create(&rule(OVERRIDE), made).by(crate::reviews::REPLICA_SET_CONTROLLER, &[]);
    assert_eq!(made.violations(), [""; 0]);
    // A template that does not change.
    let old = applied(&deployment(grace(10)));
    let labelled = with(old.clone(), "/metadata/labels", json!({"a": "b"}));
    assert_eq!(Review::update(&rule(OVERRIDE), old.clone(), labelled).violations(), [""; 0]);
    // Images of Pods go into Pods.
    assert_eq!(Review::create(&rule(REWRITE), applied(&deployment(json!({})))).violations(), [""; 0]);
    // A Pod that exists, but for its new image.
    let running = applied(&big());
    let labelled = with(running.clone(), "/metadata/labels", json!({"a": "b"}));
    assert_eq!(Review::update(&rule(BOUND), running.clone(), labelled.clone()).violations(), [""; 0]);
    assert_eq!(Review::update(&rule(REWRITE), running.clone(), labelled).violations(), [""; 0]);
    let image = with(running.clone(), "/spec/containers/0/image", json!("nginx:2"));
    assert_eq!(Review::update(&rule(REWRITE), running, image).violations(), ["p/r=spec.containers[0].image:Enforce"]);
}

#[test]
fn on_an_update_only_what_is_new_denies() {
    let grace = |seconds: u32| json!({"terminationGracePeriodSeconds": seconds});
    let image = |object: Value| with(object, "/spec/template/spec/containers/0/image", json!("nginx:2"));
    let old = applied(&deployment(grace(10)));
    let review = Review::update(&rule(OVERRIDE), old.clone(), image(old.clone()));
    let path = "spec.template.spec.terminationGracePeriodSeconds";
    assert_eq!(review.violations(), [format!("p/r={path}:Enforce:old")]);
    assert!(review.is_allowed());
    let review = Review::update(&rule(OVERRIDE), old, image(applied(&deployment(grace(20)))));
    assert_eq!(review.violations(), [format!("p/r={path}:Enforce")]);
    assert!(!review.is_allowed());
}
