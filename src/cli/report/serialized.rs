//! An object of a report as JSON: its members in the order in which they are documented.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::admit::Assumption;
use crate::cli::explain::Explained;
use crate::cli::report::{Object, Outcome};
use crate::diagnostic::Severity;
use crate::document::Path;
use crate::rollout::Rollout;

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("apiVersion", &self.api_version)?;
        map.serialize_entry("kind", self.kind)?;
        map.serialize_entry("namespace", self.namespace)?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("operation", self.operation)?;
        self.outcome.write_decision(&mut map)?;
        let assumptions: Vec<_> = self.assumptions.iter().map(Assumed).collect();
        map.serialize_entry("assumptions", &assumptions)?;
        self.outcome.write_findings(&mut map)?;
        if let Some(pod) = &self.pod {
            let explained = self.explained.as_ref().map(|answers| answers.of_pods.as_slice());
            map.serialize_entry("pod", &OfPod { outcome: pod, shows_object: self.shows_object, explained })?;
        }
        if let Some(said) = &self.plug_in {
            map.serialize_entry("podSecurityPlugIn", said)?;
        }
        if let Some(rollout) = &self.rollout {
            map.serialize_entry("rollout", &OfRollout(rollout))?;
        }
        if let Some(answers) = &self.explained {
            map.serialize_entry("explained", &answers.own)?;
        }
        let warned = self.problems.iter().filter(|problem| problem.severity == Severity::Warning);
        let warnings: Vec<_> = warned.map(|problem| &problem.message).chain(&self.outcome.warnings).collect();
        map.serialize_entry("warnings", &warnings)?;
        if self.shows_object {
            map.serialize_entry("object", &self.outcome.stored)?;
        }
        map.end()
    }
}

impl Outcome<'_> {
    fn write_decision<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("decision", self.decision)?;
        map.serialize_entry("matchedPolicies", &self.matched_policies)
    }

    fn write_findings<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("violations", &self.violations)?;
        map.serialize_entry("edits", &self.edits)?;
        map.serialize_entry("withheld", &self.withheld)?;
        if let Some(class) = &self.qos_class {
            map.serialize_entry("qosClass", class)?;
        }
        map.serialize_entry("patch", &self.patch)
    }
}

struct OfPod<'o, 'a> {
    outcome: &'o Outcome<'a>,
    shows_object: bool,
    explained: Option<&'o [Explained<'a>]>,
}

impl Serialize for OfPod<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.outcome.write_decision(&mut map)?;
        self.outcome.write_findings(&mut map)?;
        map.serialize_entry("warnings", &self.outcome.warnings)?;
        if let Some(explained) = self.explained {
            map.serialize_entry("explained", explained)?;
        }
        if self.shows_object {
            map.serialize_entry("object", &self.outcome.stored)?;
        }
        map.end()
    }
}

struct OfRollout<'o>(&'o Rollout);

impl Serialize for OfRollout<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Rollout { rolls, template_changes, changed, .. } = self.0;
        let fields: Vec<_> = changed.iter().map(Path::to_string).collect();
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("rolls", rolls)?;
        map.serialize_entry("templateChanges", template_changes)?;
        map.serialize_entry("fields", &fields)?;
        map.serialize_entry("because", &self.0.to_string())?;
        map.end()
    }
}

struct Assumed<'o>(&'o Assumption);

impl Serialize for Assumed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Assumption { code, message } = self.0;
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("code", code)?;
        map.serialize_entry("message", message)?;
        map.end()
    }
}
