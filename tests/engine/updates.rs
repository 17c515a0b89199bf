//! On an update only new violations deny.

use podgate::admit::Endpoint;
use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, rule};

/// Whether the violation of `/validate` is new, old, or not there.
fn found(text: &str, old: &Value, new: &Value) -> &'static str {
    let review = Review::update(text, decoded(old), decoded(new));
    let verdict = review.verdict();
    match verdict.violations.as_slice() {
        [] => "none",
        [one] if one.ends_with(":old") => {
            // An old one warns.
            assert!(verdict.allowed && review.warnings(Endpoint::Validate).len() == 1, "{one}");
            "old"
        }
        [one] => {
            assert!(!verdict.allowed, "{one}");
            "new"
        }
        more => panic!("{more:?}"),
    }
}

#[test]
fn with_a_field_its_value_decides() {
    let text = rule(
        "require: {container: \"container.?resources.?limits.?memory.orValue('') == '1Gi'\", field: resources.limits.memory, message: wrong}",
    );
    let limit = |memory: Value| pod_with(json!({"resources": {"limits": {"memory": memory, "cpu": "1"}}}));
    let none = || pod_with(json!({"resources": {"limits": {"cpu": "2"}}}));
    for (old, new, expected) in [
        (limit(json!("2Gi")), with(limit(json!("2Gi")), "/metadata/labels", json!({"a": "b"})), "old"),
        (limit(json!("2Gi")), with(limit(json!("2Gi")), "/spec/containers/0/image", json!("x:2")), "old"),
        (limit(json!("2Gi")), limit(json!("3Gi")), "new"),
        (limit(json!("1Gi")), limit(json!("2Gi")), "new"),
        (limit(json!("2Gi")), limit(json!("1Gi")), "none"),
        (limit(json!("2Gi")), none(), "new"),
        (none(), with(none(), "/spec/containers/0/image", json!("x:2")), "old"),
        (none(), with(none(), "/spec/containers/0/name", json!("b")), "new"),
    ] {
        assert_eq!(found(&text, &old, &new), expected, "{old} {new}");
    }
    // The same name in another role is another container.
    let init = pod(
        json!({"initContainers": [{"name": "x", "image": "x"}], "containers": [container(json!({"resources": {"limits": {"memory": "1Gi"}}}))]}),
    );
    let sidecar = with(init.clone(), "/spec/initContainers/0/restartPolicy", json!("Always"));
    assert_eq!(found(&text, &init, &sidecar), "new");
    // The place in the list does not matter.
    let two = |first: &str, second: &str| {
        pod(
            json!({"containers": [{"name": first, "image": "x", "resources": {"limits": {"memory": "1Gi"}}}, {"name": second, "image": "x"}]}),
        )
    };
    let mut swapped = two("a", "b");
    swapped["spec"]["containers"].as_array_mut().unwrap().reverse();
    assert_eq!(found(&text, &two("a", "b"), &swapped), "old");
}

#[test]
fn without_a_field_the_whole_of_what_is_judged_decides() {
    let of_container = rule("require: {container: container.name != 'a', message: wrong}");
    let of_pod = rule("require: {pod: 'false', message: wrong}");
    let of_object = rule("require: {object: 'false', message: wrong}");
    let old = || pod(json!({"containers": [container(json!({})), {"name": "b", "image": "x"}]}));
    let changed = |pointer: &str, value: Value| with(old(), pointer, value);
    for (what, new, container, pod, object) in [
        (
            "status and what the server writes",
            {
                let mut new = changed("/status", json!({"phase": "Running"}));
                new["metadata"]["resourceVersion"] = json!("7");
                new["metadata"]["finalizers"] = json!(["a/b"]);
                new["metadata"]["annotations"] = Value::Null;
                new["spec"]["containers"][1]["image"] = json!("x");
                new
            },
            "none",
            "none",
            "none",
        ),
        ("a label", changed("/metadata/labels", json!({"a": "b"})), "old", "old", "new"),
        ("another container", changed("/spec/containers/1/image", json!("x:2")), "old", "new", "new"),
        ("the container", changed("/spec/containers/0/image", json!("x:2")), "new", "new", "new"),
        ("the Pod spec", changed("/spec/activeDeadlineSeconds", json!(9)), "old", "new", "new"),
    ] {
        assert_eq!(found(&of_container, &old(), &new), container, "container: {what}");
        assert_eq!(found(&of_pod, &old(), &new), pod, "pod: {what}");
        assert_eq!(found(&of_object, &old(), &new), object, "object: {what}");
    }
}

#[test]
fn a_violation_of_another_rule_is_no_excuse() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [\
        {name: a, require: {pod: \"!has(pod.metadata.labels)\", field: spec.dnsPolicy, message: wrong}}, \
        {name: b, require: {pod: \"has(pod.metadata.labels)\", field: spec.dnsPolicy, message: wrong}}]",
    );
    let new = with(pod(json!({})), "/metadata/labels", json!({"a": "b"}));
    assert_eq!(found(&text, &pod(json!({})), &new), "new");
}

#[test]
fn a_rule_about_the_change_itself_is_always_new() {
    let text = rule(
        "require: {object: \"oldObject == null || object.spec.replicas >= oldObject.spec.replicas\", field: spec.replicas, message: wrong}",
    );
    let replicas = |count: u32| with(deployment(json!({})), "/spec/replicas", json!(count));
    assert_eq!(found(&text, &replicas(3), &replicas(2)), "new");
    assert_eq!(found(&text, &replicas(2), &replicas(3)), "none");
}

#[test]
fn an_old_error_is_old_only_where_nothing_changed_that_the_rule_is_about() {
    let text =
        rule("require: {container: image(container.image).registry() == 'docker.io', field: name, message: wrong}");
    let bad = |image: &str| pod_with(json!({"image": image}));
    let labelled = with(bad("Not An Image"), "/metadata/labels", json!({"a": "b"}));
    assert_eq!(found(&text, &bad("Not An Image"), &labelled), "old");
    assert_eq!(found(&text, &bad("Not An Image"), &bad("Not Another")), "new");
    assert_eq!(found(&text, &bad("Not An Image"), &bad("quay.io/x")), "new");
    let longer = with(bad("Not An Image"), "/spec/containers/0/workingDir", json!("/"));
    assert_eq!(found(&text, &bad("Not An Image"), &longer), "new");
}

#[test]
fn the_old_owner_is_judged_with_podgates_edits_as_the_new_one_is() {
    // Only Pods with the label get a limit. An owner that drops the label brings the violation.
    let text = cluster(
        "p",
        "mode: Enforce, rules: [\
        {name: d, when: \"'small' in pod.metadata.?labels.orValue({})\", default: {container: {resources: {limits: {memory: 1Gi}}}}}, \
        {name: r, require: {container: \"has(container.resources.limits)\", field: resources.limits, message: wrong}}]",
    );
    let small = with(deployment(json!({})), "/spec/template/metadata/labels", json!({"small": "1"}));
    let none = with(deployment(json!({})), "/spec/template/metadata/labels", json!({}));
    assert_eq!(found(&text, &small, &none), "new");
    assert_eq!(found(&text, &none, &small), "none");
    assert_eq!(found(&text, &none, &with(none.clone(), "/metadata/labels", json!({"a": "b"}))), "old");
}

#[test]
fn what_a_variable_costs_is_paid_once_for_the_old_object_too() {
    // The variable takes about a twentieth of what all expressions have together.
    let numbers = (0..300).map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
    let expression = "params.l.all(a, params.l.all(b, a + b >= 0))";
    let variable = format!("variables: [{{name: slow, expression: '{expression}'}}]");
    let slow = format!("{{name: c, expression: '{expression}'}}");
    let violated =
        |n| format!("{{name: r{n}, require: {{pod: '!variables.slow', field: spec.nodeName, message: wrong}}}}");
    let rules: Vec<_> = (0..40).map(violated).collect();
    let fast = "{name: c, expression: 'true'}".to_owned();
    for condition in [fast, slow] {
        let text = cluster(
            "p",
            &format!(
                "mode: Enforce, match: {{conditions: [{condition}]}}, params: {{l: [{numbers}]}}, {variable}, rules: [{}]",
                rules.join(", ")
            ),
        );
        let old = decoded(&pod(json!({})));
        let labelled = with(old.clone(), "/metadata/labels", json!({"a": "b"}));
        let violations = Review::update(&text, old, labelled).violations();
        assert_eq!(violations.len(), 40);
        assert!(violations.iter().all(|violation| violation.ends_with(":Enforce:old")), "{violations:?}");
    }
}

#[test]
fn ephemeral_containers_and_resizes_are_judged() {
    let text = rule(
        "require: {container: \"!container.?securityContext.?privileged.orValue(false)\", field: securityContext, message: wrong}",
    );
    let debug = json!({"ephemeralContainers": [{"name": "d", "image": "x", "securityContext": {"privileged": true}}]});
    let review = Review::update(&text, decoded(&pod(json!({}))), decoded(&pod(debug))).through("ephemeralcontainers");
    assert_eq!(review.verdict().violations, ["p/r=spec.ephemeralContainers[0].securityContext:Enforce"]);
    assert!(!review.is_allowed());
    let text = rule(
        "require: {container: \"quantity(container.resources.limits.cpu).compareTo(quantity('1')) <= 0\", field: resources.limits.cpu, message: wrong}",
    );
    let cpu = |cpu: &str| decoded(&pod_with(json!({"resources": {"limits": {"cpu": cpu}}})));
    assert!(!Review::update(&text, cpu("1"), cpu("2")).through("resize").is_allowed());
    assert!(Review::update(&text, cpu("1"), cpu("500m")).through("resize").is_allowed());
}

#[test]
fn what_a_pod_selector_comes_to_cover_is_new() {
    let text = cluster(
        "p",
        "mode: Enforce, match: {podSelector: {matchLabels: {app: web}}}, \
         rules: [{name: r, require: {pod: 'false', field: spec.dnsPolicy, message: wrong}}]",
    );
    let labelled = |value: &str| with(pod(json!({})), "/metadata/labels", json!({"app": value}));
    assert_eq!(found(&text, &labelled("other"), &labelled("web")), "new");
    assert_eq!(found(&text, &labelled("web"), &labelled("other")), "old");
    assert_eq!(found(&text, &labelled("other"), &labelled("another")), "none");
}
