//! `hostNamespaces`: network, processes and IPC of the node stay out of reach.

use crate::document::Path;
use crate::policy::pod_security::{Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    let fields = [("hostNetwork", pod.host_network), ("hostPID", pod.host_pid), ("hostIPC", pod.host_ipc)];
    for (key, _) in fields.into_iter().filter(|(_, is_shared)| *is_shared) {
        offences.push(Offence::of_pod(pod, Path::of(&["spec", key]), key));
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let set: Vec<_> = offences.iter().map(|offence| format!("{}=true", offence.word)).collect();
    ("host namespaces", set.join(", "))
}
