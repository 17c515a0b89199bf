//! What an answer about a field rests on, for those who do not believe it.

use crate::api_defaults::{filled, filled_outside};
use crate::document::{Step, Value};
use crate::provenance::place::Place;
use crate::provenance::plug_in::PlugIn;
use crate::provenance::{Finding, Intent, Provenance};
use crate::workload::{Base, Kind};

/// What an answer rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence<'a> {
    /// The manifest has the field.
    Manifest,
    /// The manifest says `null`, and to apply that on the server's side is to own the field.
    Null,
    /// The manifest lacks the field.
    NotInManifest,
    /// Who sends whole objects owns all of them, what the API server filled in too. Its name, where one is listed.
    WholeObject(Option<&'a str>),
    /// This manager applied the field on the server's side.
    AppliedBy(&'a str),
    /// This manager changes single fields, and owns this one.
    EditedBy(&'a str),
    /// What `kubectl apply` left in the annotation has the field.
    LastApplied,
    /// What `kubectl apply` left in the annotation lacks the field, and no other manager owns it.
    NotLastApplied,
    /// This manager owns the field.
    OwnedBy(&'a str),
    /// No manager owns the field.
    NotOwned,
    /// The object lists no managers at all.
    NoOwners,
    /// This manager writes default values of a schema of its own.
    OwnDefaults(&'a str),
    /// A controller copied it.
    Template,
    /// It looks like the work of this plug-in.
    PlugIn(PlugIn),
    /// The type of the field has no absent form.
    EmptyStruct,
}

/// Who set a field, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explanation<'a> {
    /// Who.
    pub provenance: Provenance,
    /// How that is known.
    pub evidence: Evidence<'a>,
    /// What stands there.
    pub value: Value<'a>,
    /// What the API server fills in there, if it fills in anything.
    pub filled: Option<Value<'a>>,
}

impl<'a> Intent<'a> {
    /// Who set the field of the Pod, and how that is known; [`None`] if nothing stands there.
    ///
    /// In a Pod of a controller everything that the controller sent is the template's.
    pub fn explain(&self, base: Base, steps: &[Step<'_>]) -> Option<Explanation<'a>> {
        let place = Place::of(self.workload, base, steps)?;
        let finding = self.find(base, steps)?;
        let sent = matches!(finding.evidence, Evidence::OwnedBy(_) | Evidence::Manifest | Evidence::WholeObject(_));
        let (provenance, evidence) = if self.is_made && place.is_in_template() && sent {
            (Provenance::Template, Evidence::Template)
        } else {
            (finding.provenance, finding.evidence)
        };
        let filled =
            filled(self.arena, self.workload.kind == Kind::Pod, self.workload.template, place.path(self.arena));
        Some(Explanation { provenance, evidence, value: place.whole_value(self.workload), filled })
    }

    /// The same for a field of the object that is not one of its Pod, with the steps from the object.
    pub fn explain_outside(&self, steps: &[Step<'_>]) -> Option<Explanation<'a>> {
        let place = Place::outside(self.workload, steps)?;
        let Finding { provenance, evidence, .. } = self.judge(&place);
        let filled = filled_outside(self.arena, self.workload.object, place.path(self.arena));
        Some(Explanation { provenance, evidence, value: place.whole_value(self.workload), filled })
    }
}
