//! The audit log: what the API server itself noted about its calls of podgate.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::PoisonError;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::webhook::Scene;

const PATCH: &str = "patch.webhook.admission.k8s.io/round_0_index_0";

/// One request.
#[derive(Clone, Debug)]
pub struct Event(pub Value);

/// What has been read of the log.
#[derive(Default)]
pub struct Log {
    read: u64,
    events: Vec<Event>,
    /// Those of which a test has looked at, so that none is taken for another.
    seen: HashSet<usize>,
}

impl Log {
    /// Reads what has been added.
    fn read(&mut self, path: &Path) -> io::Result<()> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut added = String::new();
        file.read_to_string(&mut added)?;
        // The last line may still be on its way.
        let whole = added.rsplit_once('\n').map_or("", |(whole, _)| whole);
        if whole.is_empty() {
            return Ok(());
        }
        self.read += whole.len() as u64 + 1;
        for line in whole.lines() {
            self.events.push(Event(serde_json::from_str(line)?));
        }
        Ok(())
    }
}

/// Looks at all requests so far.
pub fn look<T>(scene: &Scene, look: impl FnOnce(&[Event], &mut HashSet<usize>) -> T) -> Result<T, Failed> {
    let mut log = scene.audit.lock().unwrap_or_else(PoisonError::into_inner);
    log.read(&scene.cluster.audit_log())?;
    let Log { events, seen, .. } = &mut *log;
    Ok(look(events, seen))
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
        look(scene, |events, _| events.iter().rfind(|event| is_it(event)).cloned())
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
    scene.eventually(&format!("a dry run of {kind}/{} in the audit log", object["metadata"]["name"]), || {
        look(scene, |events, seen| {
            let mut fresh = events.iter().enumerate().filter(|(index, event)| is_it(event) && !seen.contains(index));
            let (index, event) = fresh.next_back()?;
            seen.insert(index);
            Some(event.clone())
        })
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
