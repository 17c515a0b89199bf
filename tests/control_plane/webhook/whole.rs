//! What must hold for everything that the API server asked in all of these tests. It comes last.

use libtest_mimic::Failed;

use crate::webhook::{Scene, audit, equal};

pub fn no_call_failed_and_no_second_round_changed_anything(scene: &Scene) -> Result<(), Failed> {
    let mut patches = 0;
    let mut strange = Vec::new();
    for event in audit::events(scene)? {
        patches += event.annotations().filter(|key| key.starts_with("patch.webhook.admission.k8s.io/round_0")).count();
        let is_strange =
            |key: &&str| key.starts_with("failed-open") || key.starts_with("patch.webhook.admission.k8s.io/round_1");
        strange.extend(event.annotations().filter(is_strange).map(|key| format!("{key} in {}", event.0["requestURI"])));
        if event.0["responseStatus"]["code"].as_u64() >= Some(500) {
            strange.push(format!("{} for {}", event.0["responseStatus"], event.0["requestURI"]));
        }
    }
    equal("calls that failed, second patches, and errors of the server", strange, Vec::<String>::new())?;
    equal("patches at all", patches > 0, true)?;
    let metrics = scene.cluster.must(&["get", "--raw", "/metrics"], "")?;
    let failed = |line: &&str| {
        line.starts_with("apiserver_admission_webhook_fail_open_count{")
            || line.starts_with("apiserver_admission_webhook_rejection_count{")
                && !line.contains("error_type=\"no_error\"")
    };
    equal(
        "failures in the metrics of the API server",
        metrics.lines().filter(failed).collect::<Vec<_>>(),
        Vec::<&str>::new(),
    )
}
