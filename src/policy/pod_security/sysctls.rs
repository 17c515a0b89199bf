//! `sysctls`: only kernel parameters that are the Pod's own. The list grew with the kernels that nodes run.

use crate::document::Path;
use crate::policy::pod_security::{Offence, Pod};

/// The parameters that are allowed, each since a minor version.
const ALLOWED: [(u64, &str); 14] = [
    (0, "kernel.shm_rmid_forced"),
    (0, "net.ipv4.ip_local_port_range"),
    (0, "net.ipv4.tcp_syncookies"),
    (0, "net.ipv4.ping_group_range"),
    (0, "net.ipv4.ip_unprivileged_port_start"),
    (27, "net.ipv4.ip_local_reserved_ports"),
    (29, "net.ipv4.tcp_keepalive_time"),
    (29, "net.ipv4.tcp_fin_timeout"),
    (29, "net.ipv4.tcp_keepalive_intvl"),
    (29, "net.ipv4.tcp_keepalive_probes"),
    (32, "net.ipv4.tcp_rmem"),
    (32, "net.ipv4.tcp_wmem"),
    (37, "net.ipv4.tcp_slow_start_after_idle"),
    (37, "net.ipv4.tcp_notsent_lowat"),
];

pub(super) fn find<'a, const MINOR: u64>(pod: &Pod<'a>, offences: &mut Vec<Offence<'a>>) {
    for (index, sysctl) in pod.sysctls.iter().enumerate() {
        let name = sysctl.text(&["name"]).unwrap_or_default();
        if !ALLOWED.iter().any(|(since, allowed)| *since <= MINOR && *allowed == name) {
            let field = Path::of(&["spec", "securityContext", "sysctls"]).index(index).key("name");
            offences.push(Offence::of_pod(pod, field, name));
        }
    }
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let names: Vec<_> = offences.iter().map(|offence| offence.word.as_ref()).collect();
    ("forbidden sysctls", names.join(", "))
}
