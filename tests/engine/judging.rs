//! What `require` finds, and where it says so.

use podgate::admit::Endpoint;
use serde_json::json;

use crate::objects::*;
use crate::reviews::{Review, rule};

#[test]
fn one_rule_serves_all_kinds_and_names_the_field_where_the_kind_keeps_it() {
    let text = rule(
        "require: {pod: pod.spec.terminationGracePeriodSeconds == 5, field: spec.terminationGracePeriodSeconds, message: wrong}",
    );
    let of_container = rule("require: {container: has(container.livenessProbe), field: livenessProbe, message: wrong}");
    let template = deployment(json!({}))["spec"]["template"].clone();
    for (object, prefix) in [
        (pod(json!({})), ""),
        (deployment(json!({})), "spec.template."),
        (owner("batch/v1", "Job", json!({})), "spec.template."),
        (json!({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {}, "template": template}), "template."),
        (
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {}, "spec": {"jobTemplate": {"spec": {"template": template}}}}),
            "spec.jobTemplate.spec.template.",
        ),
    ] {
        let found = Review::create(&text, decoded(&object)).violations();
        assert_eq!(found, [format!("p/r={prefix}spec.terminationGracePeriodSeconds:Enforce")]);
        let found = Review::create(&of_container, decoded(&object)).violations();
        assert_eq!(found, [format!("p/r={prefix}spec.containers[0].livenessProbe:Enforce")]);
    }
}

#[test]
fn an_object_rule_sees_what_lies_outside_the_pod_and_its_field_is_one_of_the_object() {
    let text = rule(
        "require: {object: \"object.kind == 'Pod' || object.spec.?replicas.orValue(1) > 1\", field: spec.replicas, message: wrong}",
    );
    let object = deployment(json!({}));
    assert_eq!(Review::create(&text, decoded(&object)).violations(), ["p/r=spec.replicas:Enforce"]);
    assert!(Review::create(&text, decoded(&with(object, "/spec/replicas", json!(2)))).is_allowed());
    assert!(Review::create(&text, decoded(&pod(json!({})))).is_allowed());
}

#[test]
fn without_a_field_the_path_is_that_of_what_is_judged() {
    for (rule_text, path) in [
        ("require: {container: 'false', message: wrong}", "spec.template.spec.containers[0]"),
        ("require: {pod: 'false', message: wrong}", "spec.template"),
        ("require: {object: 'false', message: wrong}", ""),
    ] {
        let found = Review::create(&rule(rule_text), decoded(&deployment(json!({})))).violations();
        assert_eq!(found, [format!("p/r={path}:Enforce")], "{rule_text}");
    }
}

#[test]
fn each_container_is_judged_by_itself() {
    let text = rule("require: {container: container.name != 'b', message: wrong}");
    let object = pod(json!({
        "containers": [container(json!({})), {"name": "b", "image": "x"}],
        "initContainers": [{"name": "b", "image": "x"}]
    }));
    assert_eq!(
        Review::create(&text, decoded(&object)).violations(),
        ["p/r=spec.initContainers[0]:Enforce", "p/r=spec.containers[1]:Enforce"]
    );
    let many: Vec<_> =
        (0..5000).map(|n| json!({"name": format!("c{n}"), "image": "x"})).chain([json!({"name": "b"})]).collect();
    let found = Review::create(&text, decoded(&pod(json!({"containers": many})))).violations();
    assert_eq!(found, ["p/r=spec.containers[5000]:Enforce"]);
}

#[test]
fn a_rule_that_cannot_be_evaluated_says_in_one_line_what_its_parts_were() {
    for (expression, said) in [
        (
            "container.resources.limits.cpu == '1'",
            "`container.resources.limits` is missing (`container.resources` is empty)",
        ),
        (
            "dyn(container.name) +\n          1 == 2",
            "`+` is not defined for a string and an int in `dyn(container.name) + 1` (`dyn(container.name)` is \"a\")",
        ),
        (
            "[1, 2].all(x, quantity(container.name).isLessThan(quantity('1')))",
            "not a quantity: `a` in `quantity(container.name)` (`container.name` is \"a\", in element 0 of `[1, 2]`)",
        ),
    ] {
        let text = rule(&format!("require: {{container: \"{expression}\", field: image, message: wrong}}"));
        let response = Review::create(&text, decoded(&pod(json!({})))).response(Endpoint::Validate);
        let message = response["status"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&format!("the rule cannot be evaluated: {said}")), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn a_message_is_a_text_or_what_an_expression_gives_on_one_line() {
    let message = |message: &str| {
        let text = rule(&format!("require: {{container: 'false', field: image, {message}}}"));
        let response = Review::create(&text, decoded(&pod(json!({})))).response(Endpoint::Validate);
        assert_eq!(response["allowed"], false);
        response["status"]["details"]["causes"][0]["message"].as_str().unwrap().to_owned()
    };
    let expected = "[ClusterPodPolicy/p/r] runs nginx:1 as a";
    assert_eq!(message("message: runs nginx:1 as a"), expected);
    assert_eq!(message("messageExpression: \"'runs ' + container.image + ' as ' + container.name\""), expected);
    assert_eq!(message("messageExpression: \"'  runs\\\\n' + container.image + ' as a '\""), expected);
    assert_eq!(message("messageExpression: \"' '\""), "[ClusterPodPolicy/p/r] violated (its message is empty)");
    assert!(message("messageExpression: string(1 / 0)").contains("violated (its message cannot be evaluated: "));
    let long = message(&format!("messageExpression: \"'{}' + container.name\"", "x".repeat(1100)));
    assert_eq!(long.chars().count(), "[ClusterPodPolicy/p/r] ".len() + 1024 + 1);
}

#[test]
fn variables_and_params_stand_in_every_expression_of_the_policy() {
    let text = crate::reviews::cluster(
        "p",
        "mode: Enforce, params: {least: 5, team: payments}, \
        variables: [{name: grace, expression: pod.spec.terminationGracePeriodSeconds}, \
            {name: enough, expression: variables.grace >= params.least}], \
        rules: [{name: r, when: variables.enough, require: {pod: '!variables.enough', \
            messageExpression: \"params.team + ' ' + string(variables.grace)\"}}]",
    );
    let response = Review::create(&text, decoded(&pod(json!({})))).response(Endpoint::Validate);
    assert_eq!(response["status"]["message"], "[ClusterPodPolicy/p/r] payments 30");
}

#[test]
fn an_expression_sees_the_request_without_its_objects() {
    for (expression, expected) in [
        ("request.userInfo.username == 'jane' && 'system:authenticated' in request.userInfo.groups", true),
        ("request.namespace == 'shop' && request.operation == 'CREATE' && request.kind.kind == 'Pod'", true),
        ("has(dyn(request).object) || has(dyn(request).oldObject) || has(dyn(request).uid)", false),
        ("oldObject == null", true),
        ("namespaceObject.metadata.name == 'shop'", true),
        ("object.metadata.name == pod.metadata.name && object.spec == pod.spec", true),
    ] {
        let text = rule(&format!("require: {{pod: \"{expression}\", message: wrong}}"));
        assert_eq!(Review::create(&text, decoded(&pod(json!({})))).is_allowed(), expected, "{expression}");
    }
}
