//! `override`: this value, whoever wrote another one, and nothing half.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, rule};

#[test]
fn it_sets_what_an_author_wrote_and_leaves_what_is_there_already() {
    let text = "override: {pod: {spec: {terminationGracePeriodSeconds: 45}, metadata: {labels: {team: x}}}}";
    for (grace, labels, expected) in [
        (json!(10), json!(null), vec!["/spec/terminationGracePeriodSeconds=45", r#"/metadata/labels={"team":"x"}"#]),
        (json!(45), json!({"team": "z"}), vec![r#"/metadata/labels/team="x""#]),
        (json!(45), json!({"team": "x"}), vec![]),
    ] {
        let mut object = pod(json!({"terminationGracePeriodSeconds": grace}));
        object["metadata"]["labels"] = labels;
        let review = Review::create(&rule(text), applied(&object));
        assert_eq!(review.edits(), expected);
        assert_eq!(review.withheld(), [""; 0]);
        assert_eq!(Review::create(&rule(text), review.edited()).edits(), [""; 0]);
    }
}

#[test]
fn a_field_that_the_api_server_fills_in_is_the_templates_in_a_pod_made_from_one() {
    let grace = "override: {pod: {spec: {terminationGracePeriodSeconds: 45}}}";
    let made = || written_by("kube-controller-manager", &made_pod(json!({"terminationGracePeriodSeconds": 10})));
    let review = Review::create(&rule(grace), made());
    assert_eq!(review.edits(), [""; 0]);
    assert_eq!(review.withheld(), ["p/r=spec.terminationGracePeriodSeconds:template"]);
    // Who says so gets the Pods all the same.
    let all = rule(&format!("{grace}, injectInto: [Pods, Templates]"));
    assert_eq!(Review::create(&all, made()).edits(), ["/spec/terminationGracePeriodSeconds=45"]);
    let template = applied(&deployment(json!({"terminationGracePeriodSeconds": 10})));
    let expected = ["/spec/template/spec/terminationGracePeriodSeconds=45"];
    assert_eq!(Review::create(&rule(grace), template).edits(), expected);
}

#[test]
fn it_goes_before_a_default_of_the_same_field_and_the_loser_is_reported() {
    let policies = cluster(
        "a",
        "mode: Enforce, rules: [{name: d, default: {pod: {spec: {terminationGracePeriodSeconds: 60}}}}]",
    ) + &cluster(
        "b",
        "mode: Enforce, priority: -5, rules: [{name: o, override: {pod: {spec: {terminationGracePeriodSeconds: 45}}}}]",
    );
    let review = Review::create(&policies, applied(&pod(json!({}))));
    assert_eq!(review.edits(), ["/spec/terminationGracePeriodSeconds=45"]);
    assert_eq!(review.withheld(), ["a/d=spec.terminationGracePeriodSeconds:conflict"]);
}

#[test]
fn a_request_that_was_made_of_its_limit_goes_with_it() {
    let text = rule("override: {container: {resources: {limits: {memory: 1Gi}}}}");
    for (resources, expected) in [
        // Nobody wrote the request: it stays what the API server makes of the limit.
        (json!({"limits": {"memory": "512Mi"}}), vec![("limits", "1Gi"), ("requests", "1Gi")]),
        (json!({"limits": {"memory": "2Gi"}}), vec![("limits", "1Gi"), ("requests", "1Gi")]),
        // An author's stays, unless it would be above the limit.
        (json!({"limits": {"memory": "2Gi"}, "requests": {"memory": "512Mi"}}), vec![("limits", "1Gi")]),
        (
            json!({"limits": {"memory": "2Gi"}, "requests": {"memory": "1536Mi"}}),
            vec![("limits", "1Gi"), ("requests", "1Gi")],
        ),
        (json!({"requests": {"memory": "512Mi"}}), vec![("limits", "1Gi")]),
        (json!({"limits": {"memory": "1024Mi"}}), vec![]),
    ] {
        let review = Review::create(&text, applied(&pod_with(json!({"resources": resources}))));
        let edited = review.edited();
        let made: Vec<_> = review.dry_run(None, |run| {
            let list = |edit: &podgate::evaluate::Edit<'_>| match edit.field.steps.get(1) {
                Some(podgate::document::Step::Key(list)) => list.to_string(),
                _ => panic!("{edit:?}"),
            };
            run.edits.made.iter().map(|edit| (list(edit), edit.after.as_str().unwrap().to_owned())).collect()
        });
        let expected: Vec<_> = expected.into_iter().map(|(list, value)| (list.to_owned(), value.to_owned())).collect();
        assert_eq!(made, expected, "{resources}");
        assert_eq!(Review::create(&text, edited).edits(), [""; 0], "{resources}");
    }
}

#[test]
fn a_default_request_is_none_where_an_override_moved_the_limit() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [{name: o, override: {container: {resources: {limits: {memory: 256Mi}}}}}, \
            {name: d, default: {container: {resources: {requests: {memory: 128Mi}}}}}]",
    );
    let review = Review::create(&text, applied(&pod_with(json!({"resources": {"limits": {"memory": "1Gi"}}}))));
    let expected = json!({"limits": {"memory": "256Mi"}, "requests": {"memory": "256Mi"}});
    assert_eq!(review.edited()["spec"]["containers"][0]["resources"], expected);
    assert_eq!(review.withheld(), ["p/d=spec.containers[0].resources.requests.memory:invalid"]);
}

#[test]
fn a_request_above_its_limit_is_not_made() {
    let text = rule("override: {container: {resources: {requests: {memory: 1Gi}}}}");
    let object = |limit: &str| applied(&pod_with(json!({"resources": {"limits": {"memory": limit}}})));
    let review = Review::create(&text, object("512Mi"));
    assert_eq!(review.edits(), [""; 0]);
    assert_eq!(review.withheld(), ["p/r=spec.containers[0].resources.requests.memory:invalid"]);
    assert_eq!(Review::create(&text, object("2Gi")).edits(), [r#"/spec/containers/0/resources/requests/memory="1Gi""#]);
}

#[test]
fn labels_by_which_pods_are_found_stay() {
    let text = rule("override: {pod: {metadata: {labels: {app: x, tier: y2}}}}, injectInto: [Pods, Templates]");
    let mut owner = deployment(json!({}));
    owner["spec"]["selector"] = json!({"matchLabels": {"app": "web"}});
    let review = Review::create(&text, applied(&owner));
    assert_eq!(review.edits(), [r#"/spec/template/metadata/labels/tier="y2""#]);
    assert_eq!(review.withheld(), ["p/r=spec.template.metadata.labels.app:invalid"]);
    let mut made = made_pod(json!({}));
    made["metadata"]["labels"] = json!({"app": "web"});
    let review = Review::create(&text, written_by("kube-controller-manager", &made));
    assert_eq!(review.edits(), [r#"/metadata/labels/tier="y2""#]);
    assert_eq!(review.withheld(), ["p/r=metadata.labels.app:invalid"]);
}

#[test]
fn extended_resources_are_given_as_a_whole() {
    let gpu = "nvidia.com/gpu";
    let text = rule("override: {container: {resources: {limits: {nvidia.com/gpu: 2}}}}");
    let object = applied(&pod_with(json!({"resources": {"limits": {gpu: 1}, "requests": {gpu: 1}}})));
    assert_eq!(
        Review::create(&text, object).edits(),
        [
            r#"/spec/containers/0/resources/limits/nvidia.com~1gpu="2""#,
            r#"/spec/containers/0/resources/requests/nvidia.com~1gpu="2""#,
        ]
    );
    let huge = rule("default: {container: {resources: {limits: {hugepages-2Mi: 4Mi}}}}");
    let review = Review::create(&huge, applied(&pod(json!({}))));
    assert_eq!(review.withheld(), ["p/r=spec.containers[0].resources.limits.hugepages-2Mi:invalid"]);
    let review = Review::create(&huge, applied(&pod_with(json!({"resources": {"requests": {"cpu": 1}}}))));
    assert_eq!(review.edits(), [r#"/spec/containers/0/resources/limits={"hugepages-2Mi":"4Mi"}"#]);
}

#[test]
fn a_class_that_must_be_kept_is_kept() {
    let text = |more: &str| rule(&format!("default: {{container: {{resources: {{requests: {{cpu: 1m}}}}}}}}{more}"));
    let best_effort = || applied(&pod(json!({})));
    assert_eq!(Review::create(&text(""), best_effort()).edits().len(), 1);
    let kept = Review::create(&text(", keepQoS: true"), best_effort());
    assert_eq!(kept.edits(), [""; 0]);
    assert_eq!(kept.withheld(), ["p/r=spec.containers[0].resources.requests.cpu:invalid"]);
    let burstable = applied(&pod_with(json!({"resources": {"requests": {"memory": "1Mi"}}})));
    assert_eq!(Review::create(&text(", keepQoS: true"), burstable).edits().len(), 1);
}

#[test]
fn the_pod_as_a_whole_has_room_for_its_containers() {
    let text = rule("default: {pod: {spec: {resources: {requests: {cpu: 500m}, limits: {memory: 1Gi}}}}}");
    for (resources, expected) in [
        (json!({}), 2),
        (json!({"requests": {"cpu": "1"}}), 1),
        (json!({"requests": {"cpu": "100m"}, "limits": {"memory": "2Gi"}}), 1),
    ] {
        let review = Review::create(&text, applied(&pod_with(json!({"resources": resources}))));
        let made = review.dry_run(None, |run| run.edits.made.len());
        assert_eq!(made, expected, "{resources} {:?}", review.withheld());
    }
}

#[test]
fn a_rule_that_speaks_of_the_request_goes_before_what_follows_from_the_limit() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [{name: a, override: {container: {resources: {limits: {cpu: 250m}}}}}, \
            {name: b, override: {container: {resources: {requests: {cpu: 200m}}}}}]",
    );
    let review = Review::create(&text, applied(&pod_with(json!({"resources": {"limits": {"cpu": "200m"}}}))));
    assert_eq!(review.edits(), [r#"/spec/containers/0/resources/limits/cpu="250m""#]);
    assert_eq!(review.withheld(), [""; 0]);
    assert_eq!(Review::create(&text, review.edited()).edits(), [""; 0]);
}

#[test]
fn what_another_edit_makes_room_for_is_made_in_the_same_call() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [{name: h, default: {container: {resources: {limits: {hugepages-2Mi: 4Mi}}}}}, \
            {name: c, default: {container: {resources: {requests: {cpu: 1m}}}}}]",
    );
    let review = Review::create(&text, applied(&pod(json!({}))));
    let expected = json!({"limits": {"hugepages-2Mi": "4Mi"}, "requests": {"cpu": "1m"}});
    assert_eq!(review.edited()["spec"]["containers"][0]["resources"], expected);
    assert_eq!(review.withheld(), [""; 0]);
    assert_eq!(Review::create(&text, review.edited()).edits(), [""; 0]);
}

#[test]
fn of_a_pod_that_exists_an_override_reaches_the_image_that_changes_and_nothing_else() {
    let text = rule("override: {container: {image: 'nginx:2', workingDir: /x}, pod: {spec: {hostname: x}}}");
    let old = applied(&pod(json!({})));
    let labelled = with(old.clone(), "/metadata/labels", json!({"a": "b"}));
    assert_eq!(Review::update(&text, old.clone(), labelled).edits(), [""; 0]);
    let changed = with(old.clone(), "/spec/containers/0/image", json!("nginx:3"));
    let review = Review::update(&text, old, changed);
    assert_eq!(review.edits(), [r#"/spec/containers/0/image="nginx:2""#]);
    assert_eq!(review.violations(), ["p/r=spec.containers[0].image:Enforce"]);
}

#[test]
fn a_pod_without_the_clusters_name_servers_names_its_own() {
    let text = |config: &str| rule(&format!("override: {{pod: {{spec: {{dnsPolicy: None{config}}}}}}}"));
    let review = Review::create(&text(""), applied(&pod(json!({}))));
    assert_eq!(review.withheld(), ["p/r=spec.dnsPolicy:invalid"]);
    let review = Review::create(&text(", dnsConfig: {nameservers: [10.0.0.9]}"), applied(&pod(json!({}))));
    assert_eq!(review.edits(), [r#"/spec/dnsConfig={"nameservers":["10.0.0.9"]}"#, r#"/spec/dnsPolicy="None""#]);
    assert_eq!(review.withheld(), [""; 0]);
}

#[test]
fn values_that_stand_together_only_are_all_set_whichever_comes_first() {
    let context = |context: Value| pod_with(json!({"securityContext": context}));
    for (wanted, object) in [
        ("allowPrivilegeEscalation: false, privileged: false", json!({"privileged": true})),
        ("privileged: false, allowPrivilegeEscalation: false", json!({"privileged": true})),
        ("privileged: true, allowPrivilegeEscalation: true", json!({"allowPrivilegeEscalation": false})),
        (
            "allowPrivilegeEscalation: false, capabilities: {add: []}",
            json!({"capabilities": {"add": ["CAP_SYS_ADMIN"]}}),
        ),
    ] {
        let text = rule(&format!("override: {{container: {{securityContext: {{{wanted}}}}}}}"));
        let review = Review::create(&text, applied(&context(object)));
        assert_eq!(review.withheld(), [""; 0], "{wanted}");
        let edited = Review::create(&text, review.edited());
        assert_eq!(edited.edits(), [""; 0], "{wanted}");
        assert!(edited.is_allowed(), "{wanted}: {:?}", edited.violations());
    }
}

#[test]
fn a_rule_that_fails_in_the_middle_gives_back_what_it_had_taken() {
    let text = "mode: Enforce, rules: [\
        {name: woken, when: \"'tier' in object.metadata.?labels.orValue({})\", override: {container: \
            {workingDir: {$expression: \"container.name == 'a' ? '/override' : string(1 / 0)\"}}}}, \
        {name: label, override: {pod: {metadata: {labels: {tier: x}}}}}, \
        {name: default, default: {container: {workingDir: /default}}}]";
    let containers = json!([container(json!({})), container(json!({"name": "b"}))]);
    let review = Review::create(&cluster("p", text), applied(&pod(json!({"containers": containers}))));
    let set = |index: u8| format!("/spec/containers/{index}/workingDir=\"/default\"");
    assert_eq!(review.edits()[1..], [set(0), set(1)]);
    let made = review.dry_run(None, |run| {
        run.edits.made.iter().map(|edit| format!("{}={}", edit.rule.name, edit.after)).collect::<Vec<_>>()
    });
    assert_eq!(made, ["label=\"x\"", "default=\"/default\"", "default=\"/default\""]);
}
