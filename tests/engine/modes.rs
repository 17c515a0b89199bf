//! How strictly a rule acts.

use podgate::admit::Endpoint;
use serde_json::json;

use crate::objects::*;
use crate::reviews::{REPLICA_SET_CONTROLLER, Review, Verdict, cluster};

const REQUIRE: &str = "require: {pod: 'false', message: wrong}";
const DEFAULT: &str = "default: {pod: {metadata: {labels: {a: b}}}}";

fn review(spec: &str) -> Review {
    let policy = cluster("p", &format!("{spec}, rules: [{{name: r, {REQUIRE}}}, {{name: d, {DEFAULT}}}]"));
    Review::create(&policy, applied(&pod(json!({}))))
}

#[test]
fn enforce_denies_and_edits_warn_tells_and_audit_records() {
    for (mode, allowed, validate_warnings, edits, mutate_warnings) in [
        ("Enforce", false, 0, 1, Some("podgate: ClusterPodPolicy/p set metadata.labels.a to \"b\"")),
        ("Warn", true, 1, 0, Some("podgate: ClusterPodPolicy/p would set metadata.labels.a to \"b\"")),
        ("Audit", true, 0, 0, None),
    ] {
        let review = review(&format!("mode: {mode}"));
        // The annotation holds the violation in every mode.
        assert_eq!(review.verdict(), Verdict { allowed, violations: vec![format!("p/r=:{mode}")] });
        assert_eq!(review.warnings(Endpoint::Validate).len(), validate_warnings, "{mode}");
        assert_eq!(review.edits().len(), edits, "{mode}");
        assert_eq!(review.warnings(Endpoint::Mutate), mutate_warnings.into_iter().collect::<Vec<_>>(), "{mode}");
        let withheld: Vec<_> = (edits == 0).then_some("p/d=metadata.labels.a:mode").into_iter().collect();
        assert_eq!(review.withheld(), withheld, "{mode}");
    }
}

#[test]
fn a_rule_runs_in_the_mildest_of_its_own_mode_and_that_of_the_namespace() {
    for (policy, of_rule, expected) in [
        ("Enforce", "", "Enforce"),
        ("Enforce", "mode: Warn,", "Warn"),
        ("Enforce", "mode: Audit,", "Audit"),
        ("Warn", "mode: Audit,", "Audit"),
        ("Warn", "mode: Warn,", "Warn"),
    ] {
        let text = cluster("p", &format!("mode: {policy}, rules: [{{name: r, {of_rule} {REQUIRE}}}]"));
        let review = Review::create(&text, decoded(&pod(json!({}))));
        assert_eq!(review.violations(), [format!("p/r=:{expected}")], "{policy} {of_rule}");
    }
    let modes = "mode: Enforce, modes: [\
        {namespaceSelector: {matchLabels: {stage: dev}}, mode: Audit}, \
        {namespaceSelector: {matchExpressions: [{key: stage, operator: Exists}]}, mode: Warn}]";
    for (labels, expected) in
        [(json!({}), "Enforce"), (json!({"stage": "dev"}), "Audit"), (json!({"stage": "test"}), "Warn")]
    {
        let found = review(modes).in_namespace(labels.clone());
        assert_eq!(found.violations(), [format!("p/r=:{expected}")], "{labels}");
        assert_eq!(found.edits().len(), usize::from(expected == "Enforce"), "{labels}");
    }
    let stricter = "mode: Audit, modes: [{namespaceSelector: {matchLabels: {stage: live}}, mode: Enforce}]";
    assert!(!review(stricter).in_namespace(json!({"stage": "live"})).is_allowed());
    let milder = stricter.replace("Enforce", "Warn");
    assert_eq!(review(&milder).in_namespace(json!({"stage": "live"})).violations(), ["p/r=:Warn"]);
}

#[test]
fn controller_pods_warn_lets_pass_what_a_controller_makes_and_still_edits_it() {
    let text = cluster(
        "p",
        &format!("mode: Enforce, controllerPods: Warn, rules: [{{name: r, {REQUIRE}}}, {{name: d, {DEFAULT}}}]"),
    );
    let made = || written_by("kube-controller-manager", &made_pod(json!({})));
    for (user, allowed) in [
        (REPLICA_SET_CONTROLLER, true),
        ("system:kube-controller-manager", true),
        // A reference can be forged, so who asks counts.
        ("jane", false),
        ("system:serviceaccount:kube-system:job-controller", false),
        ("system:serviceaccount:shop:replicaset-controller", false),
    ] {
        let review = Review::create(&text, made()).by(user, &[]);
        assert_eq!(review.is_allowed(), allowed, "{user}");
        assert_eq!(review.warnings(Endpoint::Validate).len(), usize::from(allowed), "{user}");
        assert_eq!(review.edits().len(), 1, "{user}");
    }
    assert!(!Review::create(&text, applied(&pod(json!({})))).is_allowed());
    assert!(!Review::create(&text, applied(&deployment(json!({})))).is_allowed());
    let strict = text.replace("controllerPods: Warn, ", "");
    assert!(!Review::create(&strict, made()).by(REPLICA_SET_CONTROLLER, &[]).is_allowed());
}

#[test]
fn controller_pods_warn_lets_pass_the_replica_set_and_the_job_in_between() {
    let text = cluster("p", &format!("mode: Enforce, controllerPods: Warn, rules: [{{name: r, {REQUIRE}}}]"));
    for (api_version, kind, owner_version, owner_kind, controller) in [
        ("apps/v1", "ReplicaSet", "apps/v1", "Deployment", "deployment-controller"),
        ("batch/v1", "Job", "batch/v1", "CronJob", "cronjob-controller"),
    ] {
        let mut object = owner(api_version, kind, json!({}));
        object["metadata"]["ownerReferences"] =
            json!([{"apiVersion": owner_version, "kind": owner_kind, "name": "o", "uid": "u", "controller": true}]);
        let by = |user: &str| Review::create(&text, decoded(&object)).by(user, &[]).is_allowed();
        assert!(by(&format!("system:serviceaccount:kube-system:{controller}")), "{kind}");
        assert!(by("system:kube-controller-manager"), "{kind}");
        assert!(!by("jane"), "{kind}");
    }
}
