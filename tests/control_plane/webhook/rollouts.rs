//! Nothing rolls a workload out that its author did not want rolled out.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::webhook::{Scene, equal, objects};

const SPACE: &str = "rollouts";

/// What is done, how, with what on standard input, and the generation and the count of ReplicaSets afterwards.
type Step<'s> = (&'static str, &'s [&'s str], &'s str, (u64, usize));

/// A Deployment, with the two numbers that a rollout would raise.
struct Watched<'s> {
    scene: &'s Scene,
    name: &'s str,
}

impl Watched<'_> {
    /// Runs kubectl, then counts: ReplicaSets as soon as the controller has seen the Deployment.
    fn after(&self, args: &[&str], input: &str) -> Result<(u64, usize), Failed> {
        self.scene.cluster.must(&[args, &["-n", SPACE]].concat(), input)?;
        let Watched { scene, name } = self;
        scene.eventually(&format!("the controller has seen `{name}` after kubectl {}", args.join(" ")), || {
            let stored = scene.stored(SPACE, &format!("deployment/{name}"))?;
            let generation = stored["metadata"]["generation"].as_u64().unwrap_or_default();
            if stored["status"]["observedGeneration"].as_u64() != Some(generation) {
                return Ok(None);
            }
            let sets = scene.all(SPACE, "replicasets")?;
            let sets = sets.iter().filter(|set| set["metadata"]["labels"]["app"] == *name).count();
            Ok(Some((generation, sets)))
        })
    }

    fn grace(&self) -> Result<Value, Failed> {
        let stored = self.scene.stored(SPACE, &format!("deployment/{}", self.name))?;
        Ok(objects::spec(&stored)["terminationGracePeriodSeconds"].clone())
    }
}

pub fn nothing_rolls_out_that_nobody_asked_for(scene: &Scene) -> Result<(), Failed> {
    scene.namespace(SPACE)?;
    let file = objects::workload("Deployment", "web", objects::one("nginx:1.27"));
    let mut relabelled = file.clone();
    relabelled["metadata"]["labels"]["tier"] = json!("front");
    let text = file.to_string();
    let web = Watched { scene, name: "web" };
    let target = "deployment/web";
    let steps: [Step<'_>; 12] = [
        ("created", &["apply", "-f", "-"], &text, (1, 1)),
        ("applied again", &["apply", "-f", "-"], &text, (1, 1)),
        // Annotations of a Deployment count for its generation, labels do not; kubectl keeps the file in an annotation.
        ("labelled", &["label", target, "owner=me"], "", (1, 1)),
        ("applied with another label", &["apply", "-f", "-"], &relabelled.to_string(), (2, 1)),
        ("annotated", &["annotate", target, "note=x"], "", (3, 1)),
        ("scaled", &["scale", target, "--replicas=2"], "", (4, 1)),
        // The file says nothing of the grace, so the API server fills in 30, and podgate what was there.
        ("replaced by the same file", &["replace", "-f", "-"], &text, (5, 1)),
        (
            "patched, but not in the template",
            &["patch", target, "-p", "{\"spec\": {\"minReadySeconds\": 1}}"],
            "",
            (6, 1),
        ),
        ("restarted", &["rollout", "restart", target], "", (7, 2)),
        ("a new image", &["set", "image", target, "web=nginx:1.28"], "", (8, 3)),
        ("an edit of the template", &["patch", target, "--type=json", "-p", EDIT], "", (9, 4)),
        ("applied after all that", &["apply", "-f", "-"], &text, (10, 5)),
    ];
    for (step, args, input, expected) in steps {
        equal(&format!("generation and ReplicaSets after: {step}"), web.after(args, input)?, expected)?;
        equal(&format!("the grace after: {step}"), web.grace()?, json!(45))?;
    }
    Ok(())
}

const EDIT: &str =
    r#"[{"op": "add", "path": "/spec/template/spec/containers/0/env", "value": [{"name": "A", "value": "b"}]}]"#;

/// Moving from client-side to server-side apply makes kubectl give up a field and the API server fill it in again.
pub fn moving_to_server_side_apply_rolls_nothing_out(scene: &Scene) -> Result<(), Failed> {
    let file = objects::workload("Deployment", "moved", objects::one("nginx:1.27")).to_string();
    let moved = Watched { scene, name: "moved" };
    equal("created", moved.after(&["apply", "-f", "-"], &file)?.1, 1)?;
    let args = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
    equal("ReplicaSets after the move", moved.after(&args, &file)?.1, 1)?;
    equal("the grace after the move", moved.grace()?, json!(45))
}

/// An author who changes the value of a field that podgate had filled in gets what he wrote.
pub fn an_author_who_changes_a_default_keeps_his_value(scene: &Scene) -> Result<(), Failed> {
    let file = objects::workload("Deployment", "own", objects::one("nginx:1.27"));
    let mut authored = file.clone();
    authored["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = json!(30);
    let own = Watched { scene, name: "own" };
    own.after(&["apply", "-f", "-"], &file.to_string())?;
    own.after(&["apply", "-f", "-"], &authored.to_string())?;
    equal("the grace that its author wrote", own.grace()?, json!(30))?;
    // Taken back, the template is as it was, and so it stays until something else changes in it.
    let (_, sets) = own.after(&["apply", "-f", "-"], &file.to_string())?;
    equal("ReplicaSets after the author took it back", sets, 2)?;
    equal("the grace that its author took back", own.grace()?, json!(30))?;
    let mut next = file;
    next["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:1.28");
    own.after(&["apply", "-f", "-"], &next.to_string())?;
    equal("the grace after the next change", own.grace()?, json!(45))?;
    own.after(&["patch", "deployment/own", "-p", GRACE], "")?;
    equal("the grace of a patch", own.grace()?, json!(30))
}

const GRACE: &str = r#"{"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 30}}}}"#;

/// What ends a Pod is never held up.
pub fn evictions_and_deletions_pass(scene: &Scene) -> Result<(), Failed> {
    let mut pod = objects::pod("held", objects::one("nginx:1.27"));
    pod["metadata"]["finalizers"] = json!(["example.com/held"]);
    let evicted = objects::pod("evicted", objects::one("nginx:1.27"));
    scene.send(&["apply", "-n", SPACE], &[pod, evicted])?;
    let eviction =
        json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "evicted", "namespace": SPACE}});
    let path = format!("/api/v1/namespaces/{SPACE}/pods/evicted/eviction");
    scene.cluster.must(&["create", "--raw", &path, "-f", "-"], &eviction.to_string())?;
    scene.cluster.must(&["delete", "pod", "held", "-n", SPACE, "--wait=false"], "")?;
    let stored = scene.stored(SPACE, "pod/held")?;
    equal("a Pod with a finalizer is still there", stored["metadata"]["deletionTimestamp"].is_string(), true)?;
    let finished = "{\"metadata\": {\"finalizers\": null}}";
    scene.cluster.must(&["patch", "pod", "held", "-n", SPACE, "-p", finished], "")?;
    for name in ["evicted", "held"] {
        scene.eventually(&format!("the end of `{name}`"), || {
            Ok((!scene.kubectl(&["get", "pod", name, "-n", SPACE], "")?.success).then_some(()))
        })?;
    }
    Ok(())
}
