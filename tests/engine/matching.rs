//! Which requests a policy applies to.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{REPLICA_SET_CONTROLLER, Review, cluster, namespaced, rule};

fn policy(spec: &str) -> String {
    cluster("p", &format!("mode: Enforce, {spec} rules: [{{name: r, require: {{pod: 'false', message: wrong}}}}]"))
}

fn matches(spec: &str, object: Value) -> bool {
    !Review::create(&policy(spec), decoded(&object)).is_allowed()
}

#[test]
fn by_kind_without_and_with_names() {
    for (spec, of_pod, of_deployment, of_job) in [
        ("", true, true, true),
        ("match: {kinds: [Pod]},", true, false, false),
        ("match: {kinds: [Deployment.apps, Job.batch]},", false, true, true),
        ("match: {excludeKinds: [Job.batch]},", true, true, false),
    ] {
        assert_eq!(matches(spec, pod(json!({}))), of_pod, "{spec}");
        assert_eq!(matches(spec, deployment(json!({}))), of_deployment, "{spec}");
        assert_eq!(matches(spec, owner("batch/v1", "Job", json!({}))), of_job, "{spec}");
    }
}

#[test]
fn excluded_kinds_are_left_out_with_the_pods_that_their_controllers_make() {
    let text = policy("match: {excludeKinds: [ReplicaSet.apps]},");
    for (user, matches) in [(REPLICA_SET_CONTROLLER, false), ("system:kube-controller-manager", false), ("jane", true)]
    {
        let review = Review::create(&text, decoded(&made_pod(json!({})))).by(user, &[]);
        assert_eq!(!review.is_allowed(), matches, "{user}");
    }
    // In a file the reference is believed.
    let file = made_pod(json!({}));
    let review = Review::create(&text, decoded(&file));
    assert_eq!(review.dry_run(Some(&file), |run| run.matched.len()), 0);
    assert_eq!(review.dry_run(None, |run| run.matched.len()), 1);
}

#[test]
fn by_operation() {
    for (spec, on_create, on_update) in [
        ("", true, true),
        ("match: {operations: [CREATE]},", true, false),
        ("match: {operations: [UPDATE]},", false, true),
    ] {
        let (old, new) =
            (decoded(&pod(json!({}))), decoded(&with(pod(json!({})), "/spec/containers/0/image", json!("x:2"))));
        assert_eq!(!Review::create(&policy(spec), new.clone()).is_allowed(), on_create, "{spec}");
        assert_eq!(!Review::update(&policy(spec), old, new).is_allowed(), on_update, "{spec}");
    }
}

#[test]
fn by_namespace_name_and_label() {
    for (spec, expected) in [
        ("match: {namespaces: [shop]},", true),
        ("match: {namespaces: ['sh*']},", true),
        ("match: {namespaces: ['*op', other]},", true),
        ("match: {namespaces: [other, 'team-*']},", false),
        ("match: {excludeNamespaces: [shop]},", false),
        ("match: {excludeNamespaces: ['s*']},", false),
        ("match: {namespaces: ['s*'], excludeNamespaces: [other]},", true),
        ("match: {namespaceSelector: {matchLabels: {tier: web}}},", true),
        ("match: {namespaceSelector: {matchLabels: {tier: db}}},", false),
        ("match: {namespaceSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [web]}]}},", false),
        ("match: {namespaceSelector: {matchExpressions: [{key: x, operator: DoesNotExist}]}},", true),
        ("match: {namespaces: [shop], namespaceSelector: {matchLabels: {tier: db}}},", false),
    ] {
        let review = Review::create(&policy(spec), decoded(&pod(json!({})))).in_namespace(json!({"tier": "web"}));
        assert_eq!(!review.is_allowed(), expected, "{spec}");
    }
}

#[test]
fn a_pod_policy_applies_to_its_own_namespace_only() {
    for (namespace, expected) in [("shop", true), ("other", false)] {
        let text =
            namespaced("p", namespace, "mode: Enforce, rules: [{name: r, require: {pod: 'false', message: wrong}}]");
        assert_eq!(!Review::create(&text, decoded(&pod(json!({})))).is_allowed(), expected, "{namespace}");
    }
}

#[test]
fn by_the_labels_of_the_pod_or_the_template_old_or_new() {
    let spec = "match: {podSelector: {matchLabels: {app: web}}},";
    let labelled = |object: Value, labels: Value| with(object, "/metadata/labels", labels);
    assert!(matches(spec, deployment(json!({}))));
    assert!(matches(spec, labelled(pod(json!({})), json!({"app": "web"}))));
    assert!(!matches(spec, pod(json!({}))));
    // The labels of a Deployment are not those of its Pods.
    let other = with(deployment(json!({})), "/spec/template/metadata/labels", json!({"app": "db"}));
    assert!(!matches(spec, labelled(other, json!({"app": "web"}))));
    let web = || decoded(&labelled(pod(json!({})), json!({"app": "web"})));
    let none = || decoded(&with(pod(json!({})), "/spec/containers/0/image", json!("x:2")));
    for (old, new) in [(web(), none()), (none(), web())] {
        assert!(!Review::update(&policy(spec), old, new).is_allowed());
    }
    // A label is not taken off to get away; but `NotIn` matches already what has none.
    let not_in = "match: {podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}},";
    assert!(!Review::update(&policy(not_in), none(), web()).is_allowed());
}

#[test]
fn all_conditions_must_hold() {
    for (conditions, expected) in [
        ("[{name: a, expression: 'true'}]", true),
        ("[{name: a, expression: 'true'}, {name: b, expression: 'false'}]", false),
        ("[{name: a, expression: \"request.userInfo.username == 'jane'\"}]", true),
        ("[{name: a, expression: \"request.operation == 'UPDATE'\"}]", false),
        ("[{name: a, expression: \"oldObject == null && object.metadata.name == 'p'\"}]", true),
        ("[{name: a, expression: \"namespaceObject.metadata.name == 'shop'\"}]", true),
    ] {
        assert_eq!(matches(&format!("match: {{conditions: {conditions}}},"), pod(json!({}))), expected, "{conditions}");
    }
}

#[test]
fn a_policy_that_comes_to_match_by_an_edit_says_what_it_withholds() {
    let label = rule("override: {pod: {metadata: {labels: {tier: x}}}}");
    let of_tier = "mode: Warn, match: {podSelector: {matchLabels: {tier: x}}}, \
        rules: [{name: r, override: {container: {workingDir: /x}}}]";
    let review = Review::create(&(label + &cluster("q", of_tier)), applied(&pod(json!({}))));
    assert_eq!(review.withheld(), ["q/r=spec.containers[0].workingDir:mode"]);
}
