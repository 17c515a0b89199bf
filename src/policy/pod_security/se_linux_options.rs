//! `seLinuxOptions`: a type that is meant for containers, and neither user nor role.

use crate::document::{Step, Value};
use crate::policy::pod_security::words::{plural_of, quoted, setters, values};
use crate::policy::pod_security::{Offence, Pod};

const TYPES: [&str; 5] = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    find_besides(pod, offences, |kind| is_type(kind, 0));
}

pub(super) fn find_since_31<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    find_besides(pod, offences, |kind| is_type(kind, 31));
}

/// Whether a type is meant for containers, at a minor version.
pub(super) fn is_type(kind: &str, minor: u64) -> bool {
    TYPES.contains(&kind) && (minor >= 31 || kind != "container_engine_t")
}

fn find_besides<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>, is_type: fn(&str) -> bool) {
    for (owner, context) in pod.contexts() {
        for (key, word) in forbidden(context.se_linux, is_type) {
            offences.push(Offence::of_security(pod, owner, &["seLinuxOptions", key], word));
        }
    }
}

fn forbidden<'a>(options: Value<'a>, is_type: fn(&str) -> bool) -> impl Iterator<Item = (&'static str, &'a str)> {
    let of = |key| (key, options.text(&[key]).unwrap_or_default());
    let [kind, user, role] = ["type", "user", "role"].map(of);
    let is_forbidden = [!is_type(kind.1), !user.1.is_empty(), !role.1.is_empty()];
    [kind, user, role].into_iter().zip(is_forbidden).filter(|(_, is_forbidden)| *is_forbidden).map(|(field, _)| field)
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let of = |key: &'static str| {
        offences.iter().filter(move |offence| offence.field.steps().last() == Some(&Step::key(key)))
    };
    let mut parts = Vec::new();
    let types = values(of("type"));
    if !types.is_empty() {
        parts.push(format!("{} {}", plural_of("type", "types", types.len()), quoted(types)));
    }
    for (key, words) in [("user", "user may not be set"), ("role", "role may not be set")] {
        if of(key).next().is_some() {
            parts.push(words.to_owned());
        }
    }
    let by = setters(offences);
    ("seLinuxOptions", format!("{by} set forbidden securityContext.seLinuxOptions: {}", parts.join("; ")))
}
