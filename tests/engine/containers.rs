//! Which containers a rule is about.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, rule};

fn every_role() -> Value {
    decoded(&pod(json!({
        "initContainers": [
            {"name": "i", "image": "quay.io/x/init:1"}, {"name": "s", "image": "side", "restartPolicy": "Always"}
        ],
        "containers": [container(json!({"image": "registry.example.com:5000/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000"}))],
        "ephemeralContainers": [{"name": "e", "image": "Not An Image"}]
    })))
}

/// The names of the containers that a rule with this selector finds.
fn selected(selector: &str) -> String {
    let text = rule(&format!("{selector} require: {{container: 'false', message: wrong, field: image}}"));
    let found = Review::create(&text, every_role()).violations();
    let name = |violation: &String| match violation {
        v if v.contains("initContainers[0]") => 'i',
        v if v.contains("initContainers[1]") => 's',
        v if v.contains("ephemeralContainers[0]") => 'e',
        v if v.contains("spec.containers[0]") => 'a',
        v => panic!("{v}"),
    };
    found.iter().map(name).collect()
}

#[test]
fn by_role_name_and_image_and_all_without_a_word() {
    for (selector, expected) in [
        ("", "isae"),
        ("containers: {roles: [main]},", "a"),
        ("containers: {roles: [init]},", "i"),
        ("containers: {roles: [sidecar, ephemeral]},", "se"),
        ("containers: {names: ['*']},", "isae"),
        ("containers: {names: [a, '?']},", "isae"),
        ("containers: {names: ['b*', s]},", "s"),
        // Images are written out in full, and what is no image is compared as it is written.
        ("containers: {images: ['docker.io/library/side:latest']},", "s"),
        ("containers: {images: ['docker.io/*']},", "s"),
        ("containers: {images: ['registry.example.com:5000/*']},", "a"),
        ("containers: {images: ['*@sha256:*']},", "a"),
        ("containers: {images: ['*']},", "isae"),
        ("containers: {roles: [init, main], images: ['quay.io/*']},", "i"),
        ("containers: {names: [a], images: ['quay.io/*']},", ""),
    ] {
        assert_eq!(selected(selector), expected, "{selector}");
    }
}

#[test]
fn a_rule_skips_the_roles_for_which_the_api_forbids_its_field() {
    for (field, expected) in [
        ("resources.limits.memory", "isa"),
        ("ports", "isa"),
        ("readinessProbe", "sa"),
        ("livenessProbe", "sa"),
        ("startupProbe", "sa"),
        ("lifecycle", "sa"),
        ("securityContext", "isae"),
        ("image", "isae"),
    ] {
        let text = rule(&format!("require: {{container: 'false', message: wrong, field: {field}}}"));
        assert_eq!(Review::create(&text, every_role()).violations().len(), expected.len(), "{field}");
    }
}

#[test]
fn when_runs_for_each_container_of_a_rule_about_containers() {
    let text = rule(
        "when: container.name == 'a' && container.role == 'main', default: {container: {imagePullPolicy: Never}}, onUnknown: Replace",
    );
    assert_eq!(Review::create(&text, every_role()).edits(), [r#"/spec/containers/0/imagePullPolicy="Never""#]);
    let text = rule(
        "when: \"container.role in ['sidecar', 'ephemeral']\", require: {container: 'false', message: wrong, field: image}",
    );
    assert_eq!(
        Review::create(&text, every_role()).violations(),
        ["p/r=spec.initContainers[1].image:Enforce", "p/r=spec.ephemeralContainers[0].image:Enforce"]
    );
}

#[test]
fn when_of_a_rule_about_the_pod_too_is_asked_once() {
    let text =
        rule("when: \"1 / 0 == 1\", default: {pod: {metadata: {labels: {a: b}}}, container: {imagePullPolicy: Never}}");
    let review = Review::create(&text, every_role());
    assert_eq!(review.withheld(), ["p/r:error"]);
    let text = rule(
        "when: containers.size() == 4, default: {pod: {metadata: {labels: {a: b}}}, container: {imagePullPolicy: Never}}, onUnknown: Replace",
    );
    assert_eq!(Review::create(&text, every_role()).edits().len(), 5);
}

#[test]
fn containers_stand_in_expressions_with_their_roles_in_the_order_of_the_lists() {
    let text = rule(
        "require: {pod: \"containers.map(c, c.role + ' ' + c.name) == ['init i', 'sidecar s', 'main a', 'ephemeral e']\", message: wrong}",
    );
    assert!(Review::create(&text, every_role()).is_allowed());
}
