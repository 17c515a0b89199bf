//! `seccompProfile_restricted`: a profile is set, for the Pod or for each container.

use crate::document::{Member, Path, Value};
use crate::policy::pod_security::seccomp_profile_baseline::{OF_CONTAINER, OF_POD, is_profile, say_set};
use crate::policy::pod_security::words::{containers, counted, of_fault};
use crate::policy::pod_security::{Answer, Fault, Offence, Pod};

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

/// The profile of the container runtime, for the Pod as a whole.
pub(super) fn answer<'a>(pod: &Pod<'a>, offence: &Offence<'a>) -> Result<Answer<'a>, &'static str> {
    const RUNTIME_DEFAULT: Value<'_> = Value::String("RuntimeDefault");
    const PROFILE: Value<'_> = Value::Object(&[Member { key: "type", value: RUNTIME_DEFAULT }]);
    // The answer goes into the container only where the container's own field is wrong.
    let container = offence.container().filter(|_| offence.fault == Fault::Forbidden);
    match offence.fault {
        _ if pod.annotations.iter().any(|annotation| contradicts(annotation, container.map(|own| own.name))) => {
            Err("an annotation names another profile, and the API server takes no two")
        }
        _ if pod.is_windows => Err("the API server takes it from no Windows Pod"),
        Fault::Forbidden => Ok(Answer::in_place(offence, RUNTIME_DEFAULT)),
        // What a container lacks where the Pod has a wrong profile is answered there.
        Fault::Missing if pod.security.seccomp.is_some() => Ok(Answer {
            path: Path::of(&["spec", "securityContext", "seccompProfile", "type"]),
            ..Answer::of_context("", RUNTIME_DEFAULT)
        }),
        Fault::Missing => Ok(Answer::of_context("seccompProfile", PROFILE)),
    }
}

/// Whether an annotation stands against the profile of the container runtime in this container, or in the Pod.
fn contradicts(annotation: &Member<'_>, container: Option<&str>) -> bool {
    let is_about = match container {
        Some(name) => annotation.key.strip_prefix(OF_CONTAINER) == Some(name),
        None => annotation.key == OF_POD,
    };
    is_about && !matches!(annotation.value, Value::String("runtime/default" | "docker/default"))
}
