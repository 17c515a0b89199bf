//! Values that expressions give.

use serde_json::json;

use crate::objects::*;
use crate::reviews::{Review, cluster, rule};

fn review(text: &str) -> Review {
    Review::create(&rule(text), applied(&pod(json!({}))))
}

#[test]
fn a_scalar_and_a_map_are_merged_as_if_written_there() {
    for (text, expected) in [
        (
            "default: {pod: {spec: {terminationGracePeriodSeconds: {$expression: 40 + 5}}}}",
            &["/spec/terminationGracePeriodSeconds=45"][..],
        ),
        (
            "default: {pod: {metadata: {labels: {image: {$expression: \"image(containers[0].image).tag()\"}}}}}",
            &[r#"/metadata/labels={"image":"1"}"#],
        ),
        (
            "default: {container: {resources: {requests: {$expression: \"{'cpu': '1000m', 'memory': '1024Mi'}\"}}}}",
            &[r#"/spec/containers/0/resources/requests={"cpu":"1","memory":"1Gi"}"#],
        ),
        (
            "default: {container: {resources: {$expression: \"{'requests': {'cpu': 0.5}, 'limits': {'memory': '1Gi'}}\"}}}",
            &[
                r#"/spec/containers/0/resources/requests={"cpu":"500m"}"#,
                r#"/spec/containers/0/resources/limits={"memory":"1Gi"}"#,
            ],
        ),
        (
            "default: {container: {resources: {requests: {memory: 64Mi}, limits: {memory: {$expression: \"scale(quantity('100Mi'), 1.5)\"}}}}}",
            &[
                r#"/spec/containers/0/resources/requests={"memory":"64Mi"}"#,
                r#"/spec/containers/0/resources/limits={"memory":"150Mi"}"#,
            ],
        ),
        ("default: {pod: {spec: {terminationGracePeriodSeconds: {$expression: optional.none()}}}}", &[]),
        (
            "default: {pod: {spec: {terminationGracePeriodSeconds: {$expression: optional.of(45)}}}}",
            &["/spec/terminationGracePeriodSeconds=45"],
        ),
        ("default: {pod: {metadata: {labels: {$expression: \"{}\"}}}}", &[]),
        (
            "default: {container: {resources: {limits: {$expression: \"{?'cpu': optional.none(), ?'memory': optional.of('1Gi')}\"}}}}",
            &[r#"/spec/containers/0/resources/limits={"memory":"1Gi"}"#],
        ),
    ] {
        assert_eq!(review(text).edits(), expected, "{text}");
        assert_eq!(review(text).withheld(), [""; 0], "{text}");
    }
}

#[test]
fn what_the_api_server_would_not_take_is_withheld_with_the_reason() {
    let grace = |expression: &str| {
        format!("default: {{pod: {{spec: {{terminationGracePeriodSeconds: {{$expression: \"{expression}\"}}}}}}}}")
    };
    let labels =
        |expression: &str| format!("default: {{pod: {{metadata: {{labels: {{$expression: \"{expression}\"}}}}}}}}");
    let resources =
        |expression: &str| format!("default: {{container: {{resources: {{$expression: \"{expression}\"}}}}}}");
    for (text, code) in [
        (grace("dyn('45')"), "invalid"),
        (grace("dyn(-1)"), "invalid"),
        (grace("dyn(null)"), "invalid"),
        (grace("dyn([45])"), "invalid"),
        (grace("1 / 0"), "error"),
        (grace("dyn({})"), "invalid"),
        (labels("{'a!b': 'c'}"), "invalid"),
        (labels("{'a': 'b c'}"), "invalid"),
        (labels("{'a': dyn(1)}"), "invalid"),
        (resources("{'requests': {'nvidia.com/gpu': '1'}}"), "invalid"),
        (resources("{'requests': {'cpu': 'much'}}"), "invalid"),
        (resources("{'requests': {'memory': '100m'}}"), "invalid"),
        (resources("{'claims': '1'}"), "invalid"),
    ] {
        let review = review(&text);
        assert_eq!(review.edits(), [""; 0], "{text}");
        let withheld = review.withheld();
        assert!(withheld.len() == 1 && withheld[0].ends_with(&format!(":{code}")), "{text}: {withheld:?}");
    }
}

#[test]
fn a_map_of_hundreds_of_labels_is_no_default() {
    let text = rule("default: {pod: {metadata: {labels: {$expression: \"object.metadata.annotations\"}}}}");
    for (count, edits) in [(256, 1), (257, 0)] {
        let annotations: serde_json::Map<_, _> = (0..count).map(|n| (format!("k{n}"), json!("v"))).collect();
        let object = with(decoded(&pod(json!({}))), "/metadata/annotations", json!(annotations));
        assert_eq!(Review::create(&text, object).edits().len(), edits, "{count}");
    }
}

#[test]
fn a_value_that_would_be_another_one_on_its_own_result_is_withheld_and_only_that() {
    let unstable = "default: {pod: {metadata: {labels: {a: b, k: {$expression: \"string(size(object.metadata.?labels.orValue({})))\"}}}}}";
    let first = review(unstable);
    assert_eq!(first.edits(), [r#"/metadata/labels={"a":"b"}"#]);
    assert_eq!(first.withheld(), ["p/r=metadata.labels.k:unstable"]);
    // One that reads what it sets, and gives the same again, is fine.
    let stable =
        "default: {pod: {metadata: {labels: {k: {$expression: \"object.metadata.?labels.?k.orValue('x')\"}}}}}";
    assert_eq!(review(stable).edits(), [r#"/metadata/labels={"k":"x"}"#]);
    // Two that chase one another.
    let chase = "default: {pod: {metadata: {labels: {\
        a: {$expression: \"'b' in object.metadata.?labels.orValue({}) ? 'x' : 'y'\"}, \
        b: {$expression: \"'a' in object.metadata.?labels.orValue({}) ? 'x' : 'y'\"}}}}}";
    assert_eq!(review(chase).edits(), [""; 0]);
    // A request that is fitted to podgate's own limit is no sign of anything.
    let fitted = "default: {container: {resources: {limits: {cpu: 100m}, requests: {cpu: {$expression: \"'200m'\"}}}}}";
    assert_eq!(
        review(fitted).edits(),
        [
            r#"/spec/containers/0/resources/limits={"cpu":"100m"}"#,
            r#"/spec/containers/0/resources/requests={"cpu":"100m"}"#,
        ]
    );
}

#[test]
fn a_rule_is_not_blamed_for_the_value_of_another() {
    let policies =
        cluster(
            "a",
            "mode: Enforce, rules: [{name: x, default: {pod: {metadata: {labels: {k: {$expression: \"'1'\"}}}}}}]",
        ) + &cluster("b", "mode: Enforce, rules: [{name: z, default: {pod: {metadata: {labels: {k: '2'}}}}}]");
    let review = Review::create(&policies, applied(&pod(json!({}))));
    assert_eq!(review.edits(), [r#"/metadata/labels={"k":"1"}"#]);
    assert_eq!(review.withheld(), ["b/z=metadata.labels.k:conflict"]);
}

#[test]
fn values_and_conditions_see_the_object_before_podgates_edits() {
    let policies = cluster(
        "a",
        "mode: Enforce, rules: [\
        {name: x, default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}}, \
        {name: z, default: {pod: {metadata: {annotations: {grace: {$expression: \"string(object.spec.terminationGracePeriodSeconds)\"}}}}}}]",
    );
    let review = Review::create(&policies, applied(&pod(json!({}))));
    // 30 is what it sees, and 45 what it would see next: nothing that lasts.
    assert_eq!(review.edits(), ["/spec/terminationGracePeriodSeconds=45"]);
    assert_eq!(review.withheld(), ["a/z=metadata.annotations.grace:unstable"]);
}

#[test]
fn a_rule_that_an_edit_wakes_is_followed_to_the_end_so_that_a_second_call_finds_nothing() {
    let woken_by_value = cluster(
        "a",
        "mode: Enforce, rules: [\
        {name: x, default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}}, \
        {name: z, when: object.spec.terminationGracePeriodSeconds > 40, default: {pod: {metadata: {labels: {slow: 'true'}}}}}]",
    );
    let woken_by_label = cluster(
        "a",
        "mode: Enforce, rules: [{name: x, default: {pod: {metadata: {labels: {app: web}}}}}]",
    ) + &cluster(
        "b",
        "mode: Enforce, match: {podSelector: {matchLabels: {app: web}}}, rules: [{name: z, default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}}]",
    );
    let woken_by_condition = cluster(
        "a",
        "mode: Enforce, rules: [{name: x, default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}}]",
    ) + &cluster(
        "b",
        "mode: Enforce, match: {conditions: [{name: slow, expression: object.spec.terminationGracePeriodSeconds > 40}]}, \
            rules: [{name: z, default: {pod: {metadata: {labels: {slow: 'true'}}}}}]",
    );
    for policies in [woken_by_value, woken_by_label, woken_by_condition] {
        let review = Review::create(&policies, applied(&pod(json!({}))));
        assert_eq!(review.edits().len(), 2, "{policies}");
        assert_eq!(Review::create(&policies, review.edited()).edits(), [""; 0], "{policies}");
    }
}
