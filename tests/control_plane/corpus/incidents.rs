//! What went wrong with other webhooks, where no other test here already tells that it does not with this one.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::webhook::{Scene, equal, objects};

/// Several webhooks that time out must not use up the 34 seconds of a request. Mutating ones are called one after the
/// other, so they share them.
pub fn the_webhooks_hold_no_request_up(scene: &Scene) -> Result<(), Failed> {
    for (kind, most) in [("mutatingwebhookconfiguration", 3), ("validatingwebhookconfiguration", 5)] {
        let text = scene.cluster.must(&["get", kind, "podgate", "-o", "json"], "")?;
        let configuration: Value = serde_json::from_str(&text)?;
        let seconds = configuration["webhooks"][0]["timeoutSeconds"].as_u64().unwrap_or(u64::MAX);
        equal(&format!("{kind}: {seconds} seconds are at most {most}"), seconds <= most, true)?;
    }
    Ok(())
}

/// The controller of Jobs takes its finalizer off each Pod that has ended, or the Job never completes.
pub fn a_job_completes_and_lets_its_pods_go(scene: &Scene) -> Result<(), Failed> {
    let namespace = "incidents-job";
    scene.namespace(namespace)?;
    scene.send(&["apply", "-n", namespace], &[objects::workload("Job", "once", objects::one("nginx:1.27"))])?;
    let pod = scene.pods(namespace, "once", 1)?.remove(0);
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    equal("the finalizers of its Pod", &pod["metadata"]["finalizers"], &json!(["batch.kubernetes.io/job-tracking"]))?;
    let ended = json!({"status": {"phase": "Succeeded"}}).to_string();
    scene.cluster.must(&["patch", "pod", name, "-n", namespace, "--subresource=status", "-p", &ended], "")?;
    scene.eventually("the Job is complete and its Pod free", || {
        let job = scene.stored(namespace, "job/once")?;
        let pod = scene.stored(namespace, &format!("pod/{name}"))?;
        Ok((job["status"]["succeeded"] == 1 && pod["metadata"]["finalizers"].is_null()).then_some(()))
    })
}

/// A policy that comes later judges what a request changes, and never keeps a Pod from ending.
pub fn a_pod_older_than_its_policies_can_still_be_changed(scene: &Scene) -> Result<(), Failed> {
    let namespace = "incidents-old";
    scene.namespace(namespace)?;
    let mut pod = objects::pod("old", objects::one("nginx:1.27"));
    pod["metadata"]["finalizers"] = json!(["example.com/held"]);
    scene.send(&["apply", "-n", namespace], &[pod])?;
    let before = scene.stored(namespace, "pod/old")?;
    // From now on the policy `labelled` denies its image, and wants an annotation.
    scene.cluster.must(&["label", "namespace", namespace, "tier=labelled", "owner=me"], "")?;
    let refused = objects::pod("new", objects::one("nginx:1.27"));
    scene.eventually("a new Pod is denied", || {
        let said = scene.kubectl(&["create", "--dry-run=server", "-n", namespace, "-f", "-"], &refused.to_string())?;
        Ok((!said.success).then_some(()))
    })?;
    scene.cluster.must(&["label", "pod", "old", "-n", namespace, "note=x"], "")?;
    scene.cluster.must(&["annotate", "pod", "old", "-n", namespace, "note=x"], "")?;
    let after = scene.stored(namespace, "pod/old")?;
    equal("the spec of the old Pod", &after["spec"], &before["spec"])?;
    equal("its annotation", &after["metadata"]["annotations"]["example.com/owner"], &Value::Null)?;
    scene.cluster.must(&["delete", "pod", "old", "-n", namespace, "--wait=false"], "")?;
    scene.cluster.must(&["patch", "pod", "old", "-n", namespace, "-p", r#"{"metadata": {"finalizers": null}}"#], "")?;
    scene.eventually("the old Pod is gone", || {
        Ok((!scene.kubectl(&["get", "pod", "old", "-n", namespace], "")?.success).then_some(()))
    })
}

/// What podgate filled in belongs to nobody, so that nobody meets a conflict over it.
pub fn two_appliers_do_not_meet_over_what_podgate_filled_in(scene: &Scene) -> Result<(), Failed> {
    let namespace = "incidents-appliers";
    scene.namespace(namespace)?;
    let whole = objects::workload("Deployment", "shared", objects::one("nginx:1.27"));
    let apply = |manager: &str, object: &Value| {
        let manager = format!("--field-manager={manager}");
        scene.send(
            &["apply", "--server-side", "--validate=false", &manager, "-n", namespace],
            std::slice::from_ref(object),
        )
    };
    apply("one", &whole)?;
    equal("the grace", grace(scene, namespace)?, json!(45))?;
    let part = |template: Value| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shared"},
            "spec": {"template": template}})
    };
    apply("two", &part(json!({"metadata": {"labels": {"of": "two"}}})))?;
    equal("the grace after another applier", grace(scene, namespace)?, json!(45))?;
    apply("two", &part(json!({"metadata": {"labels": {"of": "two"}}, "spec": {"terminationGracePeriodSeconds": 20}})))?;
    equal("the grace of another applier", grace(scene, namespace)?, json!(20))?;
    apply("one", &whole)?;
    equal("the grace that the other applier keeps", grace(scene, namespace)?, json!(20))
}

fn grace(scene: &Scene, namespace: &str) -> Result<Value, Failed> {
    let stored = scene.stored(namespace, "deployment/shared")?;
    Ok(objects::spec(&stored)["terminationGracePeriodSeconds"].clone())
}
