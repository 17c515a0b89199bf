//! `capabilities_restricted`: all capabilities are dropped, and none comes back but the one that opens low ports.

use crate::document::{Path, Value};
use crate::policy::pod_security::answer::container;
use crate::policy::pod_security::capabilities_baseline::{find_added, say_added};
use crate::policy::pod_security::words::{containers, counted, of_fault};
use crate::policy::pod_security::{Answer, Fault, Offence, Pod};

/// What may come back.
pub(super) const ALLOWED: [&str; 1] = ["NET_BIND_SERVICE"];

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for container in pod.containers {
        let dropped = container.capabilities.field("drop").unwrap_or_default().elements();
        if !dropped.iter().any(|capability| matches!(capability, Value::String("ALL"))) {
            let field = Path::of(&["securityContext", "capabilities", "drop"]);
            offences.push(Offence::of_container(container, field, "").missing());
        }
        find_added(container, &ALLOWED, offences);
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

/// All dropped. What is added was asked for by somebody.
pub(super) fn answer<'a>(pod: &Pod<'a>, offence: &Offence<'a>) -> Result<Answer<'a>, &'static str> {
    if pod.is_windows {
        return Err("the API server takes it from no Windows Pod");
    }
    if offence.fault == Fault::Forbidden {
        return Err("only its author knows whether it can do without");
    }
    let dropped = container(pod, offence).and_then(|container| container.capabilities.field("drop"));
    let mut answer = Answer::in_place(offence, Value::Array(&[Value::String("ALL")]));
    if let Some(Value::Array(dropped @ [_, ..])) = dropped {
        answer = Answer { path: answer.path.index(dropped.len()), value: Value::String("ALL"), ..answer };
    }
    Ok(answer)
}
