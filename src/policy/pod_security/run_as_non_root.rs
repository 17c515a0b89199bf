//! `runAsNonRoot`: root is ruled out, for the Pod or for each container.

use crate::document::{Path, Value};
use crate::policy::pod_security::answer::container;
use crate::policy::pod_security::words::{containers, counted, of_fault, setters};
use crate::policy::pod_security::{Answer, Fault, Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    let of_pod = pod.security.run_as_non_root;
    if of_pod == Some(false) {
        offences.push(Offence::of_context(pod, &["runAsNonRoot"], "false"));
    }
    for container in pod.containers {
        let offence =
            |word: &'a str| Offence::of_container(container, Path::of(&["securityContext", "runAsNonRoot"]), word);
        match container.security.run_as_non_root {
            Some(true) => {}
            Some(false) => offences.push(offence("false")),
            None if of_pod == Some(true) => {}
            None => offences.push(offence("").missing()),
        }
    }
}

/// In a user namespace root is nobody on the node.
pub(super) fn find_since_35<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    if !pod.has_user_namespace {
        find(pod, offences);
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let set = of_fault(offences, Fault::Forbidden);
    let detail = if set.is_empty() {
        let by = counted("container", "containers", &containers(offences));
        format!("pod or {by} must set securityContext.runAsNonRoot=true")
    } else {
        format!("{} must not set securityContext.runAsNonRoot=false", setters(set))
    };
    ("runAsNonRoot != true", detail)
}

/// `true`, for the Pod as a whole. A container that asks for root would never start.
pub(super) fn answer<'a>(pod: &Pod<'a>, offence: &Offence<'a>) -> Result<Answer<'a>, &'static str> {
    let own = container(pod, offence);
    let mut reached = pod.containers.iter().filter(|_| offence.fault == Fault::Missing).chain(own);
    if pod.security.run_as_root || reached.any(|container| container.security.run_as_root) {
        return Err("`runAsUser: 0` asks for root");
    }
    Ok(match offence.fault {
        Fault::Missing => Answer::of_context("runAsNonRoot", Value::Bool(true)),
        Fault::Forbidden => Answer::in_place(offence, Value::Bool(true)),
    })
}
