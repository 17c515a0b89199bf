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
        if !is_allowed(name, MINOR) {
            let field = Path::of(&["spec", "securityContext", "sysctls"]).index(index).key("name");
            offences.push(Offence::of_pod(pod, field, name));
        }
    }
}

/// Whether a parameter is the Pod's own at a minor version.
pub(super) fn is_allowed(name: &str, minor: u64) -> bool {
    ALLOWED.iter().any(|(since, allowed)| *since <= minor && *allowed == name)
}

/// Whether the API server takes this as the name of a parameter: parts of lower-case letters, digits, `-` and `_`, with
/// `.` or `/` between two.
pub(super) fn is_name(name: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_inner = |byte: &u8| is_end(Some(byte)) || matches!(byte, b'-' | b'_');
    let is_part = |part: &[u8]| is_end(part.first()) && is_end(part.last()) && part.iter().all(is_inner);
    name.len() <= 253 && name.as_bytes().split(|byte| matches!(byte, b'.' | b'/')).all(is_part)
}

pub(super) fn say(offences: &[Offence<'_>]) -> (&'static str, String) {
    let names: Vec<_> = offences.iter().map(|offence| offence.word.as_ref()).collect();
    ("forbidden sysctls", names.join(", "))
}
