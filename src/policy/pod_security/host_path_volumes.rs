//! `hostPathVolumes`: no files of the node.

use crate::policy::pod_security::words::{counted, volumes};
use crate::policy::pod_security::{Offence, Pod};

pub(super) fn find<'a>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for (index, volume) in pod.volumes.iter().enumerate() {
        if let Some(host_path) = volume.field("hostPath") {
            let path = host_path.text(&["path"]).unwrap_or_default();
            offences.push(Offence::of_volume(pod, (index, *volume), Some("hostPath"), path));
        }
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    ("hostPath volumes", counted("volume", "volumes", &volumes(offences)))
}
