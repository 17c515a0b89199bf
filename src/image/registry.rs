//! One spelling for each registry: a runtime reaches the same host by `QUAY.io`, `quay.io:443` and `quay.io`, and what a
//! policy says of one of them has to hold for all.

use std::borrow::Cow;

use super::{DOCKER_HUB, LEGACY_DOCKER_HUB};

/// The port of HTTPS, by which registries are asked.
const PORT: &str = "443";

/// The registry in lower case and without the port that is meant anyway. A name without a dot keeps that port, and gets
/// it where only a capital letter made it a registry (`Foo`): without one it would be an owner on Docker Hub.
pub(super) fn canonical(registry: &str) -> Cow<'_, str> {
    let (written, port) = match registry.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
        _ => (registry, None),
    };
    let host = if written.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(written.to_ascii_lowercase())
    } else {
        Cow::Borrowed(written)
    };
    let is_plain = host.contains(['.', ':']);
    let meant = match port.map(|port| port.trim_start_matches('0')) {
        Some(PORT) if is_plain => None,
        None if !is_plain && host != "localhost" => Some(PORT),
        port => port,
    };
    if meant.is_none() && host == LEGACY_DOCKER_HUB {
        return Cow::Borrowed(DOCKER_HUB);
    }
    if host == written && meant == port {
        return Cow::Borrowed(registry);
    }
    match meant {
        Some(port) => Cow::Owned(format!("{host}:{port}")),
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_registry_is_one() {
        for (canonically, others) in [
            ("quay.io", &["quay.io", "QUAY.io", "quay.io:443", "Quay.IO:0443"] as &[_]),
            ("quay.io:80", &["quay.io:80", "QUAY.io:080"]),
            ("docker.io", &["docker.io", "Docker.io", "docker.io:443", "index.docker.io", "INDEX.docker.io:443"]),
            ("index.docker.io:5000", &["index.docker.io:5000"]),
            ("reg:443", &["reg:443", "REG", "Reg:443"]),
            ("reg:5000", &["reg:5000", "REG:5000", "reg:05000"]),
            ("localhost", &["localhost", "LocalHost"]),
            ("localhost:443", &["localhost:443"]),
            ("[fe80::a]", &["[fe80::a]", "[FE80::A]", "[fe80::a]:443"]),
            ("[::1]:5000", &["[::1]:5000"]),
        ] {
            for other in others {
                assert_eq!(canonical(other), canonically, "{other}");
            }
        }
    }
}
