//! `capabilities_restricted`: all capabilities are dropped, and none comes back but the one that opens low ports.

use crate::document::{Path, Value};
use crate::policy::pod_security::capabilities_baseline::{find_added, say_added};
use crate::policy::pod_security::words::{containers, counted, of_fault};
use crate::policy::pod_security::{Fault, Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for container in pod.containers {
        let dropped = container.capabilities.field("drop").unwrap_or_default().elements();
        if !dropped.iter().any(|capability| matches!(capability, Value::String("ALL"))) {
            let field = Path::of(&["securityContext", "capabilities", "drop"]);
            offences.push(Offence::of_container(container, field, "").missing());
        }
        find_added(container, &["NET_BIND_SERVICE"], offences);
    }
}

/// Windows knows no capabilities.
pub(super) fn find_since_25<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    if !pod.is_windows {
        find(pod, offences);
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let mut parts = Vec::new();
    let undropped = containers(of_fault(offences, Fault::Missing));
    if !undropped.is_empty() {
        let by = counted("container", "containers", &undropped);
        parts.push(format!(r#"{by} must set securityContext.capabilities.drop=["ALL"]"#));
    }
    let added = of_fault(offences, Fault::Forbidden);
    if !added.is_empty() {
        parts.push(say_added(added));
    }
    ("unrestricted capabilities", parts.join("; "))
}
