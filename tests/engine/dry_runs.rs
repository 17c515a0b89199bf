//! A dry run gives the answers of both webhooks.

use podgate::admit::Endpoint;
use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, rule};

const DEFAULT: &str = "{name: d, default: {container: {resources: {limits: {memory: 1Gi}}}}}";
const REQUIRE: &str =
    "{name: r, require: {container: has(container.resources.limits), field: resources.limits, message: wrong}}";

#[test]
fn it_judges_the_object_that_it_edited() {
    let text = cluster("p", &format!("mode: Enforce, rules: [{DEFAULT}, {REQUIRE}]"));
    let manifest = pod(json!({}));
    let review = Review::create(&text, decoded(&manifest));
    assert_eq!(review.dry_run(Some(&manifest), |run| (run.decision.name(), run.edits.made.len())), ("allow", 1));
    // Decoded anew, the limit is the request too.
    let object = review.dry_run(Some(&manifest), |run| run.object.to_json());
    assert_eq!(object["spec"]["containers"][0]["resources"]["requests"], json!({"memory": "1Gi"}));
}

#[test]
fn a_file_is_its_authors_own_word() {
    let text = rule("default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}");
    for (grace, expected) in [(None, 45), (Some(30), 30), (Some(10), 10)] {
        let manifest =
            grace.map_or(deployment(json!({})), |grace| deployment(json!({"terminationGracePeriodSeconds": grace})));
        let review = Review::create(&text, decoded(&manifest));
        let object = review.dry_run(Some(&manifest), |run| run.edits.object.to_json());
        assert_eq!(object["spec"]["template"]["spec"]["terminationGracePeriodSeconds"], expected);
    }
}

#[test]
fn a_limit_range_is_applied_to_a_new_pod_of_a_file_before_podgate_sees_it() {
    let text = cluster("p", &format!("mode: Enforce, rules: [{DEFAULT}, {REQUIRE}]"));
    let manifest = pod(json!({}));
    let review = Review::create(&text, decoded(&manifest))
        .with_limit_range(json!({"type": "Container", "default": {"memory": "2Gi"}}));
    let (object, withheld) = review.dry_run(Some(&manifest), |run| {
        (run.object.to_json(), run.edits.withheld.iter().map(|withheld| withheld.reason.code()).collect::<Vec<_>>())
    });
    let resources = json!({"limits": {"memory": "2Gi"}, "requests": {"memory": "2Gi"}});
    assert_eq!(object["spec"]["containers"][0]["resources"], resources);
    assert_eq!(withheld, ["admission"]);
}

#[test]
fn for_an_owner_it_says_what_its_pods_will_meet() {
    let text = cluster(
        "p",
        &format!(
            "mode: Enforce, match: {{kinds: [Pod]}}, rules: [{DEFAULT}, \
        {{name: x, require: {{pod: 'false', message: wrong}}}}]"
        ),
    );
    let manifest = deployment(json!({}));
    let review = Review::create(&text, decoded(&manifest));
    review.dry_run(Some(&manifest), |run| {
        assert_eq!((run.decision.name(), run.edits.made.len()), ("allow", 0));
        let pod = run.pod.as_ref().unwrap();
        assert_eq!((pod.decision.name(), pod.edits.made.len(), pod.violations.len()), ("deny", 1, 1));
        assert_eq!(pod.request.user, "system:serviceaccount:kube-system:replicaset-controller");
        assert_eq!(pod.violations[0].path.to_string(), "");
    });
}

#[test]
fn it_says_the_same_as_the_two_webhooks_one_after_the_other() {
    let recommended = podgate::builtin::pack("recommended").unwrap();
    let mut policies: String = recommended.iter().map(|(_, text)| format!("---\n{text}\n")).collect();
    policies += &cluster("p", &format!("mode: Enforce, rules: [{DEFAULT}, {REQUIRE}]"));
    for object in [
        applied(&pod(json!({}))),
        applied(&deployment(json!({}))),
        server_side(&owner("apps/v1", "StatefulSet", json!({}))),
        written_by("helm", &owner("batch/v1", "Job", json!({"restartPolicy": "Never"}))),
        written_by("kube-controller-manager", &made_pod(json!({}))),
    ] {
        let review = Review::create(&policies, object);
        let mutated = Review::create(&policies, decoded(&review.edited()));
        let (decision, violations, warnings) =
            review.dry_run(None, |run| (run.decision.name() == "allow", run.violations.len(), run.warnings.clone()));
        let verdict = mutated.verdict();
        assert_eq!((decision, violations), (verdict.allowed, verdict.violations.len()));
        let mut expected = review.warnings(Endpoint::Mutate);
        expected.extend(mutated.warnings(Endpoint::Validate));
        assert_eq!(warnings, expected);
    }
}

#[test]
fn in_an_old_file_everything_was_written() {
    let text = rule("default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}");
    let (old, new) = (deployment(json!({"terminationGracePeriodSeconds": 60})), deployment(json!({})));
    let review = Review::update(&text, decoded(&old), decoded(&new));
    let grace = |object: Value| object["spec"]["template"]["spec"]["terminationGracePeriodSeconds"].clone();
    assert_eq!(grace(review.dry_run(Some(&new), |run| run.object.to_json())), 45);
    let live = stored(applied(&new));
    let review = Review::update(&text, live, applied(&new));
    assert_eq!(grace(review.dry_run(Some(&new), |run| run.object.to_json())), 60);
}

/// The live object, in which podgate once set 60.
fn stored(object: Value) -> Value {
    with(object, "/spec/template/spec/terminationGracePeriodSeconds", json!(60))
}

#[test]
fn the_pods_of_an_owner_are_those_of_a_controller() {
    let text = cluster(
        "p",
        "mode: Enforce, controllerPods: Warn, rules: [{name: x, require: {pod: 'false', message: wrong}}]",
    );
    let manifest = deployment(json!({}));
    let decisions = Review::create(&text, decoded(&manifest))
        .dry_run(Some(&manifest), |run| (run.decision.name(), run.pod.as_ref().unwrap().decision.name()));
    assert_eq!(decisions, ("deny", "allow"));
}
