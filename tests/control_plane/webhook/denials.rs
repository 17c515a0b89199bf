//! What who asked is told: the reasons of a denial, each warning once, and the notes in the audit log.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::webhook::{Scene, audit, equal, holds, objects};

pub fn a_denial_reaches_the_user_with_its_causes(scene: &Scene) -> Result<(), Failed> {
    let deployment = objects::workload("Deployment", "denied", objects::one("nginx:1.27"));
    for args in [&["apply"][..], &["apply", "--server-side"], &["create"]] {
        let said = scene.kubectl(&[args, &["-n", "strict", "-f", "-"]].concat(), &deployment.to_string())?;
        equal(&format!("{args:?}"), said.success, false)?;
        for piece in [
            "(Forbidden)",
            "admission webhook \"validate.podgate.dev\" denied the request: ",
            "[ClusterPodPolicy/strict/team] metadata.labels: names no team",
            "[ClusterPodPolicy/strict/registry] spec.template.spec.containers[0].image: `nginx:1.27` does not come from our registry",
        ] {
            holds(&format!("{args:?}"), &said.stderr, piece)?;
        }
        let warned = said.warnings().iter().filter(|line| line.contains("has no liveness probe")).count();
        equal(&format!("{args:?}: warnings\n{}", said.stderr), warned, 1)?;
    }
    let event = audit::creation(scene, "strict", "deployments", "denied")?;
    let status = &event.0["responseObject"];
    let causes = json!([
        {"reason": "FieldValueInvalid", "field": "metadata.labels", "message": "[ClusterPodPolicy/strict/team] names no team"},
        {"reason": "FieldValueInvalid", "field": "spec.template.spec.containers[0].image",
         "message": "[ClusterPodPolicy/strict/registry] `nginx:1.27` does not come from our registry"},
    ]);
    equal("the causes", sorted(&status["details"]["causes"]), sorted(&causes))?;
    equal("the code", &status["code"], &json!(403))?;
    equal("the reason", &status["reason"], &json!("Forbidden"))?;
    let noted = event.annotation("validate.podgate.dev/violations").unwrap_or_default();
    holds("the note", noted, "ClusterPodPolicy/strict/team=metadata.labels:Enforce")
}

fn sorted(list: &Value) -> Vec<String> {
    let mut lines: Vec<_> = list.as_array().into_iter().flatten().map(Value::to_string).collect();
    lines.sort();
    lines
}

pub fn warnings_are_printed_once_and_edits_are_noted(scene: &Scene) -> Result<(), Failed> {
    scene.namespace("noted")?;
    let pod = objects::pod(
        "noted",
        json!({"containers": [
            {"name": "a", "image": "nginx"}, {"name": "b", "image": "redis:7"},
        ]}),
    );
    let said = scene.send(&["apply", "-n", "noted"], &[pod])?;
    let mut warnings = said.warnings();
    let count = warnings.len();
    warnings.sort_unstable();
    warnings.dedup();
    equal("warnings, and different ones", count, warnings.len())?;
    let of_edits =
        warnings.iter().filter(|line| line.starts_with("podgate: ClusterPodPolicy/recommended-defaults set ")).count();
    equal(&format!("warnings of edits\n{}", said.stderr), of_edits, 1)?;
    let event = audit::creation(scene, "noted", "pods", "noted")?;
    let edits = event.annotation("mutate.podgate.dev/edits").unwrap_or_default();
    let edits: Vec<_> = edits.split(' ').collect();
    let expected = [
        "ClusterPodPolicy/recommended-defaults/graceful-stop=spec.terminationGracePeriodSeconds",
        "ClusterPodPolicy/recommended-defaults/requests=spec.containers[0].resources.requests.cpu",
        "ClusterPodPolicy/recommended-defaults/requests=spec.containers[0].resources.requests.memory",
        "ClusterPodPolicy/recommended-defaults/requests=spec.containers[1].resources.requests.cpu",
        "ClusterPodPolicy/recommended-defaults/requests=spec.containers[1].resources.requests.memory",
    ];
    equal("the note of the edits", edits, expected)?;
    let noted = event.annotation("validate.podgate.dev/violations").unwrap_or_default();
    holds("the note of the violations", noted, "recommended-best-practices/pinned-tags=spec.containers[0].image:Warn")
}
