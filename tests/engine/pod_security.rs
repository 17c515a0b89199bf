//! The verb `podSecurity`: what it finds, what it lets pass, and what of an update is new.

use podgate::admit::Endpoint;
use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, exception, rule};

fn restricted(except: &str) -> String {
    let except = if except.is_empty() { String::new() } else { format!(", except: [{except}]") };
    rule(&format!("podSecurity: {{level: restricted, version: v1.37{except}}}"))
}

fn baseline(except: &str) -> String {
    rule(&format!("podSecurity: {{level: baseline, version: v1.37{except}}}"))
}

/// A Pod that `restricted` lets pass, with other fields.
fn good(more: Value) -> Value {
    let context = json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
    let mut spec = json!({"securityContext": context, "containers": [good_container("a", json!({}))]});
    merge(&mut spec, more);
    pod(spec)
}

fn good_container(name: &str, more: Value) -> Value {
    let mut context = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    merge(&mut context, more);
    container(json!({"name": name, "securityContext": context}))
}

fn adds(name: &str, image: &str, capabilities: &[&str]) -> Value {
    let mut container = good_container(name, json!({"capabilities": {"drop": ["ALL"], "add": capabilities}}));
    container["image"] = json!(image);
    container
}

#[test]
fn a_check_that_fails_is_a_violation_in_the_words_of_the_api_server_with_each_field_as_a_cause() {
    let object = good(json!({
        "hostNetwork": true,
        "containers": [adds("a", "i", &["NET_ADMIN", "SYS_TIME"]), adds("b", "i", &["NET_ADMIN"])],
    }));
    let review = Review::create(&rule("podSecurity: {level: restricted}"), decoded(&object));
    assert_eq!(
        review.violations(),
        ["p/r=spec.hostNetwork:Enforce", "p/r=spec.containers[0].securityContext.capabilities.add[0]:Enforce"]
    );
    let response = review.response(Endpoint::Validate);
    let message = response["status"]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "[ClusterPodPolicy/p/r] spec.hostNetwork: host namespaces (hostNetwork=true); \
         [ClusterPodPolicy/p/r] spec.containers[0].securityContext.capabilities.add[0]: unrestricted capabilities \
         (containers \"a\", \"b\" must not include \"NET_ADMIN\", \"SYS_TIME\" in securityContext.capabilities.add)"
    );
    let causes = response["status"]["details"]["causes"].as_array().unwrap();
    let fields: Vec<_> = causes.iter().map(|cause| cause["field"].as_str().unwrap()).collect();
    assert_eq!(
        fields,
        [
            "spec.hostNetwork",
            "spec.containers[0].securityContext.capabilities.add[0]",
            "spec.containers[0].securityContext.capabilities.add[1]",
            "spec.containers[1].securityContext.capabilities.add[0]",
        ]
    );
}

#[test]
fn an_owner_is_judged_by_the_pod_that_podgate_and_the_api_server_make_of_its_template() {
    let text = restricted("");
    let mut object = deployment(json!({}));
    object["spec"]["template"]["spec"] = good(json!({}))["spec"].clone();
    assert!(Review::create(&text, decoded(&object)).is_allowed());
    let without = with(object, "/spec/template/spec/securityContext", json!({}));
    let found = Review::create(&text, decoded(&without)).violations();
    assert_eq!(
        found,
        [
            "p/r=spec.template.spec.containers[0].securityContext.runAsNonRoot:Enforce",
            "p/r=spec.template.spec.containers[0].securityContext.seccompProfile.type:Enforce"
        ]
    );
    // What podgate's own rules fill into the Pods is there when they are judged.
    let defaults = "{name: d, default: {pod: {spec: {securityContext: {runAsNonRoot: true, \
                    seccompProfile: {type: RuntimeDefault}}}}}}";
    let both = text.replace("rules: [", &format!("rules: [{defaults}, "));
    assert!(Review::create(&both, decoded(&without)).is_allowed());
}

#[test]
fn one_sidecar_that_needs_a_capability_does_not_open_the_rest() {
    let except = "{check: capabilities_restricted, containers: [{name: net, image: 'registry.example.com/net/*'}], \
                  values: [NET_ADMIN]}";
    let text = restricted(except);
    let allows =
        |containers: Value| Review::create(&text, decoded(&good(json!({"containers": containers})))).is_allowed();
    let net = "registry.example.com/net/proxy:1";
    assert!(allows(json!([adds("net", net, &["NET_ADMIN"])])));
    assert!(allows(json!([adds("net", net, &["NET_ADMIN", "NET_BIND_SERVICE"]), good_container("a", json!({}))])));
    for containers in [
        json!([adds("net", net, &["NET_ADMIN", "SYS_TIME"])]),
        json!([adds("net", "evil.example.com/net/proxy:1", &["NET_ADMIN"])]),
        json!([adds("other", net, &["NET_ADMIN"])]),
        json!([adds("net", net, &["NET_ADMIN"]), adds("a", "i", &["NET_ADMIN"])]),
        json!([container(json!({"name": "net", "image": net, "securityContext":
            {"allowPrivilegeEscalation": false, "capabilities": {"add": ["NET_ADMIN"]}}}))]),
    ] {
        assert!(!allows(containers.clone()), "{containers}");
    }
    // The words are about the rest alone.
    let rest = json!({"containers": [adds("net", net, &["NET_ADMIN"]), adds("a", "i", &["NET_ADMIN"])]});
    let response = Review::create(&text, decoded(&good(rest))).response(Endpoint::Validate);
    let message = response["status"]["message"].as_str().unwrap();
    assert!(message.ends_with(r#"(container "a" must not include "NET_ADMIN" in securityContext.capabilities.add)"#));
}

#[test]
fn values_are_ports_folders_and_words() {
    let port =
        |port: u16| json!({"containers": [container(json!({"ports": [{"containerPort": port, "hostPort": port}]}))]});
    let folder = |path: &str| json!({"volumes": [{"name": "v", "hostPath": {"path": path}}]});
    let sysctl = |name: &str| json!({"securityContext": {"sysctls": [{"name": name, "value": "1"}]}});
    for (except, fields, allowed) in [
        ("{check: hostPorts, values: [80, 8000-8100]}", port(80), true),
        ("{check: hostPorts, values: [80, 8000-8100]}", port(8100), true),
        ("{check: hostPorts, values: [80, 8000-8100]}", port(8101), false),
        ("{check: hostPathVolumes, values: [/var/log]}", folder("/var/log/pods"), true),
        ("{check: hostPathVolumes, values: [/var/log]}", folder("/var/logs"), false),
        ("{check: sysctls, values: [net.core.somaxconn]}", sysctl("net.core.somaxconn"), true),
        ("{check: sysctls, values: [net.core.somaxconn]}", sysctl("kernel.msgmax"), false),
        ("{check: hostNamespaces, values: [hostPID]}", json!({"hostPID": true}), true),
        ("{check: hostNamespaces, values: [hostPID]}", json!({"hostPID": true, "hostIPC": true}), false),
        (
            "{check: privileged}",
            json!({"containers": [container(json!({"securityContext": {"privileged": true}}))]}),
            true,
        ),
    ] {
        let review = Review::create(&baseline(&format!(", except: [{except}]")), decoded(&pod(fields.clone())));
        assert_eq!(review.is_allowed(), allowed, "{except} {fields}");
    }
    let with_volume = |volume: Value| good(json!({"volumes": [volume]}));
    for (values, volume, allowed) in [
        ("nfs", json!({"name": "v", "nfs": {"server": "s", "path": "/"}}), true),
        ("nfs", json!({"name": "v", "hostPath": {"path": "/var/log"}}), false),
        ("/var/log", json!({"name": "v", "hostPath": {"path": "/var/log/pods"}}), true),
        ("/var/log", json!({"name": "v", "hostPath": {"path": "/var/lib"}}), false),
        ("hostPath", json!({"name": "v", "hostPath": {"path": "/var/lib"}}), true),
    ] {
        let text = restricted(&format!("{{check: restrictedVolumes, values: [{values}]}}"));
        assert_eq!(
            Review::create(&text, decoded(&with_volume(volume.clone()))).is_allowed(),
            allowed,
            "{values} {volume}"
        );
    }
}

#[test]
fn on_an_update_only_what_offends_anew_denies() {
    let text = baseline("");
    let ports = |ports: &[u16]| {
        let ports: Vec<_> = ports.iter().map(|port| json!({"containerPort": port, "hostPort": port})).collect();
        let mut object = deployment(json!({}));
        object["spec"]["template"]["spec"]["containers"][0]["ports"] = json!(ports);
        decoded(&object)
    };
    for (before, after, allowed, expected) in [
        (&[80][..], &[80][..], true, Some(":Enforce:old")),
        (&[80, 81], &[81], true, Some(":Enforce:old")),
        (&[80], &[80, 81], false, Some(":Enforce")),
        (&[], &[80], false, Some(":Enforce")),
        (&[80], &[], true, None),
    ] {
        let mut new = ports(after);
        new["metadata"]["labels"] = json!({"changed": "yes"});
        let verdict = Review::update(&text, ports(before), new).verdict();
        assert_eq!(verdict.allowed, allowed, "{before:?} {after:?}");
        let expected = expected.map(|end| format!("p/r=spec.template.spec.containers[0].ports[0].hostPort{end}"));
        assert_eq!(verdict.violations, expected.into_iter().collect::<Vec<_>>(), "{before:?} {after:?}");
    }
}

#[test]
fn ephemeral_containers_are_judged_when_they_come() {
    let debugger = json!([{"name": "d", "image": "i", "securityContext": {"privileged": true}}]);
    let old = decoded(&pod(json!({})));
    let new = decoded(&pod(json!({"ephemeralContainers": debugger})));
    let review = Review::update(&baseline(""), old, new).through("ephemeralcontainers");
    assert_eq!(review.violations(), ["p/r=spec.ephemeralContainers[0].securityContext.privileged:Enforce"]);
}

#[test]
fn a_condition_narrows_it_and_one_that_fails_counts_as_a_violation() {
    let host = pod(json!({"hostPID": true}));
    let text = |when: &str| rule(&format!("when: \"{when}\", podSecurity: {{level: baseline}}"));
    assert!(Review::create(&text("'hostIPC' in pod.spec"), decoded(&host)).is_allowed());
    assert_eq!(Review::create(&text("pod.spec.hostPID"), decoded(&host)).violations(), ["p/r=spec.hostPID:Enforce"]);
    let failing = Review::create(&text("pod.spec.nodeSelector['a'] == 'b'"), decoded(&host));
    assert!(!failing.is_allowed());
}

#[test]
fn an_exception_must_cover_all_that_one_check_found() {
    let image = "image: 'docker.io/library/i:*'";
    let granted = |name: &str| {
        exception(
            name,
            "shop",
            &format!("expires: never, policies: [{{policy: p}}], containers: [{{name: {name}, {image}}}]"),
        )
    };
    let object = good(json!({"containers": [adds("a", "i", &["KILL"]), adds("b", "i", &["KILL"])]}));
    let allows =
        |exceptions: String| Review::create(&format!("{}{exceptions}", restricted("")), decoded(&object)).is_allowed();
    assert!(!allows(granted("a")));
    assert!(!allows([granted("a"), granted("b")].concat()), "two never add up");
    let both = format!("containers: [{{name: a, {image}}}, {{name: b, {image}}}]");
    let both = exception("e", "shop", &format!("expires: never, policies: [{{policy: p}}], {both}"));
    assert!(allows(both.clone()));
    // What is the Pod's own is no container's.
    let host = with(object.clone(), "/spec/hostPID", json!(true));
    assert!(!Review::create(&format!("{}{both}", restricted("")), decoded(&host)).is_allowed());
}

#[test]
fn what_an_update_brings_is_known_by_name_and_value_and_not_by_its_place() {
    let volume = |name: &str, path: &str| json!({"name": name, "hostPath": {"path": path, "type": ""}});
    let volumes = |volumes: &[Value]| good(json!({ "volumes": volumes }));
    let mut turned = volume("b", "/b");
    turned["hostPath"] = json!({"type": "", "path": "/b"});
    let [a, b] = [volume("a", "/a"), volume("b", "/b")];
    let undropped = |name: &str, context: Value| {
        let mut whole = json!({"allowPrivilegeEscalation": false});
        merge(&mut whole, context);
        good(json!({"containers": [container(json!({"name": name, "securityContext": whole}))]}))
    };
    for (before, after, allowed) in [
        (volumes(&[a.clone(), b.clone()]), volumes(&[turned, a.clone()]), true),
        (volumes(&[a.clone(), b.clone()]), volumes(&[volume("b", "/a"), volume("a", "/b")]), false),
        (volumes(std::slice::from_ref(&a)), volumes(&[volume("a", "/")]), false),
        (volumes(std::slice::from_ref(&a)), volumes(&[volume("c", "/a")]), false),
        // What is missing may be missing in another way.
        (undropped("a", json!({})), undropped("a", json!({"capabilities": {"drop": ["KILL"]}})), true),
        (undropped("a", json!({})), undropped("b", json!({})), false),
        (undropped("a", json!({})), undropped("a", json!({"allowPrivilegeEscalation": true})), false),
    ] {
        let mut after = after;
        after["metadata"]["labels"] = json!({"changed": "yes"});
        let review = Review::update(&restricted(""), decoded(&before), decoded(&after));
        assert_eq!(review.is_allowed(), allowed, "{before} {after}");
    }
}

#[test]
fn a_long_denial_is_as_long_as_that_of_the_api_server_and_a_warning_as_long_as_it_shows() {
    let names: Vec<_> = (0..60).map(|number| format!("a-container-with-quite-a-long-name-{number:02}")).collect();
    let containers: Vec<_> = names.iter().map(|name| adds(name, "i", &["NET_ADMIN", "SYS\u{1b}TIME"])).collect();
    let object = decoded(&good(json!({"containers": containers})));
    let quoted = format!("\"{}\"", names.join("\", \""));
    let said = format!(
        "unrestricted capabilities (containers {quoted} must not include \"NET_ADMIN\", \"SYS TIME\" in \
         securityContext.capabilities.add)"
    );
    assert!(said.len() > 2048);
    let response = Review::create(&restricted(""), object.clone()).response(Endpoint::Validate);
    let message = response["status"]["message"].as_str().unwrap();
    let path = "spec.containers[0].securityContext.capabilities.add[0]";
    assert_eq!(message, format!("[ClusterPodPolicy/p/r] {path}: {said}"));
    // The causes are many, and each says it again.
    let causes = response["status"]["details"]["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 100);
    for cause in causes {
        let start = format!("[ClusterPodPolicy/p/r] {}…", said.chars().take(1024).collect::<String>());
        assert_eq!(cause["message"], start);
    }
    let warned = restricted("").replace("mode: Enforce", "mode: Warn");
    let warnings = Review::create(&warned, object).warnings(Endpoint::Validate);
    assert_eq!(warnings, [format!("podgate: [ClusterPodPolicy/p/r] {path}: {said}")]);
}
