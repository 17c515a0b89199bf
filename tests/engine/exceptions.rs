//! What a PodPolicyException lets pass, and what not.

use podgate::admit::Endpoint;
use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, Verdict, cluster, exception};

/// One rule about each container, one about the Pod.
fn policies(exceptions: &str) -> String {
    let rules = "{name: limit, require: {container: has(container.resources.limits), field: resources, message: no limit}}, \
                 {name: whole, require: {pod: '!has(pod.spec.hostNetwork)', message: on the host}}";
    format!("{}{exceptions}", cluster("p", &format!("mode: Enforce, rules: [{rules}]")))
}

fn from(spec: &str) -> String {
    exception("e", "shop", &format!("expires: never, policies: [{{policy: p}}], {spec}"))
}

fn verdict(exceptions: &str, pod: &Value) -> Verdict {
    Review::create(&policies(exceptions), applied(pod)).verdict()
}

#[test]
fn a_violation_that_is_excepted_neither_denies_nor_warns_and_is_recorded() {
    let text = policies(&exception("e", "shop", "expires: never, policies: [{policy: p, rules: [limit]}]"));
    let review = Review::create(&text, applied(&pod(json!({}))));
    let violations = vec!["p/limit=spec.containers[0].resources:Enforce:PodPolicyException/shop/e".to_owned()];
    assert_eq!(review.verdict(), Verdict { allowed: true, violations });
    assert_eq!(review.warnings(Endpoint::Validate), [""; 0]);
    let review = Review::create(&text, applied(&pod(json!({"hostNetwork": true}))));
    assert!(!review.is_allowed(), "the other rule still holds");
}

#[test]
fn it_holds_in_its_own_namespace_for_the_pods_that_it_selects() {
    let labelled = |labels: Value| {
        let mut pod = pod(json!({}));
        pod["metadata"]["labels"] = labels;
        pod
    };
    for (exceptions, pod, allowed) in [
        (from(""), pod(json!({})), true),
        (from("podSelector: {matchLabels: {app: a}}"), labelled(json!({"app": "a"})), true),
        (from("podSelector: {matchLabels: {app: a}}"), labelled(json!({"app": "b"})), false),
        (from("podSelector: {matchLabels: {app: a}}"), pod(json!({})), false),
        (exception("e", "lab", "expires: never, policies: [{policy: p}]"), pod(json!({})), false),
        (exception("e", "lab", "expires: never, policies: [{policy: p}], namespaces: ['sh*']"), pod(json!({})), true),
        (exception("e", "shop", "expires: never, policies: [{policy: p}], namespaces: [lab]"), pod(json!({})), false),
    ] {
        assert_eq!(verdict(&exceptions, &pod).allowed, allowed, "{exceptions} {pod}");
    }
}

#[test]
fn containers_are_known_by_name_and_image_together() {
    let containers =
        "policies: [{policy: p, rules: [limit]}], containers: [{name: a, image: 'docker.io/library/nginx:*'}]";
    let exceptions = exception("e", "shop", &format!("expires: never, {containers}"));
    for (container, allowed) in [
        (json!({}), true),
        (json!({"image": "docker.io/library/nginx:1"}), true),
        (json!({"image": "registry.example.com/nginx:1"}), false),
        (json!({"image": "evil.example.com/docker.io/library/nginx:1"}), false),
        (json!({"name": "b"}), false),
    ] {
        assert_eq!(verdict(&exceptions, &pod_with(container.clone())).allowed, allowed, "{container}");
    }
    // The sidecar that nobody granted anything is judged as before.
    let two = pod(json!({"containers": [container(json!({})), container(json!({"name": "b"}))]}));
    let found = verdict(&exceptions, &two);
    assert!(!found.allowed);
    assert_eq!(
        found.violations,
        [
            "p/limit=spec.containers[0].resources:Enforce:PodPolicyException/shop/e",
            "p/limit=spec.containers[1].resources:Enforce"
        ]
    );
}

#[test]
fn an_expired_one_lets_nothing_pass_and_the_denial_says_that_it_was_there() {
    let text = policies(&exception("e", "shop", "expires: 2027-03-01, policies: [{policy: p}]"));
    let review = || Review::create(&text, applied(&pod(json!({}))));
    assert!(review().at("2027-02-28T23:59:59Z").is_allowed());
    assert!(!review().is_allowed(), "where no time is known nobody can say that it still holds");
    let late = review().at("2027-03-01T00:00:00Z");
    assert_eq!(late.violations(), ["p/limit=spec.containers[0].resources:Enforce"]);
    let message = late.response(Endpoint::Validate)["status"]["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("no limit (`PodPolicyException/shop/e` has expired)"), "{message}");
    // Another one that holds is enough.
    let renewed = format!("{text}{}", exception("f", "shop", "expires: 2028-03-01, policies: [{policy: p}]"));
    assert!(Review::create(&renewed, applied(&pod(json!({})))).at("2027-03-01T00:00:00Z").is_allowed());
}

#[test]
fn an_owner_is_excepted_as_its_pods_are() {
    let exceptions = from("podSelector: {matchLabels: {app: web}}");
    let review = Review::create(&policies(&exceptions), applied(&deployment(json!({}))));
    let violations =
        vec!["p/limit=spec.template.spec.containers[0].resources:Enforce:PodPolicyException/shop/e".to_owned()];
    assert_eq!(review.verdict(), Verdict { allowed: true, violations });
}

#[test]
fn an_edit_is_not_made_where_an_exception_is_from_its_rule() {
    let rules = "{name: grace, default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}}, \
                 {name: limits, default: {container: {resources: {limits: {memory: 1Gi}}}}}, \
                 {name: token, override: {pod: {spec: {enableServiceLinks: false}}}}";
    let text = |exceptions: &str| format!("{}{exceptions}", cluster("p", &format!("mode: Enforce, rules: [{rules}]")));
    let containers = "containers: [{name: a, image: 'docker.io/library/nginx:*'}]";
    let exceptions = [
        exception("e", "shop", &format!("expires: never, policies: [{{policy: p, rules: [limits]}}], {containers}")),
        exception("f", "shop", "expires: never, policies: [{policy: p, rules: [token]}]"),
    ]
    .concat();
    let two = pod(json!({"containers": [container(json!({})), container(json!({"name": "b"}))]}));
    let review = Review::create(&text(&exceptions), applied(&two));
    assert_eq!(
        review.edits(),
        [r#"/spec/terminationGracePeriodSeconds=45"#, r#"/spec/containers/1/resources/limits={"memory":"1Gi"}"#]
    );
    assert_eq!(
        review.withheld(),
        ["p/token=spec.enableServiceLinks:exception", "p/limits=spec.containers[0].resources.limits.memory:exception"]
    );
    // What is not made is not due either.
    let unedited = Review::create(&text(&exceptions), decoded(&two));
    assert!(unedited.is_allowed());
    assert!(!Review::create(&text(""), decoded(&two)).is_allowed(), "the override is due without the exception");
}

#[test]
fn what_an_exception_let_pass_is_no_old_violation_once_it_is_not_covered() {
    let containers = "containers: [{name: a, image: 'docker.io/library/nginx:*'}]";
    let exceptions = exception(
        "e",
        "shop",
        &format!("expires: 2027-03-01, policies: [{{policy: p, rules: [privileged]}}], {containers}"),
    );
    let standard = cluster("p", "mode: Enforce, rules: [{name: privileged, podSecurity: {level: baseline}}]");
    let expression = "!container.?securityContext.?privileged.orValue(false)";
    let require = format!("{{container: '{expression}', field: securityContext.privileged, message: refused}}");
    let required = cluster("p", &format!("mode: Enforce, rules: [{{name: privileged, require: {require}}}]"));
    let pod = |image: &str, label: &str| {
        let container = json!({"image": image, "securityContext": {"privileged": true}});
        decoded(&with(pod_with(container), "/metadata/labels", json!({"l": label})))
    };
    let granted = "docker.io/library/nginx:1";
    for policy in [standard, required] {
        let text = format!("{policy}{exceptions}");
        let update = |image: &str| Review::update(&text, pod(granted, "a"), pod(image, "b"));
        assert!(update(granted).at("2027-02-01T00:00:00Z").is_allowed());
        assert!(update("docker.io/library/nginx:2").at("2027-02-01T00:00:00Z").is_allowed());
        let swapped = update("evil.example.com/nginx:1").at("2027-02-01T00:00:00Z");
        assert_eq!(
            swapped.violations(),
            ["p/privileged=spec.containers[0].securityContext.privileged:Enforce"],
            "the image was what the exception was granted for"
        );
        // When it has ended, what runs can still be labelled, and who does so is told; it is not made anew.
        let later = || update(granted).at("2027-03-01T00:00:00Z");
        assert_eq!(later().violations(), ["p/privileged=spec.containers[0].securityContext.privileged:Enforce:old"]);
        let warnings = later().warnings(Endpoint::Validate);
        assert!(warnings[0].ends_with(" (`PodPolicyException/shop/e` has expired)"), "{warnings:?}");
        assert!(update("docker.io/library/nginx:2").at("2027-03-01T00:00:00Z").is_allowed());
        assert!(!update("evil.example.com/nginx:1").at("2027-03-01T00:00:00Z").is_allowed(), "its end widens nothing");
        let created = Review::create(&text, pod(granted, "a")).at("2027-03-01T00:00:00Z");
        assert!(!created.is_allowed());
    }
}

#[test]
fn checks_and_values_narrow_an_exception_from_the_pod_security_standards() {
    let rules = "{name: base, podSecurity: {level: baseline}}, {name: whole, require: {pod: '!has(pod.spec.hostNetwork)', message: m}}";
    let policies = cluster("p", &format!("mode: Enforce, rules: [{rules}]"));
    let pod = |host: Value, adds: Value| {
        let mut pod = pod_with(json!({"securityContext": {"capabilities": {"add": adds}}}));
        merge(&mut pod["spec"], host);
        decoded(&pod)
    };
    let nothing = || json!([]);
    let [network, pid] = [json!({"hostNetwork": true}), json!({"hostPID": true})];
    let capabilities = "{check: capabilities_baseline, values: [NET_ADMIN]}";
    for (checks, more, pod, allowed) in [
        ("{check: hostNamespaces}", "", pod(pid.clone(), nothing()), true),
        ("{check: hostNamespaces}", "", pod(pid.clone(), json!(["NET_ADMIN"])), false),
        ("{check: hostNamespaces, values: [hostPID]}", "", pod(pid.clone(), nothing()), true),
        ("{check: hostNamespaces, values: [hostIPC]}", "", pod(pid.clone(), nothing()), false),
        (
            "{check: hostNamespaces, values: [hostIPC]}, {check: hostNamespaces, values: [hostPID]}",
            "",
            pod(pid.clone(), nothing()),
            true,
        ),
        // The other rule of the policy is asked for as before.
        ("{check: hostNamespaces}", "", pod(network, nothing()), false),
        (capabilities, "", pod(json!({}), json!(["NET_ADMIN"])), true),
        (capabilities, "", pod(json!({}), json!(["NET_ADMIN", "SYS_TIME"])), false),
        (capabilities, "", pod(json!({}), json!(["SYS_TIME"])), false),
        (
            capabilities,
            ", containers: [{name: a, image: 'docker.io/library/nginx:*'}]",
            pod(json!({}), json!(["NET_ADMIN"])),
            true,
        ),
        (capabilities, ", containers: [{name: b, image: '*'}]", pod(json!({}), json!(["NET_ADMIN"])), false),
        (&format!("{capabilities}, {{check: hostNamespaces}}"), "", pod(pid, json!(["NET_ADMIN"])), true),
    ] {
        let spec = format!("expires: never, policies: [{{policy: p, checks: [{checks}]}}]{more}");
        let review = Review::create(&format!("{policies}{}", exception("e", "shop", &spec)), pod.clone());
        assert_eq!(review.is_allowed(), allowed, "{checks}{more} {pod}");
    }
    // Two never add up, and a rule that fails to be asked has no check.
    let one = |name: &str, value: &str| {
        let checks = format!("{{check: hostNamespaces, values: [{value}]}}");
        exception(name, "shop", &format!("expires: never, policies: [{{policy: p, checks: [{checks}]}}]"))
    };
    let both = pod(json!({"hostPID": true, "hostIPC": true}), nothing());
    let two = format!("{policies}{}{}", one("e", "hostPID"), one("f", "hostIPC"));
    assert!(!Review::create(&two, both).is_allowed());
    let failing = policies.replace("name: base", "name: base, when: \"pod.spec.nodeSelector['a'] == 'b'\"");
    let failing = format!("{failing}{}", one("e", "hostPID"));
    assert!(!Review::create(&failing, pod(json!({}), nothing())).is_allowed());
}
