//! `windowsHostProcess`: no containers that are processes of a Windows node.

use crate::document::Path;
use crate::policy::pod_security::words::setters;
use crate::policy::pod_security::{Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    if pod.security.host_process {
        offences.push(Offence::of_context(pod, &["windowsOptions", "hostProcess"], "true"));
    }
    for container in pod.containers.iter().filter(|container| container.security.host_process) {
        let field = Path::of(&["securityContext", "windowsOptions", "hostProcess"]);
        offences.push(Offence::of_container(container, field, "true"));
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    ("hostProcess", format!("{} must not set securityContext.windowsOptions.hostProcess=true", setters(offences)))
}
