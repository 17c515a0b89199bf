//! `privileged`: no container has the powers of the node.

use crate::document::Path;
use crate::policy::pod_security::words::{containers, counted};
use crate::policy::pod_security::{Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for container in pod.containers.iter().filter(|container| container.privileged) {
        offences.push(Offence::of_container(container, Path::of(&["securityContext", "privileged"]), "true"));
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let by = counted("container", "containers", &containers(offences));
    ("privileged", format!("{by} must not set securityContext.privileged=true"))
}
