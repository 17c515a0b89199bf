//! What hundreds of rules over hundreds of containers cost: an answer in time, and none that is cut in the middle.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use podgate::admit::Endpoint;
use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, patch, rule};

/// A Pod of so many containers.
fn crowd(containers: usize) -> Value {
    let containers: Vec<_> = (0..containers).map(|n| json!({"name": format!("c{n}"), "image": "nginx:1"})).collect();
    applied(&pod(json!({"containers": containers})))
}

/// So many rules that each want another variable in each container.
fn variables(rules: usize) -> String {
    let mut text = String::new();
    for policy in 0..rules.div_ceil(100) {
        let mut list = String::new();
        for rule in 0..rules.min(100) {
            let _ = write!(
                list,
                "{{name: r{rule}, default: {{container: {{env: [{{name: V{policy}X{rule}, value: x}}]}}}}}},"
            );
        }
        text += &cluster(&format!("p{policy}"), &format!("mode: Enforce, rules: [{list}]"));
    }
    text
}

/// Slow machines and debug builds included; before there was an index this took minutes.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn hundreds_of_rules_that_want_the_same_are_answered_soon() {
    let mut list = String::new();
    for rule in 0..100 {
        let _ = write!(list, "{{name: r{rule}, default: {{container: {{terminationMessagePath: /r{rule}}}}}}},");
    }
    let policies: String =
        (0..3).map(|n| cluster(&format!("p{n}"), &format!("mode: Enforce, rules: [{list}]"))).collect();
    let review = Review::create(&policies, crowd(256));
    let start = Instant::now();
    let response = review.response(Endpoint::Mutate);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(patch(&response).0.len(), 256);
    assert_eq!(Review::create(&policies, review.edited()).edits(), [""; 0]);
}

#[test]
fn a_patch_of_thousands_of_operations_is_none_at_all() {
    let review = Review::create(&variables(10), crowd(200));
    assert_eq!(review.edits().len(), 200, "an operation for each list that was missing");
    let mut object = crowd(256);
    for container in object["spec"]["containers"].as_array_mut().unwrap() {
        container["env"] = json!([{"name": "A"}]);
    }
    let review = Review::create(&variables(20), object);
    let start = Instant::now();
    assert_eq!(review.edits(), [""; 0]);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(!review.withheld().is_empty());
}

#[test]
fn rules_that_spend_the_budget_are_left_out_as_a_whole_and_say_so() {
    let review = Review::create(&variables(300), crowd(250));
    let start = Instant::now();
    let response = review.response(Endpoint::Mutate);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(response["allowed"], true);
    assert!(response["auditAnnotations"]["withheld"].is_string(), "{response}");
}

#[test]
fn an_update_with_thousands_of_old_offences_is_answered_soon() {
    let object = |label: &str| {
        let add: Vec<_> = (0..20_000).map(|n| format!("X{n}")).collect();
        let pod = pod_with(json!({"securityContext": {"capabilities": {"add": add}}}));
        decoded(&with(pod, "/metadata/labels", json!({"l": label})))
    };
    let review = Review::update(&rule("podSecurity: {level: baseline}"), object("a"), object("b"));
    let start = Instant::now();
    assert!(review.is_allowed());
    assert!(start.elapsed() < SOON / 2, "{:?}", start.elapsed());
}

#[test]
fn thousands_of_profiles_in_annotations_are_answered_soon() {
    let annotations: serde_json::Map<_, _> = (0..4_000)
        .map(|n| (format!("container.apparmor.security.beta.kubernetes.io/c{n}"), json!("unconfined")))
        .collect();
    let containers: Vec<_> = (0..8_000).map(|n| json!({"name": format!("c{n}"), "image": "i"})).collect();
    let mut object = deployment(json!({"containers": containers}));
    object["spec"]["template"]["metadata"]["annotations"] = json!(annotations);
    let review = Review::create(&rule("podSecurity: {level: baseline}"), decoded(&object));
    let start = Instant::now();
    assert!(!review.is_allowed());
    assert!(start.elapsed() < SOON / 2, "{:?}", start.elapsed());
}

#[test]
fn thousands_of_resources_are_answered_soon() {
    let amounts = |name: &str, count: usize| -> serde_json::Map<_, _> {
        (0..count).map(|n| (format!("{name}{n}"), json!("1Gi"))).collect()
    };
    let both = |list: serde_json::Map<String, Value>| json!({"limits": list, "requests": list});
    let extended = container(json!({"resources": both(amounts("example.com/r", 60_000))}));
    let huge = container(json!({"resources": both(amounts("hugepages-", 20_000))}));
    let sidecar = json!({"name": "s", "image": "i", "restartPolicy": "Always"});
    let of_pod = json!({"limits": {"cpu": "1"}});
    for (containers, others, of_pod) in [
        (vec![extended], vec![], of_pod.clone()),
        (vec![huge.clone()], vec![], both(amounts("hugepages-", 20_000))),
        (
            vec![container(json!({}))],
            [vec![with(huge, "/restartPolicy", json!("Always"))], vec![sidecar; 20_000]].concat(),
            of_pod,
        ),
    ] {
        let object = deployment(json!({"containers": containers, "initContainers": others, "resources": of_pod}));
        let review = Review::create(&rule("require: {pod: 'true', message: m}"), decoded(&object));
        let start = Instant::now();
        assert!(review.is_allowed());
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    }
}

#[test]
fn thousands_of_volumes_are_answered_soon() {
    let reviews = [
        // Volumes of images: so many are left alone.
        (
            "rewriteImages: [{from: a.io, to: mirror.io}]",
            pod(
                json!({"volumes": (0..8_000).map(|n| json!({"name": format!("v{n}"), "image": {"reference": "a.io/a:1"}})).collect::<Vec<_>>()}),
            ),
            0,
        ),
        // A list that is compared with what the API server would make of it, once for each container.
        (
            "override: {container: {securityContext: {capabilities: {drop: [ALL]}}}}",
            pod(json!({
                "containers": (0..100).map(|n| json!({
                    "name": format!("c{n}"), "image": "a:1", "securityContext": {"capabilities": {"drop": ["NET_RAW"]}},
                })).collect::<Vec<_>>(),
                "volumes": (0..8_000).map(|n| json!({"name": format!("v{n}"), "emptyDir": {}})).collect::<Vec<_>>(),
            })),
            100,
        ),
    ];
    for (text, object, expected) in reviews {
        let review = Review::create(&rule(text), applied(&object));
        let start = Instant::now();
        assert_eq!(patch(&review.response(Endpoint::Mutate)).0.len(), expected, "{text}");
        assert!(start.elapsed() < SOON / 2, "{text}: {:?}", start.elapsed());
    }
}

#[test]
fn thousands_of_claims_beside_thousands_of_volumes_are_answered_soon() {
    let claims: Vec<_> = (0..8_000).map(|n| json!({"metadata": {"name": format!("c{n}")}})).collect();
    let volumes: Vec<_> = (0..8_000).map(|n| json!({"name": format!("v{n}"), "emptyDir": {}})).collect();
    let mut object = owner("apps/v1", "StatefulSet", json!({"volumes": volumes}));
    object["spec"]["volumeClaimTemplates"] = json!(claims);
    let text = rule("require: {pod: 'size(pod.spec.volumes) > 16000', message: volumes are missing}");
    let review = Review::create(&text, decoded(&object));
    let start = Instant::now();
    assert!(review.is_allowed(), "{}", review.response(Endpoint::Validate));
    assert!(start.elapsed() < SOON / 2, "{:?}", start.elapsed());
}

#[test]
fn thousands_of_members_that_an_update_drops_are_answered_soon() {
    let text = rule(
        "default: {pod: {spec: {nodeSelector: {$expression: \"{'disk': object.metadata.name}\"}}}}, injectInto: [Templates]",
    );
    let selector: serde_json::Map<_, _> = (0..8_000).map(|n| (format!("k{n}"), json!("v"))).collect();
    let old = with(deployment(json!({})), "/spec/template/spec/nodeSelector", json!(selector));
    let review = Review::update(&text, decoded(&old), decoded(&deployment(json!({}))));
    let start = Instant::now();
    assert_eq!(review.edits().len(), 1);
    assert!(start.elapsed() < SOON / 2, "{:?}", start.elapsed());
}

#[test]
fn hundreds_of_ranges_of_one_field_are_answered_soon() {
    let ranges: String = (0..100)
        .map(|n| {
            format!("{{name: r{n}, bound: {{container: {{resources: {{limits: {{cpu: {{max: '{}'}}}}}}}}}}}},", 10 + n)
        })
        .collect();
    let policies: String =
        (0..3).map(|n| cluster(&format!("p{n}"), &format!("mode: Enforce, rules: [{ranges}]"))).collect();
    let mut object = crowd(256);
    for container in object["spec"]["containers"].as_array_mut().unwrap() {
        container["resources"] = json!({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}});
    }
    let review = Review::create(&policies, object);
    let start = Instant::now();
    assert_eq!(review.edits(), [""; 0]);
    assert!(start.elapsed() < SOON / 2, "{:?}", start.elapsed());
}

#[test]
fn a_when_that_is_the_same_for_several_rules_or_for_all_containers_is_evaluated_once() {
    // About 640,000 steps, of the ten million that a request has.
    let when = |name: &str| {
        format!(
            "lists.range(200).all(a, lists.range(200).all(b, a + b > size({name}) - 1000)) && pod.metadata.name != ''"
        )
    };
    let allowed = |rules: &str, containers| {
        let policy = cluster("p", &format!("mode: Enforce, rules: [{rules}]"));
        Review::create(&policy, crowd(containers)).is_allowed()
    };
    let of_pod = |n: usize, name: &str| {
        format!("{{name: r{n}, when: \"{}\", require: {{pod: 'true', message: wrong}}}},", when(name))
    };
    let alike: String = (0..30).map(|n| of_pod(n, "pod.metadata.name")).collect();
    assert!(allowed(&alike, 1));
    let each =
        |name: &str| format!("{{name: r, when: \"{}\", require: {{container: 'true', message: wrong}}}}", when(name));
    assert!(allowed(&each("pod.metadata.name"), 30));
    // What is not the same costs each time, and there is not enough for that.
    let different: String = (0..30).map(|n| of_pod(n, &format!("pod.metadata.name + '{n}'"))).collect();
    assert!(!allowed(&different, 1));
    assert!(!allowed(&each("container.name"), 30));
}

#[test]
fn a_shared_when_that_fails_is_an_error_of_each_rule_that_has_it() {
    let rule = |name: &str| {
        format!(
            "{{name: {name}, when: \"pod.metadata.annotations.team == 'a'\", require: {{pod: 'true', message: wrong}}}}"
        )
    };
    let policy = cluster("p", &format!("mode: Enforce, rules: [{}, {}]", rule("a"), rule("b")));
    let verdict = Review::create(&policy, crowd(1)).verdict();
    assert_eq!(verdict.violations, ["p/a=:Enforce", "p/b=:Enforce"], "{verdict:?}");
}

#[test]
fn thousands_of_seccomp_annotations_are_answered_soon() {
    let annotations: serde_json::Map<_, _> = (0..30_000)
        .map(|n| (format!("container.seccomp.security.alpha.kubernetes.io/x{n}"), json!("runtime/default")))
        .collect();
    let containers: Vec<_> = (0..16_000).map(|n| json!({"name": format!("c{n}"), "image": "i"})).collect();
    let mut object = deployment(json!({"containers": containers}));
    object["spec"]["template"]["metadata"]["annotations"] = json!(annotations);
    let review = Review::create(&rule("podSecurity: {level: baseline, version: v1.18}"), decoded(&object));
    let start = Instant::now();
    assert!(review.is_allowed());
    assert!(start.elapsed() < SOON / 8, "{:?}", start.elapsed());
}

#[test]
fn a_condition_that_is_a_huge_list_is_said_in_short() {
    let object = with(pod(json!({})), "/metadata/annotations", json!({"a": "x".repeat(1 << 20)}));
    let text = rule("require: {pod: 'dyn(lists.range(1000).map(number, pod))', message: m}");
    let review = Review::create(&text, decoded(&object));
    let start = Instant::now();
    let response = review.response(Endpoint::Validate);
    assert!(start.elapsed() < SOON / 8, "{:?}", start.elapsed());
    let message = response["status"]["message"].as_str().unwrap();
    assert!(message.contains("is a list, not a bool") && message.len() < 1024, "{message}");
}
