//! `allowPrivilegeEscalation`: a process gains no privileges that its parent does not have, by set-user-ID for example.

use crate::document::Path;
use crate::policy::pod_security::words::{containers, counted};
use crate::policy::pod_security::{Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for container in pod.containers {
        let field = || Path::of(&["securityContext", "allowPrivilegeEscalation"]);
        match container.allow_privilege_escalation {
            Some(false) => {}
            Some(true) => offences.push(Offence::of_container(container, field(), "true")),
            None => offences.push(Offence::of_container(container, field(), "").missing()),
        }
    }
}

/// Windows knows no such privileges.
pub(super) fn find_since_25<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    if !pod.is_windows {
        find(pod, offences);
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let by = counted("container", "containers", &containers(offences));
    ("allowPrivilegeEscalation != false", format!("{by} must set securityContext.allowPrivilegeEscalation=false"))
}
