//! `runAsUser`: nobody asks to be root.

use crate::policy::pod_security::words::setters;
use crate::policy::pod_security::{Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for (owner, _) in pod.contexts().filter(|(_, context)| context.run_as_root) {
        offences.push(Offence::of_security(pod, owner, &["runAsUser"], "0"));
    }
}

/// In a user namespace root is nobody on the node.
pub(super) fn find_since_35<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    if !pod.has_user_namespace {
        find(pod, offences);
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    ("runAsUser=0", format!("{} must not set runAsUser=0", setters(offences)))
}
