//! `allowPrivilegeEscalation`: a process gains no privileges that its parent does not have, by set-user-ID for example.

use crate::document::{Path, Value};
use crate::policy::pod_security::answer::container;
use crate::policy::pod_security::words::{containers, counted};
use crate::policy::pod_security::{Answer, Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for container in pod.containers {
        let field = || Path::of(&["securityContext", "allowPrivilegeEscalation"]);
        match container.allow_privilege_escalation {
            Some(false) => {}
            Some(true) => offences.push(Offence::of_container(container, field(), "true")),
            None => offences.push(Offence::of_container(container, field(), "").missing()),
        }
    }
}

/// Windows knows no such privileges.
pub(super) fn find_since_25<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    if !pod.is_windows {
        find(pod, offences);
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let by = counted("container", "containers", &containers(offences));
    ("allowPrivilegeEscalation != false", format!("{by} must set securityContext.allowPrivilegeEscalation=false"))
}

/// `false`. The API server takes it from no container that has all privileges anyway.
pub(super) fn answer<'a>(pod: &Pod<'a>, offence: &Offence<'a>) -> Result<Answer<'a>, &'static str> {
    let has_all = |added: &Value<'_>| matches!(added, Value::String("SYS_ADMIN" | "CAP_SYS_ADMIN"));
    let container = container(pod, offence);
    if pod.is_windows {
        return Err("the API server takes it from no Windows Pod");
    }
    if container.is_some_and(|container| container.privileged) {
        return Err("the container is privileged");
    }
    if container.is_some_and(|c| c.capabilities.field("add").unwrap_or_default().elements().iter().any(has_all)) {
        return Err("the container adds the capability SYS_ADMIN");
    }
    Ok(Answer::in_place(offence, Value::Bool(false)))
}
