//! `hostPorts`: no ports of the node.

use crate::document::{Path, Value};
use crate::policy::pod_security::words::{containers, counted, plural_of, values};
use crate::policy::pod_security::{Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for container in pod.containers {
        for (index, port) in container.ports.iter().enumerate() {
            if let Some(host_port) = port.field("hostPort").and_then(Value::as_i64).filter(|port| *port != 0) {
                let field = Path::of(&["ports"]).index(index).key("hostPort");
                offences.push(Offence::of_container(container, field, host_port.to_string()));
            }
        }
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let names = containers(offences);
    // Sorted as text: that is what the API server does.
    let ports = values(offences);
    let by = counted("container", "containers", &names);
    let uses = plural_of("uses", "use", names.len());
    let what = plural_of("hostPort", "hostPorts", ports.len());
    ("hostPort", format!("{by} {uses} {what} {}", ports.into_iter().collect::<Vec<_>>().join(", ")))
}
