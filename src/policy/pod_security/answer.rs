//! What to write so that a check passes, where there is one thing to write and nothing is given up by it.

use crate::document::{Path, Value};
use crate::policy::pod_security::{Finding, Offence, Pod, pod};
use crate::workload::Base;

/// What to write into a Pod.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// Where the path is counted from.
    pub base: Base,
    /// The field. An index may be that of the place after the last element.
    pub path: Path<'a>,
    /// What shall stand there.
    pub value: Value<'a>,
}

/// What to write about an offence, or why nobody can say.
pub(super) type Answering = for<'a> fn(&Pod<'a>, &Offence<'a>) -> Result<Answer<'a>, &'static str>;

impl<'a> Answer<'a> {
    /// A field of the Pod's security context.
    pub(super) fn of_context(key: &'a str, value: Value<'a>) -> Self {
        Answer { base: Base::Pod, path: Path::of(&["spec", "securityContext", key]), value }
    }

    /// The field that offends.
    pub(super) fn in_place(offence: &Offence<'a>, value: Value<'a>) -> Self {
        Answer { base: offence.base(), path: offence.field.clone(), value }
    }
}

impl<'a> Finding<'a> {
    /// What to write about each offence in turn, or why nobody can say.
    pub fn answers(&self, pod: &Pod<'a>) -> Vec<(&Offence<'a>, Result<Answer<'a>, &'static str>)> {
        let answer = self.check.entry().answer;
        let of = |offence| answer.map_or(Err("there is no one safe answer"), |answer| answer(pod, offence));
        self.offences.iter().map(|offence| (offence, of(offence))).collect()
    }
}

/// The container whose field offends.
pub(super) fn container<'p, 'a>(pod: &'p Pod<'a>, offence: &Offence<'a>) -> Option<&'p pod::Container<'a>> {
    let own = offence.container()?;
    pod.containers.iter().find(|other| other.container.base() == own.base())
}
