//! Updates of templates: podgate starts no rollout, and stops those that only its own values would start.

use serde_json::{Value, json};

use crate::objects::*;
use crate::reviews::{Review, cluster, rule};

const GRACE: &str = "/spec/template/spec/terminationGracePeriodSeconds";
const IMAGE: &str = "/spec/template/spec/containers/0/image";

fn default_of(seconds: u32, more: &str) -> String {
    rule(&format!("default: {{pod: {{spec: {{terminationGracePeriodSeconds: {seconds}}}}}}}{more}"))
}

fn silent() -> Value {
    deployment(json!({}))
}

/// The Deployment as it is stored after podgate set its grace on creation.
fn stored(object: Value, seconds: u32) -> Value {
    with(object, GRACE, json!(seconds))
}

fn labelled(object: Value) -> Value {
    with(object, "/metadata/labels", json!({"a": "b"}))
}

#[test]
fn an_existing_template_is_edited_only_as_rollout_says() {
    let new_image = |object: Value| with(object, IMAGE, json!("nginx:2"));
    for (rollout, on_create, on_change, on_label) in [
        ("", true, true, false),
        (", rollout: OnTemplateChange", true, true, false),
        (", rollout: Never", true, false, false),
        (", rollout: Always", true, true, true),
    ] {
        let text = default_of(45, rollout);
        let old = applied(&silent());
        let is_edited = |review: Review| match review.edits().as_slice() {
            [] => false,
            [edit] => *edit == format!("{GRACE}=45"),
            more => panic!("{more:?}"),
        };
        assert_eq!(is_edited(Review::create(&text, old.clone())), on_create, "{rollout}");
        let changed = Review::update(&text, old.clone(), applied(&new_image(silent())));
        assert_eq!(is_edited(changed), on_change, "{rollout}");
        let review = Review::update(&text, old, applied(&labelled(silent())));
        let withheld = review.withheld();
        assert_eq!(is_edited(review), on_label, "{rollout}");
        let path = "spec.template.spec.terminationGracePeriodSeconds";
        let expected: Vec<_> = (!on_label).then(|| format!("p/r={path}:rollout")).into_iter().collect();
        assert_eq!(withheld, expected, "{rollout}");
    }
}

#[test]
fn values_that_a_whole_object_writer_drops_are_put_back() {
    let entry_of = |manager: &str, grace: Value| {
        let fields = json!({"f:spec": {"f:template": {"f:spec": {"f:terminationGracePeriodSeconds": grace}}}});
        entry(manager, "Update", fields)
    };
    let created = written_by("kubectl-create", &silent());
    let everything = created["metadata"]["managedFields"][0].clone();
    let old = stored(created.clone(), 45);
    // `kubectl replace` with the same file, and with a label more.
    for (manager, is_put_back) in [
        ("kubectl-replace", true),
        ("argocd-controller", true),
        // These change the field that they are told to change: back to 30 is what somebody asked for.
        ("kubectl-edit", false),
        ("kubectl-patch", false),
        ("kubectl-set", false),
        ("HashiCorp", false),
    ] {
        let new = owned_by(&created, &[everything.clone(), entry_of(manager, json!({}))]);
        let expected: Vec<_> = is_put_back.then(|| format!("{GRACE}=45")).into_iter().collect();
        for new in [new.clone(), labelled(new)] {
            let review = Review::update(&default_of(45, ""), old.clone(), new.clone());
            assert_eq!(review.edits(), expected, "{manager}");
            // A policy that wants another value by now, or that wants none in updates, rolls nothing either.
            for text in [default_of(60, ""), default_of(45, ", rollout: Never")] {
                assert_eq!(Review::update(&text, old.clone(), new.clone()).edits(), expected, "{manager}");
            }
            let again = Review::update(&default_of(45, ""), old.clone(), review.edited());
            assert_eq!(again.edits(), [""; 0], "{manager}");
        }
    }
}

#[test]
fn a_migration_to_server_side_apply_rolls_nothing() {
    // kubectl first applies everything that its client-side self owned, then only what is written.
    let manifest = applied_as(&silent(), &silent());
    let everything = manifest["metadata"]["managedFields"][0]["fieldsV1"].clone();
    let old = stored(owned_by(&manifest, &[entry("kubectl", "Apply", everything)]), 45);
    let new = owned_by(&manifest, &[entry("kubectl", "Apply", owned(&silent()))]);
    for seconds in [45, 60] {
        let review = Review::update(&default_of(seconds, ""), old.clone(), new.clone());
        assert_eq!(review.edits(), [format!("{GRACE}=45")]);
    }
}

#[test]
fn what_an_author_had_written_and_takes_away_stays_away() {
    let explicit = stored(silent(), 45);
    let applied_twice = (applied(&explicit), applied(&silent()));
    let server_side_twice = (server_side(&explicit), server_side(&silent()));
    for (old, new) in [applied_twice, server_side_twice] {
        let review = Review::update(&default_of(60, ""), old, new);
        // The template changes anyway, so the policy's own value goes in.
        assert_eq!(review.edits(), [format!("{GRACE}=60")]);
    }
    for on_unknown in ["", ", onUnknown: Keep"] {
        let new = applied(&stored(silent(), 30));
        let review = Review::update(&default_of(45, on_unknown), applied(&explicit), new);
        assert_eq!(review.edits(), [""; 0]);
    }
}

#[test]
fn nothing_is_put_back_into_a_template_that_changes_in_other_ways() {
    let old = stored(written_by("kubectl-create", &silent()), 60);
    let new = written_by("kubectl-replace", &with(silent(), IMAGE, json!("nginx:2")));
    // The current value goes in, as on any change.
    assert_eq!(Review::update(&default_of(45, ""), old, new).edits(), [format!("{GRACE}=45")]);
}

#[test]
fn a_rule_that_may_always_roll_sets_its_value_beside_what_was_put_back() {
    let policies = cluster(
        "a",
        "mode: Enforce, rules: [\
        {name: x, rollout: Always, default: {pod: {spec: {dnsPolicy: Default}}}, onUnknown: Replace}, \
        {name: z, default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}}]",
    );
    let old = stored(written_by("kubectl-create", &silent()), 45);
    let new = written_by("kubectl-replace", &silent());
    let review = Review::update(&policies, old.clone(), new);
    assert_eq!(review.edits(), [format!("{GRACE}=45"), r#"/spec/template/spec/dnsPolicy="Default""#.to_owned()]);
    assert_eq!(Review::update(&policies, old, review.edited()).edits(), [""; 0]);
    // Its own dropped value is not put back under it.
    let old = stored(written_by("kubectl-create", &silent()), 45);
    let new = written_by("kubectl-replace", &silent());
    let review = Review::update(&default_of(60, ", rollout: Always"), old, new);
    assert_eq!(review.edits(), [format!("{GRACE}=60")]);
}

#[test]
fn of_a_computed_map_each_field_is_put_back_by_itself() {
    let text = rule(
        "default: {container: {resources: {$expression: \"{'limits': {'memory': '1Gi'}}\"}}}, injectInto: [Templates]",
    );
    let limits = "/spec/template/spec/containers/0/resources/limits";
    let own = deployment(json!({"containers": [container(json!({"resources": {"limits": {"cpu": "1"}}}))]}));
    let old = with(written_by("kubectl-create", &own), limits, json!({"cpu": "1", "memory": "1Gi"}));
    let review = Review::update(&text, old, written_by("kubectl-replace", &own));
    assert_eq!(review.edits(), [format!("{limits}/memory=\"1Gi\"")]);
}

#[test]
fn the_template_of_a_job_that_exists_is_fixed() {
    // A queue changes the node selector of a suspended Job, which the API server allows, and nothing else.
    let job = owner("batch/v1", "Job", json!({"restartPolicy": "Never"}));
    let placed = with(job.clone(), "/spec/template/spec/nodeSelector", json!({"zone": "a"}));
    for rollout in ["", ", rollout: Always"] {
        let review = Review::update(&default_of(45, rollout), applied(&job), applied(&placed));
        assert_eq!(review.edits(), [""; 0]);
        assert_eq!(review.withheld(), ["p/r=spec.template.spec.terminationGracePeriodSeconds:invalid"]);
        assert_eq!(Review::create(&default_of(45, rollout), applied(&job)).edits(), [format!("{GRACE}=45")]);
    }
    // What a whole object drops would be refused, so it is put back.
    let old = stored(written_by("kubectl-create", &job), 45);
    let review = Review::update(&default_of(45, ""), old, written_by("kubectl-replace", &job));
    assert_eq!(review.edits(), [format!("{GRACE}=45")]);
    // So would be its author's own value, applied again, where an edit made another of it.
    let text = rule("override: {pod: {spec: {terminationGracePeriodSeconds: 45}}}");
    let written = |grace: i64| applied(&with(job.clone(), GRACE, json!(grace)));
    assert_eq!(Review::update(&text, written(45), written(10)).edits(), [format!("{GRACE}=45")]);
    assert_eq!(Review::update(&text, written(20), written(10)).edits(), [""; 0]);
}

#[test]
fn a_null_is_no_change_of_a_template() {
    let old = with(applied(&silent()), "/spec/template/metadata/creationTimestamp", Value::Null);
    let review = Review::update(&default_of(45, ""), old, applied(&labelled(silent())));
    assert_eq!(review.edits(), [""; 0]);
    assert_eq!(review.withheld(), ["p/r=spec.template.spec.terminationGracePeriodSeconds:rollout"]);
}

#[test]
fn a_value_that_podgate_set_earlier_is_kept_when_the_policy_wants_another_one_by_now() {
    let old = stored(applied(&silent()), 45);
    let new = stored(applied(&with(silent(), IMAGE, json!("nginx:2"))), 45);
    let review = Review::update(&default_of(60, ""), old, new);
    assert_eq!(review.edits(), [""; 0]);
    assert_eq!(review.withheld(), ["p/r=spec.template.spec.terminationGracePeriodSeconds:admission"]);
}

#[test]
fn what_an_author_takes_out_of_lists_and_objects_stays_out() {
    let text = rule(
        "default: {container: {env: [{name: REGION, value: eu}], livenessProbe: {httpGet: {port: 80}, periodSeconds: 5}}, \
            pod: {spec: {tolerations: [{key: spot}]}}}, injectInto: [Templates]",
    );
    let template = "/spec/template/spec";
    let stored = |env: Value, probe: Value, tolerations: Value| {
        let mut object = silent();
        let container = &mut object["spec"]["template"]["spec"]["containers"][0];
        (container["env"], container["livenessProbe"]) = (env, probe);
        object["spec"]["template"]["spec"]["tolerations"] = tolerations;
        written_by("kubectl-create", &object)
    };
    let probe = json!({"httpGet": {"port": 80}, "periodSeconds": 5});
    let (region, spot) = (json!({"name": "REGION", "value": "eu"}), json!({"key": "spot"}));
    let replaced = written_by("kubectl-replace", &silent());
    // What podgate had added is there again, and the template is the old one.
    let old = stored(json!([region]), probe.clone(), json!([spot]));
    let review = Review::update(&text, old.clone(), replaced.clone());
    assert_eq!(decoded(&review.edited()).pointer(template), old.pointer(template));
    // An author's own variable, probe or toleration is his to take away, podgate's come beside.
    let own_probe = json!({"exec": {"command": ["up"]}, "periodSeconds": 5});
    for old in [
        stored(json!([{"name": "OWN"}, region]), probe.clone(), json!([spot])),
        stored(json!([region]), own_probe, json!([spot])),
        stored(json!([region]), probe, json!([{"key": "own"}])),
    ] {
        let edited = Review::update(&text, old, replaced.clone()).edited();
        let container = &edited["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["env"], json!([region]));
        assert_eq!(container["livenessProbe"]["exec"], Value::Null);
        assert_eq!(edited["spec"]["template"]["spec"]["tolerations"], json!([spot]));
    }
}

#[test]
fn of_a_computed_object_only_what_the_rule_gives_is_put_back() {
    let text = rule(
        "default: {pod: {spec: {nodeSelector: {$expression: \"{'disk': object.metadata.name}\"}}}}, injectInto: [Templates]",
    );
    let stored =
        |selector: Value| written_by("kubectl-create", &with(silent(), "/spec/template/spec/nodeSelector", selector));
    let replaced = || written_by("kubectl-replace", &silent());
    let selector_after = |old: Value| {
        Review::update(&text, old, replaced()).edited()["spec"]["template"]["spec"]["nodeSelector"].clone()
    };
    // The value that it had, even where the rule would give another one by now.
    assert_eq!(selector_after(stored(json!({"disk": "of-old"}))), json!({"disk": "of-old"}));
    // What the rule never gave was its author's to take away.
    assert_eq!(selector_after(stored(json!({"zone": "eu"}))), json!({"disk": "web"}));
    assert_eq!(selector_after(stored(json!({"zone": "eu", "disk": "web"}))), json!({"disk": "web"}));
}
