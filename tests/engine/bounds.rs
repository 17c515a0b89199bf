//! `bound`: amounts in a range, on the result of all that went before.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, rule};

fn on(text: &str, spec: Value) -> (Vec<String>, Vec<String>) {
    let review = Review::create(text, applied(&pod(spec)));
    let edited = review.edited();
    for again in [edited.clone(), decoded(&edited)] {
        assert_eq!(Review::create(text, again).edits(), [""; 0], "{text}");
    }
    (review.edits(), review.withheld())
}

#[test]
fn a_number_is_moved_to_the_nearer_end() {
    let text = rule("bound: {pod: {spec: {terminationGracePeriodSeconds: {min: 5, max: 300}}}}");
    for (grace, expected) in [(1, Some(5)), (5, None), (30, None), (300, None), (301, Some(300))] {
        let edits: Vec<_> =
            expected.iter().map(|grace| format!("/spec/terminationGracePeriodSeconds={grace}")).collect();
        assert_eq!(on(&text, json!({"terminationGracePeriodSeconds": grace})), (edits, vec![]), "{grace}");
    }
}

#[test]
fn what_nobody_set_has_no_range_and_amounts_are_compared_by_value() {
    let text = rule("bound: {container: {resources: {limits: {memory: {max: 1Gi}}, requests: {cpu: {min: 100m}}}}}");
    let resources = |resources: Value| json!({"containers": [container(json!({"resources": resources}))]});
    assert_eq!(on(&text, json!({})), (vec![], vec![]));
    assert_eq!(
        on(&text, resources(json!({"limits": {"memory": "1024Mi"}, "requests": {"cpu": 0.1}}))),
        (vec![], vec![])
    );
    let (edits, _) = on(&text, resources(json!({"requests": {"cpu": "1m"}})));
    assert_eq!(edits, [r#"/spec/containers/0/resources/requests/cpu="100m""#]);
}

#[test]
fn a_limit_that_is_lowered_lowers_its_request_with_it() {
    let text = rule("bound: {container: {resources: {limits: {memory: {max: 1Gi}}}}}");
    let limits = r#"/spec/containers/0/resources/limits/memory="1Gi""#;
    let requests = r#"/spec/containers/0/resources/requests/memory="1Gi""#;
    for (resources, expected) in [
        (json!({"limits": {"memory": "4Gi"}}), vec![limits, requests]),
        (json!({"limits": {"memory": "4Gi"}, "requests": {"memory": "2Gi"}}), vec![limits, requests]),
        (json!({"limits": {"memory": "4Gi"}, "requests": {"memory": "512Mi"}}), vec![limits]),
    ] {
        let (edits, withheld) = on(&text, json!({"containers": [container(json!({"resources": resources}))]}));
        assert_eq!((edits, withheld), (expected.into_iter().map(str::to_owned).collect(), vec![]), "{resources}");
    }
}

#[test]
fn a_request_is_raised_to_its_limit_at_most() {
    let text = rule("bound: {container: {resources: {requests: {cpu: {min: '1'}}}}}");
    let resources = json!({"limits": {"cpu": "500m"}, "requests": {"cpu": "100m"}});
    let (edits, _) = on(&text, json!({"containers": [container(json!({"resources": resources}))]}));
    assert_eq!(edits, [r#"/spec/containers/0/resources/requests/cpu="500m""#]);
}

#[test]
fn it_works_on_what_other_rules_set_and_is_no_conflict_with_them() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [{name: b, bound: {pod: {spec: {terminationGracePeriodSeconds: {max: 50}}}}}, \
            {name: d, default: {pod: {spec: {terminationGracePeriodSeconds: 60}}}}]",
    );
    assert_eq!(on(&text, json!({})), (vec!["/spec/terminationGracePeriodSeconds=50".to_owned()], vec![]));
}

#[test]
fn of_two_ranges_that_do_not_meet_the_first_holds() {
    let text = cluster(
        "p",
        "mode: Enforce, rules: [{name: a, bound: {pod: {spec: {terminationGracePeriodSeconds: {max: 50}}}}}, \
            {name: b, bound: {pod: {spec: {terminationGracePeriodSeconds: {min: 60}}}}}]",
    );
    let (edits, withheld) = on(&text, json!({"terminationGracePeriodSeconds": 90}));
    assert_eq!(edits, ["/spec/terminationGracePeriodSeconds=50"]);
    assert_eq!(withheld, ["p/b=spec.terminationGracePeriodSeconds:conflict"]);
}

#[test]
fn a_template_has_its_own_time_and_its_pods_keep_what_it_says() {
    let text = rule("bound: {pod: {spec: {terminationGracePeriodSeconds: {max: 300}}}}");
    let template = applied(&deployment(json!({"terminationGracePeriodSeconds": 900})));
    let expected = ["/spec/template/spec/terminationGracePeriodSeconds=300"];
    assert_eq!(Review::create(&text, template).edits(), expected);
    let made = written_by("kube-controller-manager", &made_pod(json!({"terminationGracePeriodSeconds": 900})));
    let review = Review::create(&text, made);
    assert_eq!(review.edits(), [""; 0]);
    assert_eq!(review.withheld(), ["p/r=spec.terminationGracePeriodSeconds:template"]);
}

#[test]
fn a_range_that_only_warns_keeps_no_other_from_holding() {
    let policy = |name: &str, mode: &str, range: &str| {
        let rule = format!("{{name: r, bound: {{container: {{resources: {{limits: {{cpu: {{{range}}}}}}}}}}}}}");
        cluster(name, &format!("mode: {mode}, rules: [{rule}]"))
    };
    let object =
        json!({"containers": [container(json!({"resources": {"limits": {"cpu": "8"}, "requests": {"cpu": "100m"}}}))]});
    let (trial, real) = (|mode: &str| policy("a", mode, "min: '2', max: '3'"), policy("b", "Enforce", "max: '1'"));
    let path = "spec.containers[0].resources.limits.cpu";
    let limit = |cpu: &str| format!("/spec/containers/0/resources/limits/cpu=\"{cpu}\"");
    let (edits, withheld) = on(&(trial("Warn") + &real), object.clone());
    assert_eq!((edits, withheld), (vec![limit("1")], vec![format!("a/r={path}:mode")]));
    let (edits, withheld) = on(&(trial("Enforce") + &real), object);
    assert_eq!((edits, withheld), (vec![limit("3")], vec![format!("b/r={path}:conflict")]));
}
