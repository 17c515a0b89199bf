//! The rules that ask for a Pod Security Standard, over one object.

use std::collections::HashMap;

use crate::document::Path;
use crate::policy::pod_security::{Finding, Offence, Subject, offence};
use crate::workload::{Container, Kind, path_in};

/// The fields that a check objects to beside the first. There may be thousands, and most answers name none of them: the
/// paths are made when somebody asks.
#[derive(Clone, Debug)]
pub struct Also<'a> {
    kind: Kind,
    /// The first among them.
    offences: Vec<Offence<'a>>,
}

/// Whether the old Pod offends in all of these ways too.
pub(super) fn was_there(finding: &Finding<'_>, before: &Finding<'_>) -> bool {
    // By their words, because one who adds thousands of capabilities could otherwise make this take long.
    let mut by_word: HashMap<_, Vec<_>> = HashMap::new();
    for old in &before.offences {
        by_word.entry((name(old), old.word.as_ref())).or_default().push(old);
    }
    let had = |offence: &Offence<'_>| {
        let old = by_word.get(&(name(offence), offence.word.as_ref()));
        old.into_iter().flatten().any(|old| offence.is_same(old))
    };
    finding.check == before.check && finding.offences.iter().all(had)
}

/// The name of what offends; empty for the Pod itself.
fn name<'o>(offence: &'o Offence<'_>) -> &'o str {
    match offence.subject {
        Subject::Pod => "",
        Subject::Container(container) => container.name,
        Subject::Volume(name) | Subject::Annotation(name) => name,
    }
}

impl<'a> Also<'a> {
    /// No more than the first.
    pub(super) fn none(kind: Kind) -> Self {
        Also { kind, offences: Vec::new() }
    }

    /// All that a check objects to, in an object of this kind.
    pub(super) fn of(kind: Kind, finding: Option<Finding<'a>>) -> Self {
        Also { kind, offences: finding.map(|finding| finding.offences).unwrap_or_default() }
    }

    /// The fields, as paths in the object.
    pub fn paths(&self) -> impl Iterator<Item = Path<'_>> {
        self.offences.iter().skip(1).map(|offence| path(self.kind, offence))
    }
}

/// A field that offends, as a path in the object.
pub(super) fn path<'o>(kind: Kind, offence: &'o Offence<'_>) -> Path<'o> {
    path_in(kind, offence.base(), offence.field.steps())
}

/// The containers that offend; none if something of the Pod itself does.
pub(super) fn containers<'a>(finding: &Finding<'a>) -> Vec<Container<'a>> {
    let is_of_container = |offence: &Offence<'a>| offence.container().is_some();
    if finding.offences.iter().all(is_of_container) { offence::containers(&finding.offences) } else { Vec::new() }
}
