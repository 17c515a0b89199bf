//! `windowsHostProcess`: no containers that are processes of a Windows node.

use crate::policy::pod_security::words::setters;
use crate::policy::pod_security::{Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for (owner, _) in pod.contexts().filter(|(_, context)| context.host_process) {
        offences.push(Offence::of_security(pod, owner, &["windowsOptions", "hostProcess"], "true"));
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    ("hostProcess", format!("{} must not set securityContext.windowsOptions.hostProcess=true", setters(offences)))
}
