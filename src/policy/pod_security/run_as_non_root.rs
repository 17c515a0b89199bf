//! `runAsNonRoot`: root is ruled out, for the Pod or for each container.

use crate::document::Path;
use crate::policy::pod_security::words::{containers, counted, of_fault, setters};
use crate::policy::pod_security::{Fault, Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    let of_pod = pod.security.run_as_non_root;
    if of_pod == Some(false) {
        offences.push(Offence::of_context(pod, &["runAsNonRoot"], "false"));
    }
    for container in pod.containers {
        let offence =
            |word: &'a str| Offence::of_container(container, Path::of(&["securityContext", "runAsNonRoot"]), word);
        match container.security.run_as_non_root {
            Some(true) => {}
            Some(false) => offences.push(offence("false")),
            None if of_pod == Some(true) => {}
            None => offences.push(offence("").missing()),
        }
    }
}

/// In a user namespace root is nobody on the node.
pub(super) fn find_since_35<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    if !pod.has_user_namespace {
        find(pod, offences);
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let set = of_fault(offences, Fault::Forbidden);
    let detail = if set.is_empty() {
        let by = counted("container", "containers", &containers(offences));
        format!("pod or {by} must set securityContext.runAsNonRoot=true")
    } else {
        format!("{} must not set securityContext.runAsNonRoot=false", setters(set))
    };
    ("runAsNonRoot != true", detail)
}
