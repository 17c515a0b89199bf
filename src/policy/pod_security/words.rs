//! The pieces of which the API server builds its sentences.

use std::collections::BTreeSet;

use crate::document::print::push_quoted;
use crate::policy::pod_security::{Fault, Offence, Subject, offence};

/// `"a", "b"`
pub(super) fn quoted<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let mut text = String::new();
    for word in words {
        text.push_str(if text.is_empty() { "\"" } else { ", \"" });
        text.push_str(word);
        text.push('"');
    }
    text
}

/// The words of the offences, each once and sorted by their bytes.
pub(super) fn values<'o>(offences: impl IntoIterator<Item = &'o Offence<'o>>) -> BTreeSet<&'o str> {
    offences.into_iter().map(|offence| offence.word.as_ref()).collect()
}

/// The names of the containers among the subjects, each once and in their order.
pub(super) fn containers<'o, 'a: 'o>(offences: impl IntoIterator<Item = &'o Offence<'a>>) -> Vec<&'a str> {
    offence::containers(offences).into_iter().map(|container| container.name).collect()
}

/// `container "a"`, `containers "a", "b"`
pub(super) fn counted(singular: &str, plural: &str, names: &[&str]) -> String {
    format!("{} {}", plural_of(singular, plural, names.len()), quoted(names.iter().copied()))
}

/// Who set something: `pod`, `container "a"`, `pod and containers "a", "b"`.
pub(super) fn setters<'o>(offences: impl IntoIterator<Item = &'o Offence<'o>> + Clone) -> String {
    let pod = offences.clone().into_iter().any(|offence| matches!(offence.subject, Subject::Pod));
    let names = containers(offences);
    match (pod, names.is_empty()) {
        (true, true) => "pod".to_owned(),
        (true, false) => format!("pod and {}", counted("container", "containers", &names)),
        (false, _) => counted("container", "containers", &names),
    }
}

/// Annotations as the API server shows them, each once and sorted by their bytes: `key="value"`.
pub(super) fn annotations<'o>(offences: impl IntoIterator<Item = &'o Offence<'o>>) -> BTreeSet<String> {
    let shown = |offence: &Offence<'_>| match offence.subject {
        Subject::Annotation(key) => {
            let mut text = format!("{key}=");
            push_quoted(&mut text, &offence.word);
            Some(text)
        }
        _ => None,
    };
    offences.into_iter().filter_map(shown).collect()
}

/// The offences of this kind.
pub(super) fn of_fault<'o>(offences: &'o [Offence<'o>], fault: Fault) -> Vec<&'o Offence<'o>> {
    offences.iter().filter(|offence| offence.fault == fault).collect()
}

pub(super) const fn plural_of<'w>(singular: &'w str, plural: &'w str, count: usize) -> &'w str {
    if count == 1 { singular } else { plural }
}

/// The names of the volumes among the subjects, in their order.
pub(super) fn volumes<'o>(offences: &'o [Offence<'o>]) -> Vec<&'o str> {
    let name = |offence: &Offence<'o>| match offence.subject {
        Subject::Volume(name) => Some(name),
        _ => None,
    };
    offences.iter().filter_map(name).collect()
}
