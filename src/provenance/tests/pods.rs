//! Pods: of a controller, bare, and what defaulting and LimitRange do to their resources.

use super::*;

fn pod(owner: &str, entries: &[String], applied: Option<&str>, resources: &str) -> String {
    let owner = if owner.is_empty() {
        String::new()
    } else {
        let (version, kind) = owner.rsplit_once('/').unwrap();
        format!(r#","ownerReferences":[{{"apiVersion":"{version}","kind":"{kind}","controller":true}}]"#)
    };
    let signals = signals(applied, entries);
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"generateName":"web-"{owner}{signals}}},
        "spec":{{"terminationGracePeriodSeconds":30,
        "containers":[{{"name":"web","image":"nginx","imagePullPolicy":"Always","resources":{resources}}}],
        "ephemeralContainers":[{{"name":"dbg","image":"busybox","imagePullPolicy":"Always"}}]}}}}"#
    )
}

fn owned(resources: &str) -> String {
    format!(
        r#"{{"f:spec":{{"f:terminationGracePeriodSeconds":{{}},"f:containers":{{"k:{{\"name\":\"web\"}}":
        {{".":{{}},"f:imagePullPolicy":{{}},"f:terminationMessagePath":{{}},"f:resources":{resources}}}}}}}}}"#
    )
}

#[test]
fn in_a_pod_of_a_built_in_controller_the_template_has_spoken() {
    let entries = [entry("kube-controller-manager", "Update", &owned("{}"))];
    for (owner, expected) in [
        ("apps/v1/ReplicaSet", "template"),
        ("apps/v1/StatefulSet", "template"),
        ("apps/v1/DaemonSet", "template"),
        ("batch/v1/Job", "template"),
        ("v1/ReplicationController", "template"),
        ("apps/v1/Deployment", "unknown"),
        ("argoproj.io/v1alpha1/Rollout", "unknown"),
        ("kubeflow.org/v1/Job", "unknown"),
        ("", "unknown"),
    ] {
        let pod = pod(owner, &entries, None, "{}");
        assert_eq!(ask(&pod, None, Base::Pod, "spec.terminationGracePeriodSeconds"), expected, "{owner}");
        assert_eq!(ask(&pod, None, WEB, "imagePullPolicy"), expected, "{owner}");
        let ephemeral = Base::Container(List::Ephemeral, 0);
        assert_eq!(ask(&pod, None, ephemeral, "imagePullPolicy"), "unknown", "{owner}");
    }
}

#[test]
fn a_request_that_equals_its_limit_comes_from_wherever_the_limit_comes_from() {
    let equal = r#"{"limits":{"cpu":"1"},"requests":{"cpu":"1"}}"#;
    let both = owned(r#"{".":{},"f:limits":{".":{},"f:cpu":{}},"f:requests":{".":{},"f:cpu":{}}}"#);
    let limit = owned(r#"{"f:limits":{"f:cpu":{}}}"#);
    let request = owned(r#"{"f:requests":{"f:cpu":{}}}"#);
    let none = owned("{}");
    let manifest = |resources: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"generateName":"web-","namespace":"shop"}},
            "spec":{{"containers":[{{"name":"web","image":"nginx","resources":{resources}}}]}}}}"#
        )
    };
    let limited = manifest(r#"{"limits":{"cpu":1}}"#);
    let free = manifest("{}");
    let explicit = manifest(r#"{"limits":{"cpu":"1"},"requests":{"cpu":"1000m"}}"#);
    let applier = |fields: &str| {
        entry("kubectl-client-side-apply", "Update", fields).replacen(
            r#"{"f:spec""#,
            r#"{"f:metadata":{"f:annotations":{"f:kubectl.kubernetes.io/last-applied-configuration":{}}},"f:spec""#,
            1,
        )
    };
    for (way, entry, applied, limit_is, request_is) in [
        ("create", entry("kubectl-create", "Update", &both), None, "authored, chosen", "unknown"),
        ("server-side", entry("kubectl", "Apply", &limit), None, "authored, chosen", "api-default"),
        ("server-side, both", entry("kubectl", "Apply", &both), None, "authored, chosen", "authored, chosen"),
        ("server-side, LimitRange", entry("kubectl", "Apply", &none), None, "admission", "admission"),
        ("create, LimitRange", entry("kubectl-create", "Update", &none), None, "admission", "admission"),
        ("create, a request, LimitRange", entry("x", "Update", &request), None, "admission", "authored, chosen"),
        ("patch of a limit", entry("x", "Update", &limit), None, "authored, chosen", "admission"),
        ("apply", applier(&both), Some(&limited), "authored, chosen", "api-default"),
        ("apply, both", applier(&both), Some(&explicit), "authored, chosen", "authored, chosen"),
        ("apply, LimitRange", applier(&none), Some(&free), "admission", "admission"),
        ("apply, LimitRange, later", applier(&both), Some(&free), "admission", "admission"),
    ] {
        let pod = pod("", &[entry], applied.map(String::as_str), equal);
        assert_eq!(ask(&pod, None, WEB, "resources.limits.cpu"), limit_is, "{way}");
        assert_eq!(ask(&pod, None, WEB, "resources.requests.cpu"), request_is, "{way}");
    }
}

#[test]
fn a_field_inside_a_list_is_the_templates_too() {
    let ports = r#"{},"ports":[{"containerPort":80,"protocol":"TCP"}]"#;
    let owned_port = r#"{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}}"#;
    let entries = [entry("kube-controller-manager", "Update", &owned(owned_port))];
    for (owner, protocol, port) in
        [("apps/v1/ReplicaSet", "template", "authored, chosen"), ("", "unknown", "authored, chosen")]
    {
        let pod = pod(owner, &entries, None, ports);
        assert_eq!(ask(&pod, None, WEB, "ports[0].protocol"), protocol, "{owner}");
        assert_eq!(ask(&pod, None, WEB, "ports[0].containerPort"), port, "{owner}");
    }
}

#[test]
fn a_request_below_its_limit_is_somebodys() {
    let entries = [entry("kube-controller-manager", "Update", &owned(r#"{"f:requests":{"f:cpu":{}}}"#))];
    let resources = r#"{"limits":{"cpu":"1"},"requests":{"cpu":"500m","memory":"1Gi"}}"#;
    let pod = pod("apps/v1/ReplicaSet", &entries, None, resources);
    assert_eq!(ask(&pod, None, WEB, "resources.requests.cpu"), "authored, chosen");
    assert_eq!(ask(&pod, None, WEB, "resources.requests.memory"), "admission");
}

#[test]
fn a_template_gets_no_requests_from_its_limits() {
    let entries = [entry("helm", "Update", WHOLE.replace(r#""f:resources":{}"#, RESOURCES).as_str())];
    let object =
        deployment(&signals(None, &entries), "", r#","resources":{"limits":{"cpu":"1"},"requests":{"cpu":"1"}}"#);
    assert_eq!(ask(&object, None, WEB, "resources.requests.cpu"), "authored, chosen");
    assert_eq!(ask(&object, None, WEB, "resources.limits.cpu"), "authored, chosen");
}

const RESOURCES: &str = r#""f:resources":{".":{},"f:limits":{".":{},"f:cpu":{}},"f:requests":{".":{},"f:cpu":{}}}"#;
