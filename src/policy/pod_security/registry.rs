//! Every check: its level, since when it is in force and in which form, and which other one it takes the place of.

use std::fmt;

use crate::policy::pod_security::standard::Level;
use crate::policy::pod_security::{Offence, Pod};
use crate::policy::pod_security::{
    allow_privilege_escalation, app_armor_profile, capabilities_baseline, capabilities_restricted, host_namespaces,
    host_path_volumes, host_ports, host_probes, privileged, proc_mount, restricted_volumes, run_as_non_root,
    run_as_user, se_linux_options, seccomp_profile_baseline, seccomp_profile_restricted, sysctls, windows_host_process,
};

/// A check of the standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// AppArmor is not switched off.
    AppArmorProfile,
    /// No capability is added that a container does not have anyway.
    CapabilitiesBaseline,
    /// Network, processes and IPC of the node stay out of reach.
    HostNamespaces,
    /// No files of the node.
    HostPathVolumes,
    /// No ports of the node.
    HostPorts,
    /// The kubelet is not sent to other hosts.
    HostProbes,
    /// No privileged containers.
    Privileged,
    /// `/proc` stays masked.
    ProcMount,
    /// SELinux is not led astray.
    SeLinuxOptions,
    /// seccomp is not switched off.
    SeccompProfileBaseline,
    /// Only kernel parameters that are the Pod's own.
    Sysctls,
    /// No containers that are processes of a Windows node.
    WindowsHostProcess,
    /// Privileges do not grow.
    AllowPrivilegeEscalation,
    /// All capabilities are dropped.
    CapabilitiesRestricted,
    /// `/proc` stays masked in user namespaces too.
    ProcMountRestricted,
    /// Only volumes of the cluster.
    RestrictedVolumes,
    /// Root is ruled out.
    RunAsNonRoot,
    /// Root is not asked for.
    RunAsUser,
    /// seccomp is switched on.
    SeccompProfileRestricted,
}

/// What is known about a check.
#[derive(Debug)]
pub struct Entry {
    /// Which one.
    pub check: Check,
    /// Its id with the API server.
    pub id: &'static str,
    /// The mildest level that has it.
    pub level: Level,
    /// The check of a milder level whose place it takes while it is in force.
    pub overrides: Option<Check>,
    /// Its forms, each with the minor version since which it is in force.
    since: &'static [(u64, Find)],
    pub(super) say: Say,
}

/// Finds what offends in a Pod.
pub(super) type Find = for<'a> fn(&Pod<'a>, &mut Vec<Offence<'a>>);

/// Says about offences, of which there is one at least, what the API server says: the reason and the detail.
pub(super) type Say = fn(&[Offence<'_>]) -> (&'static str, String);

/// In the order of the API server: baseline before restricted, by the bytes of the id within each. The numbers are the
/// minor versions since which a check is in force, or changed.
#[rustfmt::skip]
pub static REGISTRY: [Entry; 19] = [
    baseline(Check::AppArmorProfile, "appArmorProfile", &[(0, app_armor_profile::find)], app_armor_profile::say),
    baseline(Check::CapabilitiesBaseline, "capabilities_baseline", &[(0, capabilities_baseline::find)], capabilities_baseline::say),
    baseline(Check::HostNamespaces, "hostNamespaces", &[(0, host_namespaces::find)], host_namespaces::say),
    baseline(Check::HostPathVolumes, "hostPathVolumes", &[(0, host_path_volumes::find)], host_path_volumes::say),
    baseline(Check::HostPorts, "hostPorts", &[(0, host_ports::find)], host_ports::say),
    baseline(Check::HostProbes, "hostProbesAndHostLifecycle", &[(34, host_probes::find)], host_probes::say),
    baseline(Check::Privileged, "privileged", &[(0, privileged::find)], privileged::say),
    baseline(Check::ProcMount, "procMount", &[(0, proc_mount::find), (35, proc_mount::find_since_35)], proc_mount::say),
    baseline(Check::SeLinuxOptions, "seLinuxOptions", &[(0, se_linux_options::find), (31, se_linux_options::find_since_31)], se_linux_options::say),
    baseline(Check::SeccompProfileBaseline, "seccompProfile_baseline",
        &[(0, seccomp_profile_baseline::find_annotations), (19, seccomp_profile_baseline::find)], seccomp_profile_baseline::say),
    baseline(Check::Sysctls, "sysctls",
        &[(0, sysctls::find::<0>), (27, sysctls::find::<27>), (29, sysctls::find::<29>), (32, sysctls::find::<32>), (37, sysctls::find::<37>)], sysctls::say),
    baseline(Check::WindowsHostProcess, "windowsHostProcess", &[(0, windows_host_process::find)], windows_host_process::say),
    restricted(Check::AllowPrivilegeEscalation, "allowPrivilegeEscalation", None,
        &[(8, allow_privilege_escalation::find), (25, allow_privilege_escalation::find_since_25)], allow_privilege_escalation::say),
    restricted(Check::CapabilitiesRestricted, "capabilities_restricted", Some(Check::CapabilitiesBaseline),
        &[(22, capabilities_restricted::find), (25, capabilities_restricted::find_since_25)], capabilities_restricted::say),
    restricted(Check::ProcMountRestricted, "procMount_restricted", Some(Check::ProcMount), &[(35, proc_mount::find)], proc_mount::say),
    restricted(Check::RestrictedVolumes, "restrictedVolumes", Some(Check::HostPathVolumes), &[(0, restricted_volumes::find)], restricted_volumes::say),
    restricted(Check::RunAsNonRoot, "runAsNonRoot", None, &[(0, run_as_non_root::find), (35, run_as_non_root::find_since_35)], run_as_non_root::say),
    restricted(Check::RunAsUser, "runAsUser", None, &[(23, run_as_user::find), (35, run_as_user::find_since_35)], run_as_user::say),
    restricted(Check::SeccompProfileRestricted, "seccompProfile_restricted", Some(Check::SeccompProfileBaseline),
        &[(19, seccomp_profile_restricted::find), (25, seccomp_profile_restricted::find_since_25)], seccomp_profile_restricted::say),
];

const fn baseline(check: Check, id: &'static str, since: &'static [(u64, Find)], say: Say) -> Entry {
    Entry { check, id, level: Level::Baseline, overrides: None, since, say }
}

const fn restricted(
    check: Check,
    id: &'static str,
    overrides: Option<Check>,
    since: &'static [(u64, Find)],
    say: Say,
) -> Entry {
    Entry { check, id, level: Level::Restricted, overrides, since, say }
}

impl Entry {
    /// The form that is in force at a minor version.
    pub(super) fn at(&self, minor: u64) -> Option<Find> {
        self.since.iter().rev().find(|(since, _)| *since <= minor).map(|(_, find)| *find)
    }

    /// The minor versions since which the check is in force, or changed.
    pub fn versions(&self) -> impl Iterator<Item = u64> {
        self.since.iter().map(|(since, _)| *since)
    }
}

impl Check {
    /// What is known about it.
    pub fn entry(self) -> &'static Entry {
        // The registry has a row for each check, in the order of the enum: a test sees to it.
        #[expect(clippy::indexing_slicing, reason = "there are as many rows as checks")]
        &REGISTRY[self as usize]
    }

    /// Its id with the API server: `capabilities_restricted`.
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// The check of this id.
    pub fn parse(id: &str) -> Option<Self> {
        REGISTRY.iter().find(|entry| entry.id == id).map(|entry| entry.check)
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
