//! What costs no memory: the Pod Security Standards over a Pod in which nothing is wrong, besides the view in the arena.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use allocation_counter::measure;
use bumpalo::Bump;
use podgate::document::{Limits, json};
use podgate::policy::pod_security::{Level, Pod, PodSecurity, Standard, Version};
use podgate::workload::{Kind, Workload};

const CONTAINER: &str = r#"{"name": "NAME", "image": "registry.example.com/web:1", "ports": [{"containerPort": 8080}],
    "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}}, "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
    "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        "seLinuxOptions": {"type": "container_t"}, "appArmorProfile": {"type": "RuntimeDefault"}, "procMount": "Default"}}"#;

/// The allocations that a rule makes over a Pod of three containers, and whether it finds something.
fn allocations(level: Level, version: Version, more: &str) -> (u64, bool) {
    let containers = ["a", "b", "c"].map(|name| CONTAINER.replace("NAME", name)).join(",");
    let text = format!(
        r#"{{"metadata": {{"annotations": {{"container.apparmor.security.beta.kubernetes.io/a": "runtime/default"}}}},
        "spec": {{"containers": [{containers}], "volumes": [{{"name": "a", "emptyDir": {{}}}}, {{"name": "b"}}]{more},
        "securityContext": {{"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {{"type": "RuntimeDefault"}},
            "sysctls": [{{"name": "net.ipv4.tcp_syncookies", "value": "1"}}]}}}}}}"#
    );
    let arena = Bump::new();
    let object = json::parse(&arena, text.as_bytes(), &Limits::REVIEW).unwrap();
    let workload = Workload::of(Kind::Pod, object).unwrap();
    let rule = PodSecurity { standard: Standard::new(level, version), except: Vec::new() };
    let scratch = Bump::with_capacity(16 << 10);
    let mut is_any = false;
    let counted = measure(|| is_any = !rule.findings(&Pod::of(&scratch, &workload)).is_empty());
    (counted.count_total, is_any)
}

#[test]
fn a_pod_in_which_nothing_is_wrong_is_judged_without_an_allocation() {
    for level in [Level::Baseline, Level::Restricted] {
        for minor in 0..=Version::NEWEST {
            assert_eq!(allocations(level, Version::Minor(minor), ""), (0, false), "{level:?} v1.{minor}");
        }
    }
}

#[test]
fn what_offends_is_written_down() {
    let (count, is_any) = allocations(Level::Baseline, Version::Latest, r#", "hostPID": true"#);
    assert!(is_any && count > 0, "{count}");
}
