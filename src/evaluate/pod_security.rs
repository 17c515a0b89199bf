//! The rules that ask for a Pod Security Standard, over one object.

use std::collections::HashMap;

use crate::document::Path;
use crate::policy::pod_security::{Finding, Offence, Subject, offence};
use crate::workload::{Container, Kind, path_in};

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

/// Every field that offends, as a path in the object.
pub(super) fn paths(kind: Kind, finding: &Finding<'_>) -> Vec<Path<'static>> {
    finding.offences.iter().map(|offence| path_in(kind, offence.base(), offence.field.steps()).into_owned()).collect()
}

/// The containers that offend; none if something of the Pod itself does.
pub(super) fn containers<'a>(finding: &Finding<'a>) -> Vec<Container<'a>> {
    let is_of_container = |offence: &Offence<'a>| offence.container().is_some();
    if finding.offences.iter().all(is_of_container) { offence::containers(&finding.offences) } else { Vec::new() }
}
