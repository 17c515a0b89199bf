//! Which of two policies that set one field wins, and what becomes of the other.

use serde_json::json;

use crate::objects::*;
use crate::reviews::{Review, cluster, namespaced, rule};

fn grace(extra: &str, seconds: u32) -> String {
    format!(
        "mode: Enforce, {extra} rules: [{{name: r, default: {{pod: {{spec: {{terminationGracePeriodSeconds: {seconds}}}}}}}}}]"
    )
}

#[test]
fn cluster_before_namespace_then_priority_then_name_then_rule_order() {
    for (case, policies, expected, loser) in [
        ("name", cluster("b", &grace("", 50)) + &cluster("a", &grace("", 60)), 60, "b/r"),
        ("priority", cluster("a", &grace("", 50)) + &cluster("b", &grace("priority: 1,", 60)), 60, "a/r"),
        ("negative priority", cluster("a", &grace("priority: -1,", 50)) + &cluster("b", &grace("", 60)), 60, "a/r"),
        (
            "a PodPolicy never goes first",
            namespaced("a", "shop", &grace("priority: 100,", 50)) + &cluster("z", &grace("priority: -100,", 60)),
            60,
            "PodPolicy/shop/a/r",
        ),
        (
            "rule order",
            cluster(
                "a",
                "mode: Enforce, rules: [\
                {name: z, default: {pod: {spec: {terminationGracePeriodSeconds: 60}}}}, \
                {name: b, default: {pod: {spec: {terminationGracePeriodSeconds: 50}}}}]",
            ),
            60,
            "a/b",
        ),
    ] {
        let review = Review::create(&policies, applied(&pod(json!({}))));
        assert_eq!(review.edits(), [format!("/spec/terminationGracePeriodSeconds={expected}")], "{case}");
        assert_eq!(review.withheld(), [format!("{loser}=spec.terminationGracePeriodSeconds:conflict")], "{case}");
        assert_eq!(Review::create(&policies, review.edited()).edits(), [""; 0], "{case}");
    }
}

#[test]
fn two_rules_that_want_the_same_are_no_conflict() {
    let policies = cluster("a", &grace("", 50)) + &cluster("b", &grace("", 50));
    let review = Review::create(&policies, applied(&pod(json!({}))));
    assert_eq!(review.edits(), ["/spec/terminationGracePeriodSeconds=50"]);
    assert_eq!(review.withheld(), [""; 0]);
}

#[test]
fn a_rule_whose_value_is_there_already_has_won_too() {
    let policies = cluster("a", &grace("", 30)) + &cluster("b", &grace("", 50));
    let review = Review::create(&policies, applied(&pod(json!({}))));
    assert_eq!(review.edits(), [""; 0]);
    assert_eq!(review.withheld(), ["b/r=spec.terminationGracePeriodSeconds:conflict"]);
}

#[test]
fn a_rule_that_only_warns_does_not_stand_in_the_way() {
    let policies = cluster("a", &grace("", 50).replace("mode: Enforce", "mode: Warn")) + &cluster("b", &grace("", 60));
    let review = Review::create(&policies, applied(&pod(json!({}))));
    assert_eq!(review.edits(), ["/spec/terminationGracePeriodSeconds=60"]);
    assert_eq!(review.withheld(), ["a/r=spec.terminationGracePeriodSeconds:mode"]);
}

#[test]
fn one_container_is_no_conflict_with_another() {
    let policies = cluster(
        "p",
        "mode: Enforce, rules: [\
        {name: a, containers: {names: [a]}, default: {container: {imagePullPolicy: Always}}}, \
        {name: b, default: {container: {imagePullPolicy: Never}}}]",
    );
    let object = pod(json!({"containers": [container(json!({})), {"name": "b", "image": "nginx:1"}]}));
    let review = Review::create(&policies, applied(&object));
    assert_eq!(
        review.edits(),
        [r#"/spec/containers/0/imagePullPolicy="Always""#, r#"/spec/containers/1/imagePullPolicy="Never""#]
    );
    assert_eq!(review.withheld(), ["p/b=spec.containers[0].imagePullPolicy:conflict"]);
}

#[test]
fn edits_of_one_missing_parent_are_one_operation() {
    let text = rule("default: {container: {resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {cpu: 2m}}}}");
    let review = Review::create(&text, applied(&pod(json!({}))));
    assert_eq!(
        review.edits(),
        [
            r#"/spec/containers/0/resources/requests={"cpu":"1m","memory":"1Mi"}"#,
            r#"/spec/containers/0/resources/limits={"cpu":"2m"}"#,
        ]
    );
}
