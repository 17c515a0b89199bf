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

/// The last dry run of an object, as soon as it stands there.
pub fn last_dry_run(scene: &Scene, namespace: &str, object: &Value) -> Result<Event, Failed> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let is_it = |event: &Event| {
        let reference = &event.0["objectRef"];
        let named =
            [&reference["name"], &event.0["requestObject"]["metadata"]["name"]].contains(&&object["metadata"]["name"]);
        let resource = format!("{}s", kind.to_lowercase());
        let is_dry = event.0["requestURI"].as_str().is_some_and(|uri| uri.contains("dryRun=All"));
        is_dry && named && reference["namespace"] == namespace && reference["resource"] == resource
    };
    // Every dry run is a line of its own, so the next one is awaited by their count.
    scene.eventually(&format!("a dry run of {kind}/{} in the audit log", object["metadata"]["name"]), || {
        let mut seen = scene.dry_runs.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut fresh = events(scene)?.into_iter().filter(|event| is_it(event) && !seen.contains(&event.id()));
        let found = fresh.next_back();
        seen.extend(found.iter().map(Event::id));
        Ok(found)
    })
}

impl Event {
    /// What tells it from every other.
    pub fn id(&self) -> String {
        self.0["auditID"].as_str().unwrap_or_default().to_owned()
    }

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
