//! Who set a field, as far as a request or a file can tell.
//!
//! By the time a webhook is called the API server has filled in its own values, so that a field is there says nothing.
//! What does say something is who is listed as its owner and what `kubectl apply` left in an annotation. The client
//! controls both: they are good enough to choose a default, never to allow anything.

mod evidence;
mod last_applied;
mod maker;
mod managed_fields;
mod manifest;
mod place;
mod plug_in;

use std::cell::OnceCell;

use bumpalo::Bump;

pub use evidence::{Evidence, Explanation};
pub use last_applied::ANNOTATION as LAST_APPLIED;
pub use maker::{is_mirror_of_node, made_by};
pub use manifest::{Authored, Way};
pub use plug_in::PlugIn;

use crate::api_defaults::{self, filled, fills};
use crate::document::{Step, Value};
use crate::review::request::Request;
use crate::workload::{Base, Kind, Workload};
use managed_fields::{Entry, Owners};
use place::Place;

/// Who set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// Whoever wrote the manifest.
    Authored,
    /// The controller copied it from its template.
    Template,
    /// The API server filled it in, because nobody wrote it.
    ApiDefault,
    /// A plug-in of the API server, another webhook, or podgate earlier.
    Admission,
    /// Nobody can know.
    Unknown,
}

/// What the author of a workload wanted. Nothing is read before the first question.
#[derive(Debug)]
pub struct Intent<'a> {
    arena: &'a Bump,
    workload: Workload<'a>,
    old: Option<Workload<'a>>,
    /// Whether a built-in controller made this Pod from its template.
    is_made: bool,
    witness: Witness<'a>,
}

/// What an answer rests on.
#[derive(Debug)]
enum Witness<'a> {
    /// The file, seen before anybody added to it.
    File(Authored<'a>),
    /// What the API server sends along with the object.
    Request { namespace: &'a str, entries: OnceCell<&'a [Entry<'a>]>, last_applied: OnceCell<Option<Value<'a>>> },
}

/// An answer, what it rests on, and whether an author chose this very value.
#[derive(Clone, Copy, Debug)]
struct Finding<'a> {
    provenance: Provenance,
    evidence: Evidence<'a>,
    chosen: bool,
}

impl Provenance {
    /// The word for it in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Provenance::Authored => "authored",
            Provenance::Template => "template",
            Provenance::ApiDefault => "api-default",
            Provenance::Admission => "admission",
            Provenance::Unknown => "unknown",
        }
    }
}

impl<'a> Intent<'a> {
    /// The intent behind a request. `maker` is the kind whose controller is said to have made this Pod; for defaults an
    /// owner reference is enough, because forging one only keeps them away.
    pub fn of_request(
        arena: &'a Bump,
        request: &Request<'a>,
        workload: Workload<'a>,
        old: Option<Workload<'a>>,
        maker: Option<Kind>,
    ) -> Self {
        let witness =
            Witness::Request { namespace: request.namespace, entries: OnceCell::new(), last_applied: OnceCell::new() };
        Intent { arena, workload, old, is_made: is_made(workload, maker), witness }
    }

    /// The intent behind a file. `workload` is the object as the API server would send it, made from the file.
    pub fn of_file(
        arena: &'a Bump,
        authored: Authored<'a>,
        workload: Workload<'a>,
        old: Option<Workload<'a>>,
        maker: Option<Kind>,
    ) -> Self {
        Intent { arena, workload, old, is_made: is_made(workload, maker), witness: Witness::File(authored) }
    }

    /// Who set the field of the Pod; [`None`] if nothing stands there.
    ///
    /// An element of a list that is merged by keys has owners of its own; any other list counts as a whole.
    pub fn provenance(&self, base: Base, steps: &[Step<'_>]) -> Option<Provenance> {
        self.find(base, steps).map(|finding| finding.provenance)
    }

    /// Whether an author chose the value that stands there, so that an old value must not be put back over it.
    ///
    /// This is stricter than [`Provenance::Authored`]: whoever sends whole objects also "changes" a field to the API
    /// server's value by leaving it out, and chose nothing.
    pub fn is_chosen(&self, base: Base, steps: &[Step<'_>]) -> bool {
        self.find(base, steps).is_some_and(|finding| finding.chosen)
    }

    /// Whether an author's own text names the field: what was applied, or what was edited by hand.
    pub fn is_written_out(&self, base: Base, steps: &[Step<'_>]) -> bool {
        let Some(place) = Place::of(self.workload, base, steps) else { return false };
        match &self.witness {
            Witness::File(authored) => self.is_written(authored, &place),
            Witness::Request { .. } => {
                let last_applied = self.last_applied();
                let stands = |applied| manifest::stands(applied, self.workload.kind, &place);
                if last_applied.is_some_and(stands) {
                    return true;
                }
                // For one request after it moved from client-side to server-side apply, kubectl applies everything
                // that it owned, filled in or not. The annotation knows better.
                let was_moved = |entry: &Entry<'_>| last_applied.is_some() && entry.wrote_containers();
                let is_applied = |entry: &Entry<'_>| entry.is_apply && entry.is_of_object && entry.owns(&place);
                let entries = self.entries();
                Owners::of(entries, &place).edited.is_some()
                    || entries.iter().any(|entry| is_applied(entry) && !was_moved(entry))
            }
        }
    }

    fn find(&self, base: Base, steps: &[Step<'_>]) -> Option<Finding<'a>> {
        let place = Place::of(self.workload, base, steps)?;
        let finding = self.judge(&place);
        if finding.provenance == Provenance::Authored {
            return Some(finding);
        }
        // The API server writes either name of the service account when the other is written.
        let twin = place.twin().and_then(|twin| Place::of(self.workload, Base::Pod, twin));
        let twin = twin.map(|twin| self.judge(&twin)).filter(|twin| twin.provenance == Provenance::Authored);
        Some(twin.unwrap_or(finding))
    }

    fn judge(&self, place: &Place<'a, '_>) -> Finding<'a> {
        // The server's types have no absent `resources`: an empty one is how it writes that there are none.
        if place.is_empty_resources() {
            return Finding::of(Provenance::ApiDefault, Evidence::EmptyStruct);
        }
        // A plug-in writes after the owners were listed, and what it writes would be filled in further in a template.
        if let Some(plug_in) = PlugIn::of(self.workload, place)
            && !self.is_claimed(place)
        {
            return Finding::of(Provenance::Admission, Evidence::PlugIn(plug_in));
        }
        // Step 0: the template has spoken. A controller owns what it copied and what was filled in alike.
        if self.is_made && place.is_in_template() && fills(place.path(self.arena)) {
            return Finding::of(Provenance::Template, Evidence::Template);
        }
        let finding = match &self.witness {
            Witness::File(authored) => self.by_file(authored, place),
            Witness::Request { .. } => self.by_owners(place),
        };
        self.follow_limit(place, finding)
    }

    /// Whether anybody is known to have sent the field.
    fn is_claimed(&self, place: &Place<'a, '_>) -> bool {
        match &self.witness {
            Witness::File(authored) => self.is_written(authored, place),
            Witness::Request { .. } => {
                let stands = |applied| manifest::stands(applied, self.workload.kind, place);
                self.is_owned(place) || self.last_applied().is_some_and(stands)
            }
        }
    }

    /// In a file every field is seen with and without what was added to it.
    fn by_file(&self, authored: &Authored<'a>, place: &Place<'a, '_>) -> Finding<'a> {
        let is_written = self.is_written(authored, place);
        let is_filled = self.is_filled(place);
        let (provenance, evidence) = match authored.way {
            Way::Apply | Way::ServerSide if is_written => (Provenance::Authored, Evidence::Manifest),
            Way::ServerSide if manifest::names(authored.object, self.workload.kind, place) => {
                (Provenance::Authored, Evidence::Null)
            }
            Way::Apply | Way::ServerSide if is_filled => (Provenance::ApiDefault, Evidence::NotInManifest),
            // These send an object whose owner is listed for every field, the filled in ones included.
            Way::Create | Way::Replace | Way::Helm3 if is_filled => (Provenance::Unknown, Evidence::WholeObject(None)),
            Way::Create | Way::Replace | Way::Helm3 if is_written => (Provenance::Authored, Evidence::Manifest),
            _ => (Provenance::Admission, Evidence::NotInManifest),
        };
        Finding::of(provenance, evidence)
    }

    /// The decision function, from its step 1 on.
    fn by_owners(&self, place: &Place<'a, '_>) -> Finding<'a> {
        let entries = self.entries();
        let owners = Owners::of(entries, place);
        // Step 1: an Apply entry lists exactly what was applied.
        //
        // `kubectl edit`, `patch` and `set` own what they were told to change, also where the new value is the API
        // server's. They stand before step 2, because an annotation that is older than the edit knows nothing of it,
        // and because they need no annotation; beside step 1, because both say the same. What they own inside a
        // container that they added was filled in like anything else.
        if let Some(manager) = owners.applied {
            return Finding::of(Provenance::Authored, Evidence::AppliedBy(manager));
        }
        if let Some(manager) = owners.edited {
            return Finding::of(Provenance::Authored, Evidence::EditedBy(manager));
        }
        // Step 2: the annotation holds the manifest as it was applied.
        if let Some(applied) = self.last_applied() {
            if manifest::stands(applied, self.workload.kind, place) {
                return Finding::of(Provenance::Authored, Evidence::LastApplied);
            }
            let others = || entries.iter().filter(|entry| entry.owns(place) && !entry.owns_last_applied());
            if owners.any.is_none() || others().next().is_none() {
                let is_filled = self.is_filled(place);
                let provenance = if is_filled { Provenance::ApiDefault } else { Provenance::Admission };
                let plug_in = PlugIn::of(self.workload, place).filter(|_| !is_filled);
                return Finding::of(provenance, plug_in.map_or(Evidence::NotLastApplied, Evidence::PlugIn));
            }
            // Another manager changed the field after the annotation was written, unless it sent a whole object: then
            // the annotation came later, and the rest decides. Whether it chose the value is another question: on an
            // update a whole object without the field leaves the same trace as the API server's value written out.
            if let Some(owner) = others().find(|owner| !owner.wrote_containers()) {
                let evidence = Evidence::OwnedBy(owner.manager);
                return Finding { provenance: Provenance::Authored, evidence, chosen: !self.is_filled(place) };
            }
        }
        // Step 3: what the API server would not have written, somebody else wrote. Without any entry, whoever sent the
        // object is the likeliest.
        if !self.is_filled(place) {
            return match owners.any {
                Some(manager) => Finding::of(Provenance::Authored, Evidence::OwnedBy(manager)),
                None if entries.is_empty() => Finding::of(Provenance::Authored, Evidence::NoOwners),
                None => Finding::of(Provenance::Admission, Evidence::NotOwned),
            };
        }
        // Step 4: beside exact lists, what nobody owns was filled in.
        if owners.any.is_none() && entries.iter().any(|entry| entry.is_apply && entry.is_of_object) {
            return Finding::of(Provenance::ApiDefault, Evidence::NotOwned);
        }
        // Step 5: a schema with default values of its own.
        if let Some(manager) = owners.with_own_defaults {
            return Finding::of(Provenance::Authored, Evidence::OwnDefaults(manager));
        }
        // A request beside its limit that nobody sent came after the owners were listed.
        if owners.any.is_none() && !entries.is_empty() && place.is_request() {
            return Finding::of(Provenance::Admission, Evidence::NotOwned);
        }
        // Step 6. Any manager that has not been named wrote whole objects, with the API server's value in them.
        let evidence = if entries.is_empty() { Evidence::NoOwners } else { Evidence::WholeObject(owners.any) };
        Finding::of(Provenance::Unknown, evidence)
    }

    /// A request that equals its limit was made by whoever made the limit, unless it was there first.
    fn follow_limit(&self, place: &Place<'a, '_>, finding: Finding<'a>) -> Finding<'a> {
        if !matches!(finding.provenance, Provenance::ApiDefault | Provenance::Unknown) {
            return finding;
        }
        let limit = place.limit(self.arena).and_then(|limit| Place::of(self.workload, place.base, limit));
        // What a manager owns was sent, if no annotation knows better. Asked first, because it is so in most requests.
        let is_sent = |limit: &Place<'a, '_>| self.last_applied().is_none() && self.is_owned(limit);
        let Some(limit) = limit.filter(|limit| !is_sent(limit)).map(|limit| self.judge(&limit)) else { return finding };
        if limit.provenance != Provenance::Admission {
            return finding;
        }
        let came_first = finding.provenance == Provenance::Unknown
            && match &self.witness {
                Witness::File(authored) => self.is_written(authored, place),
                Witness::Request { .. } => self.is_owned(place),
            };
        if came_first { Finding::of(Provenance::Authored, finding.evidence) } else { limit }
    }

    /// Whether any manager owns the field.
    fn is_owned(&self, place: &Place<'a, '_>) -> bool {
        self.entries().iter().any(|entry| entry.owns(place))
    }

    fn is_written(&self, authored: &Authored<'a>, place: &Place<'a, '_>) -> bool {
        manifest::stands(authored.object, self.workload.kind, place)
    }

    /// Whether the value is the one that the API server fills in here, or filled in for the old object: a stored
    /// `imagePullPolicy` stays when the image changes.
    fn is_filled(&self, place: &Place<'a, '_>) -> bool {
        if place.is_outside {
            let filled = api_defaults::filled_outside(self.arena, self.workload.object, place.path(self.arena));
            return filled.is_some_and(|filled| filled == place.whole_value(self.workload));
        }
        let would = |workload: Workload<'a>, place: &Place<'a, '_>| {
            let is_pod = workload.kind == Kind::Pod;
            let filled = filled(self.arena, is_pod, workload.template, place.path(self.arena));
            filled.is_some_and(|filled| filled == place.whole_value(workload))
        };
        if would(self.workload, place) {
            return true;
        }
        let before = self.old.and_then(|old| Some((old, place.in_other(old)?)));
        before.is_some_and(|(old, before)| {
            before.whole_value(old) == place.whole_value(self.workload) && would(old, &before)
        })
    }

    fn entries(&self) -> &'a [Entry<'a>] {
        match &self.witness {
            Witness::Request { entries, .. } => {
                entries.get_or_init(|| managed_fields::entries(self.arena, self.workload))
            }
            Witness::File(_) => &[],
        }
    }

    fn last_applied(&self) -> Option<Value<'a>> {
        match &self.witness {
            Witness::Request { namespace, last_applied, .. } => {
                *last_applied.get_or_init(|| last_applied::read(self.arena, self.workload.object, namespace))
            }
            Witness::File(_) => None,
        }
    }
}

impl<'a> Finding<'a> {
    fn of(provenance: Provenance, evidence: Evidence<'a>) -> Self {
        Finding { provenance, evidence, chosen: provenance == Provenance::Authored }
    }
}

fn is_made(workload: Workload<'_>, maker: Option<Kind>) -> bool {
    workload.kind == Kind::Pod && maker.is_some_and(|maker| maker.controller_user().is_some())
}

#[cfg(test)]
mod tests;
