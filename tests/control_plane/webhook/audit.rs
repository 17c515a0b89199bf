//! The audit log: what the API server itself noted about its calls of podgate.

use std::fs;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::webhook::Scene;

const PATCH: &str = "patch.webhook.admission.k8s.io/round_0_index_0";

/// One request.
#[derive(Clone, Debug)]
pub struct Event(pub Value);

/// All requests so far.
pub fn events(scene: &Scene) -> Result<Vec<Event>, Failed> {
    let log = fs::read_to_string(scene.cluster.audit_log())?;
    // The last line may still be on its way.
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| Ok(Event(serde_json::from_str(line)?))).collect()
}

/// The creation of an object, dry runs too, as soon as it stands there.
pub fn creation(scene: &Scene, namespace: &str, resource: &str, name: &str) -> Result<Event, Failed> {
    let is_it = |event: &Event| {
        let reference = &event.0["objectRef"];
        let named = reference["name"] == name || event.0["responseObject"]["metadata"]["name"] == name;
        // Server-side apply creates with a patch.
        let verb =
            event.0["verb"] == "create" || event.0["verb"] == "patch" && event.0["responseStatus"]["code"] != 200;
        verb && reference["namespace"] == namespace && reference["resource"] == resource && named
    };
    scene.eventually(&format!("the creation of {resource}/{name} in the audit log"), || {
        Ok(events(scene)?.into_iter().rfind(is_it))
    })
}

impl Event {
    /// An annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.0["annotations"][key].as_str()
    }

    /// The keys of all annotations.
    pub fn annotations(&self) -> impl Iterator<Item = &str> {
        self.0["annotations"].as_object().into_iter().flat_map(|annotations| annotations.keys().map(String::as_str))
    }

    /// The operations that podgate sent in the first round; none is an empty list.
    pub fn patch(&self) -> Result<Value, Failed> {
        let Some(noted) = self.annotation(PATCH) else { return Ok(Value::Array(Vec::new())) };
        let mut noted: Value = serde_json::from_str(noted)?;
        Ok(noted["patch"].take())
    }
}
