//! `append`: elements that are not there yet, beside what an author wrote.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, rule};

fn edits(text: &str, spec: Value) -> Vec<String> {
    let review = Review::create(text, applied(&pod(spec)));
    let edited = review.edited();
    for again in [edited.clone(), decoded(&edited)] {
        assert_eq!(Review::create(text, again).edits(), [""; 0], "{text}");
    }
    review.edits()
}

#[test]
fn an_atomic_list_gets_what_it_lacks_at_its_end() {
    let text =
        rule("append: {pod: {spec: {tolerations: [{key: spot, operator: Exists}, {key: gpu, operator: Exists}]}}}");
    let (spot, gpu) = (r#"{"key":"spot","operator":"Exists"}"#, r#"{"key":"gpu","operator":"Exists"}"#);
    assert_eq!(edits(&text, json!({})), [format!("/spec/tolerations=[{spot},{gpu}]")]);
    let written =
        json!({"tolerations": [{"operator": "Exists", "key": "gpu"}, {"key": "spot", "effect": "NoExecute"}]});
    assert_eq!(edits(&text, written), [format!("/spec/tolerations/2={spot}")]);
}

#[test]
fn a_list_with_keys_gets_elements_whose_key_it_lacks() {
    let text = rule(
        "append: {container: {env: [{name: A, value: x}, {name: B, value: x}]}, pod: {spec: {imagePullSecrets: [{name: pull}]}}}",
    );
    let spec = json!({"containers": [container(json!({"env": [{"name": "A", "value": "mine"}]}))]});
    assert_eq!(
        edits(&text, spec),
        [r#"/spec/imagePullSecrets=[{"name":"pull"}]"#, r#"/spec/containers/0/env/1={"name":"B","value":"x"}"#]
    );
}

#[test]
fn lists_in_objects_are_reached_and_made() {
    let text = rule("append: {container: {securityContext: {capabilities: {drop: [ALL]}}}}");
    assert_eq!(edits(&text, json!({})), [r#"/spec/containers/0/securityContext={"capabilities":{"drop":["ALL"]}}"#]);
    let spec = json!({"containers": [container(json!({"securityContext": {"capabilities": {"drop": ["NET_RAW"]}}}))]});
    assert_eq!(edits(&text, spec), [r#"/spec/containers/0/securityContext/capabilities/drop/1="ALL""#]);
}

#[test]
fn it_adds_to_a_list_that_another_rule_sets_and_nothing_moves_in_the_next_call() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [{name: a, append: {pod: {spec: {tolerations: [{key: b}]}}}}, \
            {name: o, override: {pod: {spec: {tolerations: [{key: a}]}}}}]",
    );
    assert_eq!(edits(&text, json!({})), [r#"/spec/tolerations=[{"key":"a"},{"key":"b"}]"#]);
    let other = json!({"tolerations": [{"key": "x"}, {"key": "y2"}, {"key": "z"}]});
    assert_eq!(edits(&text, other), [r#"/spec/tolerations=[{"key":"a"},{"key":"b"}]"#]);
}

#[test]
fn a_container_that_is_added_gets_what_containers_get() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [{name: s, append: {pod: {spec: {initContainers: [{name: proxy, image: 'proxy:1', restartPolicy: Always}]}}}}, \
            {name: d, default: {container: {resources: {requests: {cpu: 10m}}}}}]",
    );
    let review = Review::create(&text, applied(&pod(json!({}))));
    let edited = review.edited();
    assert_eq!(edited["spec"]["initContainers"][0]["resources"], json!({"requests": {"cpu": "10m"}}));
    assert_eq!(edited["spec"]["containers"][0]["resources"], json!({"requests": {"cpu": "10m"}}));
    assert_eq!(Review::create(&text, decoded(&edited)).edits(), [""; 0]);
}

#[test]
fn two_that_add_another_element_of_one_key_are_in_conflict() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [{name: a, append: {container: {env: [{name: A, value: x}]}}}, \
            {name: b, append: {container: {env: [{name: A, value: z}]}}}]",
    );
    let review = Review::create(&text, applied(&pod(json!({}))));
    assert_eq!(review.edits(), [r#"/spec/containers/0/env=[{"name":"A","value":"x"}]"#]);
    assert_eq!(review.withheld(), ["p/b=spec.containers[0].env[0]:conflict"]);
}
