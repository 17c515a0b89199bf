//! Requests and limits.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, rule};

/// What `resources` becomes for a Pod whose author wrote `written`; [`None`] without an edit.
fn resources(defaults: &str, written: Value) -> Option<Value> {
    let review = Review::create(&rule(defaults), applied(&pod_with(json!({"resources": written}))));
    let before = review.body["request"]["object"]["spec"]["containers"][0]["resources"].clone();
    let after = review.edited()["spec"]["containers"][0]["resources"].clone();
    (before != after).then_some(after)
}

#[test]
fn each_key_is_filled_in_by_itself_beside_what_its_author_wrote() {
    let both = "default: {container: {resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}}}";
    let requests = "default: {container: {resources: {requests: {cpu: 100m, memory: 128Mi}}}}";
    let limits = "default: {container: {resources: {limits: {cpu: 200m, memory: 256Mi}}}}";
    for (defaults, written, expected) in [
        (both, json!({}), Some(json!({"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}))),
        // The author's request stays, and the limit is at least the request.
        (
            both,
            json!({"requests": {"memory": "1Gi"}}),
            Some(json!({"requests": {"memory": "1Gi", "cpu": "100m"}, "limits": {"memory": "1Gi"}})),
        ),
        (
            both,
            json!({"requests": {"memory": "64Mi"}}),
            Some(json!({"requests": {"memory": "64Mi", "cpu": "100m"}, "limits": {"memory": "256Mi"}})),
        ),
        // A limit that its author wrote becomes the request: nothing to fill in for that key.
        (
            both,
            json!({"limits": {"memory": "64Mi"}}),
            Some(json!({"limits": {"memory": "64Mi"}, "requests": {"memory": "64Mi", "cpu": "100m"}})),
        ),
        (requests, json!({"limits": {"cpu": "50m", "memory": "64Mi"}}), None),
        (requests, json!({"limits": {"cpu": "2", "memory": "2Gi"}}), None),
        (requests, json!({"requests": {"cpu": "1", "memory": "1Gi"}}), None),
        (
            limits,
            json!({"requests": {"cpu": "2"}}),
            Some(json!({"requests": {"cpu": "2"}, "limits": {"cpu": "2", "memory": "256Mi"}})),
        ),
        // By value, not by text; and in canonical form.
        (
            limits,
            json!({"requests": {"cpu": "0.3", "memory": "268435457"}}),
            Some(json!({"requests": {"cpu": "300m", "memory": "268435457"},
                "limits": {"cpu": "300m", "memory": "268435457"}})),
        ),
        (
            "default: {container: {resources: {limits: {cpu: 2000m, memory: 1024Mi}}}}",
            json!({}),
            Some(json!({"limits": {"cpu": "2", "memory": "1Gi"}})),
        ),
        (
            "default: {container: {resources: {requests: {ephemeral-storage: 1Gi}}}}",
            json!({"requests": {"ephemeral-storage": "2Gi"}}),
            None,
        ),
    ] {
        assert_eq!(resources(defaults, written.clone()), expected, "{defaults} {written}");
    }
}

#[test]
fn in_a_template_no_request_is_filled_in_beside_an_authored_limit() {
    let text = "default: {container: {resources: {requests: {cpu: 100m, memory: 1Mi}}}}, injectInto: [Templates]";
    let template = deployment(json!({"containers": [container(json!({"resources": {"limits": {"cpu": "2"}}}))]}));
    let review = Review::create(&rule(text), applied(&template));
    let path = "/spec/template/spec/containers/0/resources/requests";
    assert_eq!(review.edits(), [format!(r#"{path}={{"memory":"1Mi"}}"#)]);
    assert_eq!(review.withheld(), ["p/r=spec.template.spec.containers[0].resources.requests.cpu:invalid"]);
}

#[test]
fn the_defaults_of_two_policies_are_fitted_to_one_another() {
    let request = |cpu| {
        format!(
            "mode: Enforce, rules: [{{name: r, default: {{container: {{resources: {{requests: {{cpu: {cpu}}}}}}}}}}}]"
        )
    };
    let limit = |cpu| {
        format!(
            "mode: Enforce, rules: [{{name: l, default: {{container: {{resources: {{limits: {{cpu: {cpu}}}}}}}}}}}]"
        )
    };
    for (first, second, expected) in [
        (request("500m"), limit("200m"), json!({"requests": {"cpu": "500m"}, "limits": {"cpu": "500m"}})),
        (limit("200m"), request("500m"), json!({"limits": {"cpu": "200m"}, "requests": {"cpu": "200m"}})),
        (limit("200m"), request("100m"), json!({"limits": {"cpu": "200m"}, "requests": {"cpu": "100m"}})),
    ] {
        let policies = cluster("a", &first) + &cluster("b", &second);
        let review = Review::create(&policies, applied(&pod(json!({}))));
        let edited = review.edited();
        assert_eq!(edited["spec"]["containers"][0]["resources"], expected, "{first} {second}");
        assert_eq!(Review::create(&policies, edited).edits(), [""; 0]);
    }
}

#[test]
fn what_the_pod_sets_for_all_its_containers_is_not_set_for_one() {
    let text =
        "default: {container: {resources: {requests: {cpu: 100m, memory: 1Mi}, limits: {cpu: 100m, memory: 1Mi}}}}";
    for list in ["requests", "limits"] {
        let object = applied(&pod(json!({"resources": {list: {"cpu": "1"}}})));
        let review = Review::create(&rule(text), object);
        let resources = review.edited()["spec"]["containers"][0]["resources"].clone();
        assert_eq!(resources, json!({"requests": {"memory": "1Mi"}, "limits": {"memory": "1Mi"}}), "{list}");
        assert_eq!(review.withheld().len(), 2, "{list}");
    }
}

#[test]
fn init_containers_and_sidecars_get_resources_and_ephemeral_ones_never() {
    let text = "default: {container: {resources: {requests: {cpu: 1m}}}}";
    let object = pod(json!({
        "initContainers": [{"name": "i", "image": "x:1"}, {"name": "s", "image": "x:1", "restartPolicy": "Always"}],
        "ephemeralContainers": [{"name": "e", "image": "x:1"}]
    }));
    assert_eq!(
        Review::create(&rule(text), applied(&object)).edits(),
        [
            r#"/spec/initContainers/0/resources/requests={"cpu":"1m"}"#,
            r#"/spec/initContainers/1/resources/requests={"cpu":"1m"}"#,
            r#"/spec/containers/0/resources/requests={"cpu":"1m"}"#,
        ]
    );
    let computed = "default: {container: {$expression: \"{'resources': {'requests': {'cpu': '1m'}}}\"}}";
    assert_eq!(Review::create(&rule(computed), applied(&object)).edits().len(), 3);
}

#[test]
fn what_a_limit_range_gave_is_kept() {
    let text = "default: {container: {resources: {requests: {cpu: 100m}, limits: {cpu: 200m, memory: 1Gi}}}}";
    let manifest = pod(json!({}));
    let resources = json!({"requests": {"cpu": "1"}, "limits": {"cpu": "1"}});
    let object = with(applied(&manifest), "/spec/containers/0/resources", resources);
    let review = Review::create(&rule(text), object);
    assert_eq!(review.edits(), [r#"/spec/containers/0/resources/limits/memory="1Gi""#]);
    let path = "spec.containers[0].resources";
    assert_eq!(
        review.withheld(),
        [format!("p/r={path}.requests.cpu:admission"), format!("p/r={path}.limits.cpu:admission")]
    );
}

#[test]
fn a_security_context_is_not_made_one_that_the_api_server_refuses() {
    let escalation = "default: {container: {securityContext: {allowPrivilegeEscalation: false}}}";
    let privileged = "default: {container: {securityContext: {privileged: true}}}";
    for (text, written, is_edited) in [
        (escalation, json!({}), true),
        (escalation, json!({"privileged": false}), true),
        (escalation, json!({"privileged": true}), false),
        (escalation, json!({"capabilities": {"add": ["CAP_SYS_ADMIN"]}}), false),
        (escalation, json!({"capabilities": {"add": ["NET_ADMIN"]}}), true),
        (privileged, json!({}), true),
        (privileged, json!({"allowPrivilegeEscalation": false}), false),
    ] {
        let object = applied(&pod_with(json!({"securityContext": written})));
        assert_eq!(!Review::create(&rule(text), object).edits().is_empty(), is_edited, "{text} {written}");
    }
    let text = "default: {pod: {spec: {securityContext: {fsGroup: 1, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}}}, \
        container: {securityContext: {readOnlyRootFilesystem: true}}}";
    let windows = applied(&pod(json!({"os": {"name": "windows"}})));
    assert_eq!(Review::create(&rule(text), windows).edits(), ["/spec/securityContext/runAsNonRoot=true"]);
}

#[test]
fn a_container_that_another_webhook_adds_gets_its_own_and_the_others_nothing_more() {
    let text = rule("default: {container: {resources: {requests: {cpu: 1m}}}}");
    let mut object = Review::create(&text, applied(&pod(json!({})))).edited();
    object["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "proxy", "image": "x:1", "resources": {}}));
    assert_eq!(Review::create(&text, object).edits(), [r#"/spec/containers/1/resources/requests={"cpu":"1m"}"#]);
}
