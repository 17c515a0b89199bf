//! What must hold for everything that the API server asked in all of these tests. It comes last.

use libtest_mimic::Failed;

use crate::webhook::audit::Event;
use crate::webhook::calls::is_failure;
use crate::webhook::{Scene, audit, equal};

const PATCH: &str = "patch.webhook.admission.k8s.io/round_0";
const SECOND_PATCH: &str = "patch.webhook.admission.k8s.io/round_1";

pub fn no_call_failed_and_no_second_round_changed_anything(scene: &Scene) -> Result<(), Failed> {
    let (patches, strange) = audit::look(scene, |events, _| {
        let patches = events.iter().flat_map(Event::annotations).filter(|key| key.starts_with(PATCH)).count();
        (patches, events.iter().flat_map(strange).collect::<Vec<_>>())
    })?;
    equal("calls that failed, second patches, and errors of the server", strange, Vec::<String>::new())?;
    equal("patches at all", patches > 0, true)?;
    let metrics = scene.cluster.must(&["get", "--raw", "/metrics"], "")?;
    equal(
        "failures in the metrics of the API server",
        metrics.lines().filter(|line| is_failure(line)).collect::<Vec<_>>(),
        Vec::<&str>::new(),
    )
}

/// What must stand nowhere in the log.
fn strange(event: &Event) -> Vec<String> {
    let is_strange = |key: &&str| key.starts_with("failed-open") || key.starts_with(SECOND_PATCH);
    let uri = &event.0["requestURI"];
    let mut strange: Vec<_> = event.annotations().filter(is_strange).map(|key| format!("{key} in {uri}")).collect();
    if event.0["responseStatus"]["code"].as_u64() >= Some(500) {
        strange.push(format!("{} for {uri}", event.0["responseStatus"]));
    }
    strange
}
