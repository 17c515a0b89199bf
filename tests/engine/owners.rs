//! An owner is judged as the Pod that it will create.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{REPLICA_SET_CONTROLLER, Review, cluster, rule};

fn violations(text: &str, object: &Value) -> Vec<String> {
    Review::create(text, decoded(object)).violations()
}

#[test]
fn what_podgate_fills_into_its_pods_is_no_violation_of_the_owner() {
    let require =
        "{name: r, require: {container: has(container.resources.limits), field: resources.limits, message: wrong}}";
    let default = "{name: d, default: {container: {resources: {limits: {memory: 1Gi}}}}}";
    let path = "p/r=spec.template.spec.containers[0].resources.limits:Enforce";
    let without = cluster("p", &format!("mode: Enforce, rules: [{require}]"));
    let with_default = cluster("p", &format!("mode: Enforce, rules: [{require}, {default}]"));
    assert_eq!(violations(&without, &deployment(json!({}))), [path]);
    assert_eq!(violations(&with_default, &deployment(json!({}))), [""; 0]);
    // A default that is not made for its Pods does not count.
    let only_warns = with_default.replace("{name: d,", "{name: d, mode: Warn,");
    assert_eq!(violations(&only_warns, &deployment(json!({}))), [path]);
    // A Pod itself is judged as it is: mutation may have failed open.
    assert_eq!(violations(&with_default, &pod(json!({}))).len(), 1);
}

#[test]
fn it_is_denied_for_what_the_api_server_makes_of_its_pods() {
    let text = rule(
        "require: {container: \"container.?resources.?requests.?cpu.orValue('') != '2'\", field: resources.requests.cpu, message: wrong}",
    );
    let limits = json!({"containers": [container(json!({"resources": {"limits": {"cpu": "2"}}}))]});
    let path = "p/r=spec.template.spec.containers[0].resources.requests.cpu:Enforce";
    assert_eq!(violations(&text, &deployment(limits)), [path]);
    assert_eq!(violations(&text, &deployment(json!({}))), [""; 0]);
    let links = rule("require: {pod: '!pod.spec.enableServiceLinks', field: spec.enableServiceLinks, message: wrong}");
    assert_eq!(violations(&links, &deployment(json!({}))).len(), 1);
}

#[test]
fn limit_ranges_of_the_namespace_are_seen() {
    let text = rule("require: {container: has(container.resources.limits), field: resources.limits, message: wrong}");
    let review = Review::create(&text, decoded(&deployment(json!({}))));
    assert!(!review.is_allowed());
    let review = review.with_limit_range(json!({"type": "Container", "default": {"memory": "1Gi"}}));
    assert!(review.is_allowed());
}

#[test]
fn from_1_37_on_rules_see_what_a_new_pod_is_completed_with() {
    // Limits of the Pod as a whole follow from its containers', after the mutating webhooks.
    let text = rule(
        "require: {pod: \"pod.spec.?resources.?limits.?cpu.orValue('') == '1'\", field: spec.resources, message: wrong}",
    );
    let spec = json!({"resources": {"requests": {"cpu": "500m"}},
        "containers": [container(json!({"resources": {"limits": {"cpu": "1"}}}))]});
    for (minor, allowed) in [(36, false), (37, true)] {
        let owner = Review::create(&text, decoded(&deployment(spec.clone()))).on_version(minor);
        assert_eq!(owner.is_allowed(), allowed, "{minor}");
        let pod = Review::create(&text, decoded(&pod(spec.clone()))).on_version(minor);
        let decision = pod.dry_run(None, |run| run.decision.name());
        assert_eq!(decision, if allowed { "allow" } else { "deny" }, "{minor}");
    }
}

#[test]
fn its_pods_are_matched_as_a_creation_by_their_controller() {
    let default = |matching: &str| {
        cluster(
            "d",
            &format!(
                "mode: Enforce, match: {{{matching}}}, rules: [{{name: d, default: {{container: {{resources: {{limits: {{memory: 1Gi}}}}}}}}}}]"
            ),
        )
    };
    let require = cluster(
        "p",
        "mode: Enforce, match: {kinds: [Deployment.apps]}, rules: [\
        {name: r, require: {container: has(container.resources.limits), field: resources.limits, message: wrong}}]",
    );
    for (matching, allowed) in [
        ("kinds: [Pod]", true),
        ("kinds: [Pod], operations: [CREATE]", true),
        ("kinds: [Pod], operations: [UPDATE]", false),
        ("podSelector: {matchLabels: {app: web}}", true),
        ("podSelector: {matchLabels: {app: db}}", false),
        ("excludeKinds: [ReplicaSet.apps]", false),
        (
            &format!(
                "conditions: [{{name: c, expression: \"request.userInfo.username == '{REPLICA_SET_CONTROLLER}'\"}}]"
            ),
            true,
        ),
        ("conditions: [{name: c, expression: \"request.userInfo.username == 'jane'\"}]", false),
        (
            "conditions: [{name: c, expression: \"request.kind.kind == 'Pod' && request.resource.resource == 'pods'\"}]",
            true,
        ),
        (
            "conditions: [{name: c, expression: \"object.metadata.ownerReferences.exists(o, o.kind == 'ReplicaSet' && o.controller)\"}]",
            true,
        ),
    ] {
        let review = Review::create(&(default(matching) + &require), decoded(&deployment(json!({}))));
        assert_eq!(review.is_allowed(), allowed, "{matching}");
    }
}

#[test]
fn a_field_of_the_template_is_its_pods_value_too() {
    // The API server's 30 seconds in a template are the Pods' own; a default does not change them there.
    let text = cluster(
        "p",
        "mode: Enforce, rules: [\
        {name: d, default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}}, \
        {name: r, require: {pod: pod.spec.terminationGracePeriodSeconds == 45, field: spec.terminationGracePeriodSeconds, message: wrong}}]",
    );
    let review = Review::create(&text, applied(&deployment(json!({}))));
    assert_eq!(review.violations(), ["p/r=spec.template.spec.terminationGracePeriodSeconds:Enforce"]);
    assert_eq!(Review::create(&text, review.edited()).violations(), [""; 0]);
}

#[test]
fn a_name_that_is_still_to_be_made_is_no_error() {
    let recommended = podgate::builtin::pack("recommended").unwrap();
    let policies: String = recommended.iter().map(|(_, text)| format!("---\n{text}\n")).collect();
    let mut pod = pod(json!({}));
    pod["metadata"] = json!({"generateName": "p-", "namespace": "shop"});
    let review = Review::create(&policies, decoded(&pod));
    let response = review.response(podgate::admit::Endpoint::Validate);
    assert!(!response.to_string().contains("cannot be evaluated"), "{response}");
    assert_eq!(review.withheld().iter().filter(|entry| entry.ends_with(":error")).count(), 0);
}

#[test]
fn the_pods_of_a_stateful_set_have_a_name_and_a_volume_for_each_claim() {
    let mut set = owner(
        "apps/v1",
        "StatefulSet",
        json!({"volumes": [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]}),
    );
    set["spec"]["serviceName"] = json!("web");
    set["spec"]["ordinals"] = json!({"start": 3});
    set["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": {}}]);
    for expression in [
        "pod.metadata.name == 'web-3' && pod.spec.hostname == 'web-3' && pod.spec.subdomain == 'web'",
        "pod.metadata.labels['apps.kubernetes.io/pod-index'] == '3' && pod.metadata.labels.app == 'web'",
        "pod.spec.volumes.map(v, v.name) == ['data', 'tmp', 'kube-api-access-xxxxx']",
        "pod.spec.volumes[0].persistentVolumeClaim.claimName == 'data-web-3' && has(pod.spec.volumes[1].emptyDir)",
    ] {
        let text = rule(&format!("require: {{pod: \"{expression}\", message: wrong}}"));
        assert_eq!(violations(&text, &set), [""; 0], "{expression}");
    }
}

#[test]
fn the_pods_of_a_daemon_set_stay_on_a_node_in_trouble() {
    let own = json!([{"key": "mine"}, {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute",
        "tolerationSeconds": 5}]);
    let set = |host: bool| owner("apps/v1", "DaemonSet", json!({"tolerations": own, "hostNetwork": host}));
    // The controller takes the end off a toleration of its own taints, and no plug-in adds one with an end.
    let tolerated = "pod.spec.tolerations.map(t, t.key)";
    let keys = "['mine', 'node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable', 'node.kubernetes.io/disk-pressure', \
        'node.kubernetes.io/memory-pressure', 'node.kubernetes.io/pid-pressure', 'node.kubernetes.io/unschedulable'";
    for (host, more) in [(false, "]"), (true, ", 'node.kubernetes.io/network-unavailable']")] {
        let expression =
            format!("{tolerated} == {keys}{more} && !pod.spec.tolerations.exists(t, has(t.tolerationSeconds))");
        let text = rule(&format!("require: {{pod: \"{expression}\", message: wrong}}"));
        assert_eq!(violations(&text, &set(host)), [""; 0], "{host}");
    }
}
