//! `procMount` and `procMount_restricted`: `/proc` stays masked. The baseline lets it go where a user namespace makes
//! it harmless.

use crate::document::Path;
use crate::policy::pod_security::words::{containers, counted, quoted, values};
use crate::policy::pod_security::{Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for container in pod.containers {
        if let Some(kind) = container.proc_mount.filter(|kind| *kind != "Default") {
            offences.push(Offence::of_container(container, Path::of(&["securityContext", "procMount"]), kind));
        }
    }
}

pub(super) fn find_since_35<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    if !pod.has_user_namespace {
        find(pod, offences);
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let by = counted("container", "containers", &containers(offences));
    ("procMount", format!("{by} must not set securityContext.procMount to {}", quoted(values(offences))))
}
