//! Ways around an enforced edit: what podgate does not or cannot edit is judged all the same.

use podgate::admit::Endpoint;
use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{REPLICA_SET_CONTROLLER, Review, cluster, exception, rule};

const UNPRIVILEGED: &str = "override: {container: {securityContext: {privileged: false}}}";
const NO_ESCALATION: &str = "override: {container: {securityContext: {allowPrivilegeEscalation: false}}}";
const UNTRUSTED: &str = "override: {pod: {metadata: {labels: {tier: untrusted}}}}";
const CPU: &str = "bound: {container: {resources: {limits: {cpu: {max: '1'}}}}}";

fn privileged(name: &str) -> Value {
    json!({"name": name, "image": "nginx:1", "securityContext": {"privileged": true}})
}

fn crowd(containers: usize) -> Value {
    let containers: Vec<_> = (0..containers).map(|n| privileged(&format!("c{n}"))).collect();
    applied(&pod(json!({"containers": containers})))
}

fn limited(cpu: &str) -> Value {
    applied(&pod_with(json!({"resources": {"limits": {"cpu": cpu}, "requests": {"cpu": cpu}}})))
}

/// Asserts that nothing is edited and that the one violation denies with this message.
fn assert_denied(review: &Review, message: &str) {
    assert_eq!(review.edits(), [""; 0], "{message}");
    let response = review.response(Endpoint::Validate);
    assert_eq!(response["status"]["message"].as_str().unwrap_or("allowed"), message);
}

#[test]
fn more_containers_than_podgate_edits() {
    let edited = Review::create(&rule(UNPRIVILEGED), crowd(256));
    assert_eq!(edited.edits().len(), 256);
    assert!(Review::create(&rule(UNPRIVILEGED), edited.edited()).is_allowed());
    let message = "[ClusterPodPolicy/p/r] podgate cannot make the edit: the Pod has more than 256 containers";
    assert_denied(&Review::create(&rule(UNPRIVILEGED), crowd(257)), message);
    // A label is no reason to look at what is there already, and a container is.
    let labelled = with(crowd(257), "/metadata/labels", json!({"a": "b"}));
    assert_eq!(Review::update(&rule(UNPRIVILEGED), crowd(257), labelled).violations(), [""; 0]);
    let debug = with(crowd(257), "/spec/ephemeralContainers", json!([privileged("d")]));
    assert!(!Review::update(&rule(UNPRIVILEGED), crowd(257), debug).through("ephemeralcontainers").is_allowed());
}

#[test]
fn edits_that_make_too_large_a_patch() {
    let huge = "x".repeat(1000);
    let rules: String = (0..5)
        .map(|n| format!("{{name: e{n}, default: {{container: {{env: [{{name: E{n}, value: {huge}}}]}}}}}}, "))
        .collect();
    let text = cluster(
        "p",
        &format!("mode: Enforce, rules: [{rules} {{name: r, {UNPRIVILEGED}, containers: {{names: [c0]}}}}]"),
    );
    let review = Review::create(&text, crowd(256));
    let message = "[ClusterPodPolicy/p/r] spec.containers[0].securityContext.privileged: must be false, and is true: \
        podgate cannot set it: the patch would be too large: thousands of operations, or more than a megabyte";
    assert_denied(&review, message);
    assert!(review.withheld()[0].ends_with(":too-large"), "{:?}", review.withheld());
}

#[test]
fn what_the_api_server_would_not_take_beside_what_is_there() {
    for (text, object, message) in [
        (
            NO_ESCALATION,
            pod(json!({"containers": [privileged("a")]})),
            "spec.containers[0].securityContext.allowPrivilegeEscalation: must be false, and is not set: \
             podgate cannot set it: the container is privileged",
        ),
        (
            "bound: {container: {resources: {requests: {cpu: {min: '1'}}}}}",
            pod_with(json!({"resources": {"limits": {"cpu": "10m"}, "requests": {"cpu": "10m"}}})),
            "spec.containers[0].resources.requests.cpu: must be \"1\", and is \"10m\": \
             podgate cannot set it: its limit is `10m`, and a request is at most its limit",
        ),
    ] {
        assert_denied(&Review::create(&rule(text), applied(&object)), &format!("[ClusterPodPolicy/p/r] {message}"));
        let warn = cluster("p", &format!("mode: Warn, rules: [{{name: r, {text}}}]"));
        assert_eq!(Review::create(&warn, applied(&object)).violations(), [""; 0], "{text}");
        // What was there before does not deny.
        let image = |tag: &str| with(applied(&deployment(object["spec"].clone())), IMAGE, json!(tag));
        let everywhere = rule(&format!("{text}, injectInto: [Pods, Templates]"));
        let review = Review::update(&everywhere, image("x:1"), image("x:2"));
        assert!(review.is_allowed() && review.violations()[0].ends_with(":Enforce:old"), "{:?}", review.violations());
    }
}

const IMAGE: &str = "/spec/template/spec/containers/0/image";

#[test]
fn labels_that_must_stay() {
    let trusted = |mut object: Value, pointer: &str| {
        object = with(object, pointer, json!({"tier": "trusted"}));
        applied(&object)
    };
    let mut owner = deployment(json!({}));
    owner["spec"]["selector"] = json!({"matchLabels": {"tier": "trusted"}});
    let text = rule(&format!("{UNTRUSTED}, injectInto: [Pods, Templates]"));
    let message = "[ClusterPodPolicy/p/r] spec.template.metadata.labels.tier: must be \"untrusted\", and is \"trusted\": \
        podgate cannot set it: the selector of the object asks for it";
    assert_denied(&Review::create(&text, trusted(owner, "/spec/template/metadata/labels")), message);
    let mut foreign = pod(json!({}));
    foreign["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "x.io/v1", "kind": "Foo", "name": "x", "uid": "1", "controller": true}]);
    let message = "[ClusterPodPolicy/p/r] metadata.labels.tier: must be \"untrusted\", and is \"trusted\": \
        podgate cannot set it: the controller of the Pod knows it by its labels";
    assert_denied(&Review::create(&rule(UNTRUSTED), trusted(foreign, "/metadata/labels")), message);
}

#[test]
fn an_expression_that_fails() {
    let team = "\"object.metadata.labels.team != 'infra'\"";
    let condition = format!("match: {{conditions: [{{name: c, expression: {team}}}]}}");
    let of_rule = |more: &str| rule(&format!("when: {team}, {more}{UNPRIVILEGED}"));
    let of_policy = cluster("p", &format!("mode: Enforce, {condition}, rules: [{{name: r, {UNPRIVILEGED}}}]"));
    let of_value = rule("override: {container: {workingDir: {$expression: object.metadata.labels.team}}}");
    let object = applied(&pod(json!({"containers": [privileged("a")]})));
    for (text, path) in [(of_rule(""), ""), (of_policy, ""), (of_value, "spec.containers[0].workingDir")] {
        let review = Review::create(&text, object.clone());
        assert_eq!(review.edits(), [""; 0], "{text}");
        assert_eq!(review.violations(), [format!("p/r={path}:Enforce")], "{text}");
        let (denied, is_error) = review.dry_run(None, |run| (run.decision.name(), run.violations[0].is_error));
        assert_eq!((denied, is_error), ("deny", true), "{text}");
        let message = review.response(Endpoint::Validate)["status"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("podgate cannot make the edit: an expression failed: "), "{message}");
        // Whoever changes something else of such a Pod is not made to mend it.
        let annotated = with(object.clone(), "/metadata/annotations/a", json!("b"));
        assert_eq!(Review::update(&text, object.clone(), annotated).violations(), [""; 0], "{text}");
    }
    let passed_over = Review::create(&of_rule("onError: Allow, "), object);
    assert_eq!(passed_over.violations(), ["p/r=:Audit"]);
    assert!(passed_over.is_allowed());
}

#[test]
fn a_value_that_does_not_hold_still_and_one_that_no_field_takes() {
    let unstable = "override: {container: {workingDir: {$expression: \"container.?workingDir.orValue('') + '/x'\"}}}";
    let wrong = "override: {pod: {spec: {terminationGracePeriodSeconds: {$expression: dyn(-1)}}}}";
    for text in [unstable, wrong] {
        let review = Review::create(&rule(text), applied(&pod(json!({}))));
        assert_eq!(review.edits(), [""; 0], "{text}");
        assert!(!review.is_allowed() && review.violations().len() == 1, "{text}: {:?}", review.violations());
    }
}

#[test]
fn what_policies_decide_is_no_violation() {
    // Another rule was first; the rule keeps a class; an exception; a Pod that cannot have the field.
    let first = cluster(
        "p",
        "mode: Enforce, rules: [{name: a, override: {container: {workingDir: /a}}}, \
            {name: b, override: {container: {workingDir: /b}}}]",
    );
    let review = Review::create(&first, applied(&pod_with(json!({"workingDir": "/a"}))));
    assert_eq!(
        (review.withheld(), review.violations()),
        (vec!["p/b=spec.containers[0].workingDir:conflict".into()], vec![])
    );
    let class = rule("override: {container: {resources: {requests: {cpu: 1m}}}}, keepQoS: true");
    let review = Review::create(&class, applied(&pod(json!({}))));
    assert_eq!(review.withheld(), ["p/r=spec.containers[0].resources.requests.cpu:class"]);
    assert_eq!(review.violations(), [""; 0]);
    let windows = applied(&pod(json!({"os": {"name": "windows"}})));
    let review = Review::create(&rule(NO_ESCALATION), windows);
    assert_eq!(review.withheld().len(), 1);
    assert_eq!(review.violations(), [""; 0]);
    let excepted = exception("e", "shop", "expires: never, policies: [{policy: p}]");
    for object in [crowd(257), applied(&pod(json!({"containers": [privileged("a")]})))] {
        assert!(!Review::create(&rule(UNPRIVILEGED), object.clone()).is_allowed());
        assert!(Review::create(&(rule(UNPRIVILEGED) + &excepted), object).is_allowed());
    }
}

#[test]
fn an_owner_reference_that_anybody_can_write() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [{name: o, override: {container: {imagePullPolicy: Always}}}, \
            {name: b, bound: {pod: {spec: {terminationGracePeriodSeconds: {max: 300}}}}}]",
    );
    let spec = json!({"terminationGracePeriodSeconds": 100_000, "containers": [container(json!({"imagePullPolicy": "Never"}))]});
    let made = || written_by("kubectl-create", &made_pod(spec.clone()));
    let forged = || Review::create(&text, made()).by("alice", &[]);
    let edits = ["/spec/containers/0/imagePullPolicy=\"Always\"", "/spec/terminationGracePeriodSeconds=300"];
    assert_eq!(forged().edits(), edits);
    let paths = ["p/o=spec.containers[0].imagePullPolicy:Enforce", "p/b=spec.terminationGracePeriodSeconds:Enforce"];
    assert_eq!(forged().violations(), paths);
    // What its controller sends the template has spoken for; so it is taken to be in a file.
    let sent = || Review::create(&text, made()).by(REPLICA_SET_CONTROLLER, &[]);
    assert_eq!(sent().edits(), [""; 0]);
    assert_eq!(sent().violations(), [""; 0]);
    let file = made_pod(spec.clone());
    let counts = forged().dry_run(Some(&file), |run| (run.edits.made.len(), run.violations.len()));
    assert_eq!(counts, (0, 0));
}

#[test]
fn a_template_that_says_it_came_from_another_one() {
    let text = rule("override: {container: {imagePullPolicy: Always}}");
    let path = "p/r=spec.template.spec.containers[0].imagePullPolicy:Enforce";
    let never = json!({"containers": [container(json!({"imagePullPolicy": "Never"}))]});
    for (api_version, kind, owner_kind, controller) in
        [("apps/v1", "ReplicaSet", "Deployment", "deployment"), ("batch/v1", "Job", "CronJob", "cronjob")]
    {
        let mut object = owner(api_version, kind, never.clone());
        object["metadata"]["ownerReferences"] =
            json!([{"apiVersion": api_version, "kind": owner_kind, "name": "x", "uid": "1", "controller": true}]);
        let object = written_by("kubectl-create", &object);
        let review = || Review::create(&text, object.clone());
        let by = |user: &str| review().by(user, &[]).violations();
        assert_eq!(by("alice"), [path], "{kind}");
        assert_eq!(by(&format!("system:serviceaccount:kube-system:{controller}-controller")), [""; 0], "{kind}");
        assert_eq!(by("system:kube-controller-manager"), [""; 0], "{kind}");
        // Whoever labels one that stands changes no template.
        let labelled = with(object.clone(), "/metadata/labels", json!({"a": "b"}));
        assert_eq!(Review::update(&text, object.clone(), labelled).violations(), [""; 0], "{kind}");
    }
}

#[test]
fn a_resize() {
    let resize = |old: &str, new: &str| Review::update(&rule(CPU), limited(old), limited(new)).through("resize");
    let message = "[ClusterPodPolicy/p/r] spec.containers[0].resources.limits.cpu: must be \"1\", and is \"8\": \
        the resize asks for what the rule does not allow";
    assert_denied(&resize("1", "8"), message);
    assert_denied(&resize("4", "8"), message);
    for (old, new) in [("1", "500m"), ("8", "1")] {
        assert_eq!(resize(old, new).violations(), [""; 0], "{old} {new}");
    }
    // Only what it changes is asked about.
    let both = rule("override: {container: {imagePullPolicy: Always}, pod: {metadata: {labels: {a: b}}}}");
    let review = Review::update(&both, limited("1"), limited("8")).through("resize");
    assert_eq!(review.violations(), [""; 0]);
    let memory = |amount: &str| applied(&pod_with(json!({"resources": {"limits": {"cpu": "8", "memory": amount}}})));
    assert_eq!(Review::update(&rule(CPU), memory("1Gi"), memory("2Gi")).through("resize").violations(), [""; 0]);
    let fails = |text: &str| rule(&format!("when: \"object.metadata.labels.team == 'a'\", {text}"));
    assert!(!Review::update(&fails(CPU), limited("1"), limited("8")).through("resize").is_allowed());
    assert!(Review::update(&fails(UNPRIVILEGED), limited("1"), limited("8")).through("resize").is_allowed());
    let warn = cluster("p", &format!("mode: Warn, rules: [{{name: r, {CPU}}}]"));
    assert_eq!(Review::update(&warn, limited("1"), limited("8")).through("resize").violations(), [""; 0]);
}

#[test]
fn a_debug_container() {
    let old = || applied(&pod(json!({})));
    let with_debug = |containers: Value| with(old(), "/spec/ephemeralContainers", containers);
    let review =
        |text: &str, old: Value, new: Value| Review::update(&rule(text), old, new).through("ephemeralcontainers");
    let debug = || with_debug(json!([privileged("d")]));
    let path = "p/r=spec.ephemeralContainers[0].securityContext";
    assert_eq!(review(UNPRIVILEGED, old(), debug()).violations(), [format!("{path}.privileged:Enforce")]);
    let unfit = review(NO_ESCALATION, old(), debug());
    assert_eq!(unfit.edits(), [""; 0]);
    assert_eq!(unfit.violations(), [format!("{path}.allowPrivilegeEscalation:Enforce")]);
    // One that runs already is no business of the next one.
    let two =
        with_debug(json!([privileged("d"), {"name": "e", "image": "x", "securityContext": {"privileged": false}}]));
    assert_eq!(review(UNPRIVILEGED, debug(), two).violations(), [""; 0]);
}

#[test]
fn a_label_of_a_pod_that_exists() {
    let labelled = |tier: &str| applied(&with(pod(json!({})), "/metadata/labels", json!({"tier": tier})));
    let review = |old: &str, new: &str| Review::update(&rule(UNTRUSTED), labelled(old), labelled(new));
    // What an edit once made is put back, and due where that did not happen.
    assert_eq!(review("untrusted", "trusted").edits(), ["/metadata/labels/tier=\"untrusted\""]);
    assert!(!review("untrusted", "trusted").is_allowed());
    // A Pod that is older than the rule keeps its label, and gets no other one.
    let message = "[ClusterPodPolicy/p/r] metadata.labels.tier: must be \"untrusted\", and is \"trusted\": \
        the update asks for what the rule does not allow";
    assert_denied(&review("old", "trusted"), message);
    let annotated = with(labelled("old"), "/metadata/annotations/a", json!("b"));
    assert_eq!(Review::update(&rule(UNTRUSTED), labelled("old"), annotated).violations(), [""; 0]);
    assert_eq!(review("old", "untrusted").violations(), [""; 0]);
}
