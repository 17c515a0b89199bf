//! `hostNamespaces`: network, processes and IPC of the node stay out of reach.

use crate::document::Path;
use crate::policy::pod_security::{Offence, Pod};

/// The fields that share one with the node.
pub(super) const KEYS: [&str; 3] = ["hostNetwork", "hostPID", "hostIPC"];

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    let shared = [pod.host_network, pod.host_pid, pod.host_ipc];
    for (key, _) in KEYS.into_iter().zip(shared).filter(|(_, is_shared)| *is_shared) {
        offences.push(Offence::of_pod(pod, Path::of(&["spec", key]), key));
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let set: Vec<_> = offences.iter().map(|offence| format!("{}=true", offence.word)).collect();
    ("host namespaces", set.join(", "))
}
