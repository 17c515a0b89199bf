//! `seccompProfile_baseline`: the profile of the container runtime, or one of the node, and never none at all. Up to
//! v1.18 that was said by annotations.

use std::collections::HashSet;

use crate::policy::pod_security::words::{annotations, plural_of, quoted, setters, values};
use crate::policy::pod_security::{Offence, Pod};

/// The annotations of old, for the Pod and for each of its containers.
pub(super) const OF_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
pub(super) const OF_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// The types that confine nothing; the second stood in annotations.
pub(super) const OPEN: [&str; 2] = ["Unconfined", "unconfined"];

pub(super) fn find_annotations<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    // Most Pods have no such annotation, and one may have thousands.
    let mut names = None;
    let mut names_a_container = |name: &str| {
        let of_containers = || pod.containers.iter().map(|container| container.container.name);
        names.get_or_insert_with(|| of_containers().collect::<HashSet<_>>()).contains(name)
    };
    for annotation in pod.annotations {
        let is_read =
            annotation.key == OF_POD || annotation.key.strip_prefix(OF_CONTAINER).is_some_and(&mut names_a_container);
        let profile = annotation.value.as_str().unwrap_or_default();
        if is_read && !is_annotation(profile) {
            offences.push(Offence::of_annotation(pod, annotation.key, profile));
        }
    }
}

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for (owner, context) in pod.contexts() {
        if let Some(profile) = context.seccomp.filter(|profile| !is_profile(profile)) {
            offences.push(Offence::of_security(pod, owner, &["seccompProfile", "type"], profile));
        }
    }
}

/// Whether this type of profile confines anything.
pub(super) fn is_profile(profile: &str) -> bool {
    matches!(profile, "RuntimeDefault" | "Localhost")
}

/// Whether an annotation names a profile that confines anything.
pub(super) fn is_annotation(profile: &str) -> bool {
    matches!(profile, "runtime/default" | "docker/default") || profile.starts_with("localhost/")
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let by_annotation = annotations(offences);
    let detail = if by_annotation.is_empty() {
        say_set(offences)
    } else {
        let what = plural_of("annotation", "annotations", by_annotation.len());
        format!("forbidden {what} {}", by_annotation.into_iter().collect::<Vec<_>>().join(", "))
    };
    ("seccompProfile", detail)
}

/// What the API server says about profiles that are set.
pub(super) fn say_set<'o>(offences: impl IntoIterator<Item = &'o Offence<'o>> + Clone) -> String {
    let by = setters(offences.clone());
    format!("{by} must not set securityContext.seccompProfile.type to {}", quoted(values(offences)))
}
