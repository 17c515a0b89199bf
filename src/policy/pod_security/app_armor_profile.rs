//! `appArmorProfile`: the profile of the container runtime, or one of the node, and never none at all.
//!
//! Before it was a field it was an annotation for each container, and those are still looked at.

use crate::policy::pod_security::words::{annotations, plural_of, quoted, setters, values};
use crate::policy::pod_security::{Offence, Pod, Subject};

const ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

/// The types that confine nothing; the second stands in annotations.
pub(super) const OPEN: [&str; 2] = ["Unconfined", "unconfined"];

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for (owner, context) in pod.contexts() {
        if let Some(profile) = context.app_armor.filter(|profile| !is_profile(profile)) {
            offences.push(Offence::of_security(pod, owner, &["appArmorProfile", "type"], profile));
        }
    }
    for annotation in pod.annotations.iter().filter(|annotation| annotation.key.starts_with(ANNOTATION)) {
        let profile = annotation.value.as_str().unwrap_or_default();
        if !profile.is_empty() && !is_annotation(profile) {
            offences.push(Offence::of_annotation(pod, annotation.key, profile));
        }
    }
}

/// Whether this type of profile confines anything.
pub(super) fn is_profile(profile: &str) -> bool {
    matches!(profile, "RuntimeDefault" | "Localhost")
}

/// Whether an annotation names a profile that confines anything.
pub(super) fn is_annotation(profile: &str) -> bool {
    profile == "runtime/default" || profile.starts_with("localhost/")
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let annotations = annotations(offences);
    let fields: Vec<_> = offences.iter().filter(|offence| !matches!(offence.subject, Subject::Annotation(_))).collect();
    let mut set_by = Vec::new();
    if !fields.is_empty() {
        set_by.push(setters(fields.iter().copied()));
    }
    if !annotations.is_empty() {
        set_by.push(plural_of("annotation", "annotations", annotations.len()).to_owned());
    }
    let shown: Vec<&str> = values(fields).into_iter().chain(annotations.iter().map(String::as_str)).collect();
    let reason = plural_of("forbidden AppArmor profile", "forbidden AppArmor profiles", shown.len());
    (reason, format!("{} must not set AppArmor profile type to {}", set_by.join(" and "), quoted(shown)))
}
