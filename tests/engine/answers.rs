//! What the API server gets back.

use podgate::admit::{self, Endpoint};
use podgate::facts::Facts;
use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, rule, set};

#[test]
fn a_denial_is_a_status_with_a_cause_for_each_violation() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [\
        {name: r, require: {pod: 'false', field: spec.dnsPolicy, message: first}}, \
        {name: s, require: {container: 'false', field: image, message: second}}, \
        {name: w, mode: Warn, require: {object: 'false', message: third}}]",
    );
    let response = Review::create(&text, decoded(&pod(json!({})))).response(Endpoint::Validate);
    let expected = json!({
        "uid": "3f6f5ff2-0000-4000-8000-000000000001",
        "allowed": false,
        "status": {
            "status": "Failure", "code": 403, "reason": "Forbidden",
            "message": "[ClusterPodPolicy/p/r] spec.dnsPolicy: first; [ClusterPodPolicy/p/s] spec.containers[0].image: second",
            "details": {"causes": [
                {"reason": "FieldValueInvalid", "message": "[ClusterPodPolicy/p/r] first", "field": "spec.dnsPolicy"},
                {"reason": "FieldValueInvalid", "message": "[ClusterPodPolicy/p/s] second", "field": "spec.containers[0].image"},
            ]}
        },
        "warnings": ["podgate: [ClusterPodPolicy/p/w] third"],
        "auditAnnotations": {"violations": "ClusterPodPolicy/p/r=spec.dnsPolicy:Enforce \
            ClusterPodPolicy/p/s=spec.containers[0].image:Enforce ClusterPodPolicy/p/w=:Warn"}
    });
    assert_eq!(response, expected);
}

#[test]
fn thousands_of_violations_make_an_answer_that_can_be_sent() {
    let text = rule("require: {container: 'false', field: image, message: wrong}");
    let containers: Vec<_> = (0..5000).map(|n| json!({"name": format!("c{n}"), "image": "x"})).collect();
    let response = Review::create(&text, decoded(&pod(json!({"containers": containers})))).response(Endpoint::Validate);
    assert!(response.to_string().len() < 64 << 10);
    assert!(response["status"]["message"].as_str().unwrap().ends_with("; and 4980 more"));
    assert!(response["auditAnnotations"]["violations"].as_str().unwrap().len() <= 8192);
    assert_eq!(response["status"]["details"]["causes"].as_array().unwrap().len(), 100);
}

#[test]
fn a_pod_of_thousands_of_containers_is_answered_soon_and_not_edited() {
    let rules = "{name: d, default: {pod: {spec: {terminationGracePeriodSeconds: 45}}, container: {resources: {requests: {cpu: 1m}}}}}, \
        {name: w, mode: Warn, require: {container: has(container.livenessProbe), field: livenessProbe, message: wrong}}, \
        {name: r, require: {container: container.name != 'x', field: name, message: wrong}}";
    let text = cluster("p", &format!("mode: Enforce, rules: [{rules}]"));
    let containers =
        |image: &str| (0..5000).map(|n| json!({"name": format!("c{n}"), "image": image})).collect::<Vec<_>>();
    let new = decoded(&pod(json!({"containers": containers("x:2")})));
    let started = std::time::Instant::now();
    let review = Review::create(&text, new.clone());
    assert_eq!(review.edits(), ["/spec/terminationGracePeriodSeconds=45"]);
    assert_eq!(review.withheld(), ["p/d:invalid"]);
    let old = decoded(&pod(json!({"containers": containers("x:1")})));
    let response = Review::update(&text, old, new).response(Endpoint::Validate);
    assert_eq!(response["allowed"], true);
    // Far more than it takes, and far less than comparing each container with each other.
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn edits_are_told_once_for_each_policy_and_listed_for_the_audit() {
    let text = cluster(
        "a",
        "mode: Enforce, rules: [{name: r, default: {pod: {metadata: {labels: {a: b}}, spec: {terminationGracePeriodSeconds: 45}}, \
            container: {resources: {requests: {cpu: 1m, memory: 1Mi}}}}}]",
    ) + &cluster(
        "b",
        "mode: Enforce, rules: [{name: s, default: {pod: {spec: {securityContext: {runAsNonRoot: true}}}}}]",
    );
    let response = Review::create(&text, applied(&pod(json!({})))).response(Endpoint::Mutate);
    assert_eq!(
        response["warnings"],
        json!([
            "podgate: ClusterPodPolicy/a set metadata.labels.a to \"b\", set spec.terminationGracePeriodSeconds to 45, \
                set spec.containers[0].resources.requests.cpu to \"1m\", and 1 more",
            "podgate: ClusterPodPolicy/b set spec.securityContext.runAsNonRoot to true",
        ])
    );
    let annotations = response["auditAnnotations"].as_object().unwrap();
    assert_eq!(
        annotations["edits"],
        "ClusterPodPolicy/a/r=metadata.labels.a ClusterPodPolicy/a/r=spec.terminationGracePeriodSeconds \
            ClusterPodPolicy/a/r=spec.containers[0].resources.requests.cpu \
            ClusterPodPolicy/a/r=spec.containers[0].resources.requests.memory \
            ClusterPodPolicy/b/s=spec.securityContext.runAsNonRoot"
    );
    // The API server takes one qualified name without a prefix.
    let is_good = |key: &String| key.len() <= 63 && key.chars().all(|c| c.is_ascii_alphanumeric());
    assert!(annotations.keys().all(is_good));
}

#[test]
fn a_request_without_edits_and_violations_gets_its_uid_and_nothing_else() {
    let review = Review::create(&rule("require: {pod: 'true', message: wrong}"), decoded(&pod(json!({}))));
    for endpoint in [Endpoint::Mutate, Endpoint::Validate] {
        assert_eq!(review.response(endpoint), json!({"uid": review.body["request"]["uid"], "allowed": true}));
    }
}

#[test]
fn warnings_hold_no_control_characters() {
    let text = rule(
        "mode: Warn, require: {container: 'false', field: image, messageExpression: \"'a\\\\n\\\\tb ' + container.workingDir\"}",
    );
    let object = pod_with(json!({"workingDir": "x\u{7}\u{85}z"}));
    let warnings = Review::create(&text, decoded(&object)).warnings(Endpoint::Validate);
    assert_eq!(warnings, ["podgate: [ClusterPodPolicy/p/r] spec.containers[0].image: a  b x  z"]);
}

#[test]
fn what_cannot_be_judged_is_denied_by_validate_and_let_through_with_a_warning_by_mutate() {
    let text = rule("require: {pod: 'true', message: wrong}");
    let good = || decoded(&pod(json!({})));
    let change = |pointer: &str, value: Value| {
        let mut review = Review::create(&text, good());
        review.body = with(review.body.clone(), pointer, value);
        review
    };
    let object = |pointer: &str, value: Value| change(&format!("/request/object{pointer}"), value);
    for (what, review) in [
        ("no object", change("/request/object", Value::Null)),
        ("an object that is a list", change("/request/object", json!([]))),
        ("an unknown operation", change("/request/operation", json!("create"))),
        ("an update without the old object", change("/request/operation", json!("UPDATE"))),
        ("another kind in the object", object("/kind", json!("Deployment"))),
        ("another namespace in the object", object("/metadata/namespace", json!("other"))),
        (
            "another resource",
            change("/request/resource", json!({"group": "apps", "version": "v1", "resource": "deployments"})),
        ),
        ("no spec", object("/spec", Value::Null)),
        ("no containers", object("/spec/containers", json!([]))),
        ("a container that is null", object("/spec/containers", json!([null]))),
        ("containers that are an object", object("/spec/containers", json!({}))),
        ("an image that is a number", object("/spec/containers/0/image", json!(1))),
        ("an image with NUL", object("/spec/containers/0/image", json!("a\0b"))),
        ("labels that are numbers", object("/metadata/labels", json!({"a": 1}))),
        ("metadata that is a list", object("/metadata", json!([]))),
        ("an unknown subresource with another object", {
            let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web"}});
            let mut review = Review::update(&text, scale.clone(), scale).through("future");
            review.body["request"]["resource"] = json!({"group": "", "version": "v1", "resource": "pods"});
            review
        }),
    ] {
        let denied = review.response(Endpoint::Validate);
        assert_eq!(denied["allowed"], false, "{what}");
        assert_eq!(denied["status"]["code"], 422, "{what}");
        assert_eq!(denied["status"]["reason"], "Invalid", "{what}");
        assert_eq!(denied["uid"], review.body["request"]["uid"], "{what}");
        let passed = review.response(Endpoint::Mutate);
        assert_eq!(passed["allowed"], true, "{what}");
        assert_eq!(passed.get("patch"), None, "{what}");
        let warning = passed["warnings"][0].as_str().unwrap();
        assert!(warning.starts_with("podgate cannot judge this request: "), "{what}: {warning}");
    }
    // A duplicate key has no tree, but the uid stands beside it.
    let body = serde_json::to_string(&Review::create(&text, good()).body).unwrap();
    let body = body.replacen(r#""dnsPolicy":"#, r#""dnsPolicy":"Default","dnsPolicy":"#, 1);
    for (endpoint, allowed) in [(Endpoint::Validate, false), (Endpoint::Mutate, true)] {
        let answer = admit::answer(&set(&text), endpoint, body.as_bytes(), &Facts::default());
        let review: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(review["response"]["allowed"], allowed);
        assert_eq!(review["response"]["uid"], "3f6f5ff2-0000-4000-8000-000000000001");
    }
}

#[test]
fn an_unknown_subresource_with_a_pod_is_judged() {
    let text = rule("require: {pod: 'false', message: wrong}");
    let (old, new) =
        (decoded(&pod(json!({}))), decoded(&with(pod(json!({})), "/spec/containers/0/image", json!("x:2"))));
    let review = Review::update(&text, old, new).through("future");
    assert!(!review.is_allowed());
}

#[test]
fn what_is_no_review_is_no_answer() {
    for body in ["", "null", "[]", "{}", r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1"}"#, "{"] {
        let answer = admit::answer(&set(""), Endpoint::Validate, body.as_bytes(), &Facts::default());
        assert_eq!(answer.status, 400, "{body}");
    }
}
