//! One field that a check objects to.

use std::borrow::Cow;

use crate::document::{Path, Step, Value};
use crate::policy::pod_security::pod::{self, Pod};
use crate::workload::Base;

/// One field that a check objects to.
#[derive(Clone, Debug)]
pub struct Offence<'a> {
    /// Whose field it is.
    pub subject: Subject<'a>,
    /// From the base of the subject to the field: from the Pod, or from the container.
    pub field: Path<'a>,
    /// What stands there; [`None`] for nothing.
    pub value: Option<Value<'a>>,
    /// The value as messages and exceptions name it: a capability, a port, the type of a volume.
    pub word: Cow<'a, str>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Whose field it is.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The Pod's own.
    Pod,
    /// A container's.
    Container(crate::workload::Container<'a>),
    /// A volume's, by its name.
    Volume(&'a str),
    /// An annotation of the Pod, by its key.
    Annotation(&'a str),
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It holds what is forbidden.
    Forbidden,
    /// It does not hold what is asked for.
    Missing,
}

impl<'a> Offence<'a> {
    /// A field of the Pod.
    pub(super) fn of_pod(pod: &Pod<'a>, field: Path<'a>, word: impl Into<Cow<'a, str>>) -> Self {
        let value = pod.template.at(field.steps()).filter(|value| !value.is_null());
        Offence { subject: Subject::Pod, field, value, word: word.into(), fault: Fault::Forbidden }
    }

    /// A field of the Pod's security context.
    pub(super) fn of_context(pod: &Pod<'a>, keys: &[&'a str], word: impl Into<Cow<'a, str>>) -> Self {
        let keys = ["spec", "securityContext"].iter().chain(keys);
        Offence::of_pod(pod, keys.map(|key| Step::key(key)).collect(), word)
    }

    /// A field of the security context of the Pod, or of this container.
    pub(super) fn of_security(
        pod: &Pod<'a>,
        owner: Option<&pod::Container<'a>>,
        keys: &[&'a str],
        word: impl Into<Cow<'a, str>>,
    ) -> Self {
        match owner {
            None => Offence::of_context(pod, keys, word),
            Some(container) => {
                let keys = ["securityContext"].iter().chain(keys);
                Offence::of_container(container, keys.map(|key| Step::key(key)).collect(), word)
            }
        }
    }

    /// A field of a volume, or the volume itself.
    pub(super) fn of_volume(
        pod: &Pod<'a>,
        (index, volume): (usize, Value<'a>),
        key: Option<&'a str>,
        word: impl Into<Cow<'a, str>>,
    ) -> Self {
        let path = Path::of(&["spec", "volumes"]).index(index);
        let field = key.into_iter().fold(path, Path::key);
        let subject = Subject::Volume(volume.text(&["name"]).unwrap_or_default());
        Offence { subject, ..Offence::of_pod(pod, field, word) }
    }

    /// An annotation of the Pod.
    pub(super) fn of_annotation(pod: &Pod<'a>, key: &'a str, value: &'a str) -> Self {
        let subject = Subject::Annotation(key);
        Offence { subject, ..Offence::of_pod(pod, Path::of(&["metadata", "annotations", key]), value) }
    }

    /// A field of a container.
    pub(super) fn of_container(container: &pod::Container<'a>, field: Path<'a>, word: impl Into<Cow<'a, str>>) -> Self {
        let value = container.container.value.at(field.steps()).filter(|value| !value.is_null());
        let subject = Subject::Container(container.container);
        Offence { subject, field, value, word: word.into(), fault: Fault::Forbidden }
    }

    /// The same field, which does not hold what is asked for.
    pub(super) fn missing(self) -> Self {
        Offence { fault: Fault::Missing, ..self }
    }

    /// Where the field is counted from.
    pub fn base(&self) -> Base {
        self.container().map_or(Base::Pod, |container| container.base())
    }

    /// The container whose field it is.
    pub fn container(&self) -> Option<crate::workload::Container<'a>> {
        match self.subject {
            Subject::Container(container) => Some(container),
            Subject::Pod | Subject::Volume(_) | Subject::Annotation(_) => None,
        }
    }

    /// Whether `other`, in another version of the Pod, offends in the same way: the same value in the same field of what
    /// has the same name. Places in lists do not count.
    pub fn is_same(&self, other: &Offence<'_>) -> bool {
        let is_key = |step: &&Step<'_>| matches!(step, Step::Key(_));
        let is_same_subject = match (self.subject, other.subject) {
            (Subject::Pod, Subject::Pod) => true,
            (Subject::Container(a), Subject::Container(b)) => a.role == b.role && a.name == b.name,
            (Subject::Volume(a), Subject::Volume(b)) | (Subject::Annotation(a), Subject::Annotation(b)) => a == b,
            _ => false,
        };
        is_same_subject
            && self.fault == other.fault
            && self.word == other.word
            && self.field.steps().iter().filter(is_key).eq(other.field.steps().iter().filter(is_key))
            && (self.fault == Fault::Missing || self.value == other.value)
    }
}

/// The containers whose fields offend, each once and in their order.
pub fn containers<'o, 'a: 'o>(
    offences: impl IntoIterator<Item = &'o Offence<'a>>,
) -> Vec<crate::workload::Container<'a>> {
    let mut containers: Vec<_> = offences.into_iter().filter_map(Offence::container).collect();
    // A check looks at one container after the other.
    containers.dedup_by_key(|container| container.base());
    containers
}
