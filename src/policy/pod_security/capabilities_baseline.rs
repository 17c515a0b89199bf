//! `capabilities_baseline`: no capability is added that a container runtime would not give anyway. `NET_RAW` is not
//! among those.

use crate::document::Path;
use crate::policy::pod_security::pod::Container;
use crate::policy::pod_security::words::{containers, counted, quoted, values};
use crate::policy::pod_security::{Offence, Pod};

/// What a container runtime gives anyway.
pub(super) const ALLOWED: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    pod.containers.iter().for_each(|container| find_added(container, &ALLOWED, offences));
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    ("non-default capabilities", say_added(offences))
}

/// Finds the capabilities that a container adds besides those `allowed`.
pub(super) fn find_added<'a>(container: &Container<'a>, allowed: &[&str], offences: &mut Vec<Offence<'a>>) {
    let added = container.capabilities.field("add").unwrap_or_default().elements();
    for (index, capability) in added.iter().enumerate() {
        let capability = capability.as_str().unwrap_or_default();
        if !allowed.contains(&capability) {
            let field = Path::of(&["securityContext", "capabilities", "add"]).index(index);
            offences.push(Offence::of_container(container, field, capability));
        }
    }
}

/// What the API server says about capabilities that are added.
pub(super) fn say_added<'o>(offences: impl IntoIterator<Item = &'o Offence<'o>> + Clone) -> String {
    let names = containers(offences.clone());
    let by = counted("container", "containers", &names);
    format!("{by} must not include {} in securityContext.capabilities.add", quoted(values(offences)))
}
