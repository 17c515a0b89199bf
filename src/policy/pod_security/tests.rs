//! The registry as the standards have it, and where offences stand. What is said about Pods the API server's own plug-in
//! is asked in `tests/control_plane/pod_security.rs`.

use bumpalo::Bump;

use super::*;
use crate::document::{Limits, json};
use crate::policy::pod_security::registry::REGISTRY;
use crate::workload::{Kind, Workload, path_in};

#[test]
fn the_registry_has_a_row_for_each_check_in_the_order_of_the_api_server() {
    for entry in &REGISTRY {
        assert_eq!(entry.check.id(), entry.id);
        assert_eq!(Check::parse(entry.id), Some(entry.check));
        let versions: Vec<_> = entry.versions().collect();
        assert!(versions.is_sorted() && !versions.is_empty(), "{}", entry.id);
    }
    for level in [Level::Baseline, Level::Restricted] {
        let ids: Vec<_> = REGISTRY.iter().filter(|entry| entry.level == level).map(|entry| entry.id).collect();
        assert!(ids.is_sorted(), "{ids:?}");
    }
    assert_eq!(Check::parse("capabilities"), None);
}

#[test]
fn a_standard_has_the_checks_of_its_version_and_none_that_another_one_overrides() {
    for (level, version, count, has, has_not) in [
        (Level::Privileged, "latest", 0, None, Some(Check::Privileged)),
        (Level::Baseline, "v1.33", 11, Some(Check::CapabilitiesBaseline), Some(Check::HostProbes)),
        (Level::Baseline, "v1.34", 12, Some(Check::HostProbes), None),
        (Level::Restricted, "v1.7", 12, Some(Check::CapabilitiesBaseline), Some(Check::AllowPrivilegeEscalation)),
        (Level::Restricted, "v1.21", 13, Some(Check::CapabilitiesBaseline), Some(Check::CapabilitiesRestricted)),
        (Level::Restricted, "v1.22", 13, Some(Check::CapabilitiesRestricted), Some(Check::CapabilitiesBaseline)),
        (Level::Restricted, "v1.34", 15, Some(Check::ProcMount), Some(Check::ProcMountRestricted)),
        (Level::Restricted, "latest", 15, Some(Check::ProcMountRestricted), Some(Check::ProcMount)),
        (Level::Restricted, "v1.99", 15, Some(Check::RunAsUser), Some(Check::HostPathVolumes)),
    ] {
        let standard = Standard::new(level, Version::parse(version).unwrap());
        assert_eq!(standard.checks().len(), count, "{standard}");
        assert!(has.is_none_or(|check| standard.has(check)), "{standard}");
        assert!(!has_not.is_some_and(|check| standard.has(check)), "{standard}");
    }
}

#[test]
fn a_version_is_read_as_the_api_server_reads_it() {
    for (text, expected) in [
        ("latest", Some(37)),
        ("v1.0", Some(0)),
        ("v1.37", Some(37)),
        ("v1.400", Some(37)),
        ("v1.05", None),
        ("v1.", None),
        ("1.30", None),
        ("v2.1", None),
        ("v1.30.1", None),
        ("Latest", None),
        ("v1.99999999999999999999", None),
    ] {
        assert_eq!(Version::parse(text).map(Version::effective), expected, "{text}");
    }
}

/// The paths of all offences of a Deployment, check by check.
fn offences(spec: &str) -> Vec<String> {
    let arena = Bump::new();
    let text = format!(r#"{{"apiVersion":"apps/v1","kind":"Deployment","spec":{{"template":{{"spec":{spec}}}}}}}"#);
    let object = json::parse(&arena, text.as_bytes(), &Limits::default()).unwrap();
    let workload = Workload::of(Kind::Deployment, object).unwrap();
    let standard = Standard::new(Level::Restricted, Version::Latest);
    let findings = evaluate(&standard, &Pod::of(&arena, &workload));
    let path = |offence: &Offence<'_>| path_in(Kind::Deployment, offence.base(), offence.field.steps()).to_string();
    findings
        .iter()
        .flat_map(|finding| finding.offences.iter().map(move |offence| format!("{} {}", finding.check, path(offence))))
        .collect()
}

#[test]
fn every_offence_has_its_path() {
    let spec = r#"{
        "hostNetwork": true, "hostPID": true,
        "volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": {"path": "/"}}],
        "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}, "runAsUser": 0},
        "initContainers": [{"name": "i", "image": "i", "securityContext": {
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"], "add": ["KILL", "NET_BIND_SERVICE", "CHOWN"]}}}],
        "containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 1}, {"containerPort": 2, "hostPort": 2}],
            "securityContext": {"privileged": true}}]}"#;
    assert_eq!(
        offences(spec),
        [
            "hostNamespaces spec.template.spec.hostNetwork",
            "hostNamespaces spec.template.spec.hostPID",
            "hostPorts spec.template.spec.containers[0].ports[1].hostPort",
            "privileged spec.template.spec.containers[0].securityContext.privileged",
            "allowPrivilegeEscalation spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation",
            "capabilities_restricted spec.template.spec.initContainers[0].securityContext.capabilities.add[0]",
            "capabilities_restricted spec.template.spec.initContainers[0].securityContext.capabilities.add[2]",
            "capabilities_restricted spec.template.spec.containers[0].securityContext.capabilities.drop",
            "restrictedVolumes spec.template.spec.volumes[1].hostPath",
            "runAsUser spec.template.spec.securityContext.runAsUser",
        ]
    );
}

#[test]
fn an_excepted_offence_is_not_in_the_words() {
    let arena = Bump::new();
    let text = r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[
        {"name":"a","image":"i","securityContext":{"capabilities":{"add":["NET_ADMIN","SYS_TIME"]}}},
        {"name":"b","image":"i","securityContext":{"capabilities":{"add":["NET_ADMIN"]}}}]}}"#;
    let object = json::parse(&arena, text.as_bytes(), &Limits::default()).unwrap();
    let workload = Workload::of(Kind::Pod, object).unwrap();
    let pod = Pod::of(&arena, &workload);
    let standard = Standard::new(Level::Baseline, Version::Latest);
    let said = |excepted: &dyn Fn(&Offence<'_>) -> bool| {
        described(&evaluate_except(&standard, &pod, |_, offence| excepted(offence)))
    };
    let text = |containers: &str, values: &str| {
        format!("non-default capabilities ({containers} must not include {values} in securityContext.capabilities.add)")
    };
    assert_eq!(said(&|_| false), text(r#"containers "a", "b""#, r#""NET_ADMIN", "SYS_TIME""#));
    let of_b = |offence: &Offence<'_>| offence.container().is_some_and(|container| container.name == "b");
    assert_eq!(said(&of_b), text(r#"container "a""#, r#""NET_ADMIN", "SYS_TIME""#));
    let net_admin = |offence: &Offence<'_>| offence.word == "NET_ADMIN";
    assert_eq!(said(&net_admin), text(r#"container "a""#, r#""SYS_TIME""#));
    assert_eq!(said(&|_| true), "");
}
