//! `seccompProfile_restricted`: a profile is set, for the Pod or for each container.

use crate::document::Path;
use crate::policy::pod_security::seccomp_profile_baseline::{is_profile, say_set};
use crate::policy::pod_security::words::{containers, counted, of_fault};
use crate::policy::pod_security::{Fault, Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    let of_pod = pod.security.seccomp;
    if let Some(profile) = of_pod.filter(|profile| !is_profile(profile)) {
        offences.push(Offence::of_context(pod, &["seccompProfile", "type"], profile));
    }
    let is_set = of_pod.is_some_and(is_profile);
    for container in pod.containers {
        let offence = |word: &'a str| {
            Offence::of_container(container, Path::of(&["securityContext", "seccompProfile", "type"]), word)
        };
        match container.security.seccomp {
            Some(profile) if is_profile(profile) => {}
            Some(profile) => offences.push(offence(profile)),
            None if is_set => {}
            None => offences.push(offence("").missing()),
        }
    }
}

/// Windows knows no seccomp.
pub(super) fn find_since_25<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    if !pod.is_windows {
        find(pod, offences);
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let set = of_fault(offences, Fault::Forbidden);
    let detail = if set.is_empty() {
        let by = counted("container", "containers", &containers(offences));
        format!(r#"pod or {by} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost""#)
    } else {
        say_set(set)
    };
    ("seccompProfile", detail)
}
