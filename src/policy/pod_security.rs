//! The Pod Security Standards: the checks of Kubernetes' own PodSecurity plug-in, at every version, in its words.
//!
//! A check works in two steps, and that is what lets an exception reach into it: first it collects what [offends](Offence),
//! each field by itself, then it puts the offences that are left into the words of the API server. Nothing is allocated
//! for a Pod that offends nothing, besides the view in the arena.

mod allow_privilege_escalation;
pub mod answer;
mod app_armor_profile;
mod capabilities_baseline;
mod capabilities_restricted;
pub mod except;
mod host_namespaces;
mod host_path_volumes;
mod host_ports;
mod host_probes;
pub mod labels;
pub mod offence;
pub mod pod;
mod privileged;
mod proc_mount;
pub mod registry;
mod restricted_volumes;
mod run_as_non_root;
mod run_as_user;
mod se_linux_options;
mod seccomp_profile_baseline;
mod seccomp_profile_restricted;
pub mod standard;
mod sysctls;
pub mod value;
mod windows_host_process;
mod words;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use offence::{Fault, Offence, Subject};
pub use pod::Pod;
pub use registry::{Check, Entry};
pub use standard::{Level, Standard, Version};

/// A rule that asks for a standard.
#[derive(Debug)]
pub struct PodSecurity {
    /// The level at a version.
    pub standard: Standard,
    /// What is let pass of it.
    pub except: Vec<except::Except>,
}

impl PodSecurity {
    /// The checks that `pod` does not pass, without what the rule lets pass.
    pub fn findings<'a>(&self, pod: &Pod<'a>) -> Vec<Finding<'a>> {
        evaluate_except(&self.standard, pod, |check, offence| {
            self.except.iter().any(|except| except.covers(check, offence))
        })
    }
}

/// A check that a Pod does not pass.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// Which check.
    pub check: Check,
    /// Why the Pod is forbidden, in a few words: those of the API server.
    pub reason: &'static str,
    /// What exactly is forbidden, in the words of the API server.
    pub detail: String,
    /// Every field that offends, in the order in which the check looks at them. Not each of them must stand in the
    /// detail: the API server is silent about what a container leaves out where another sets it wrong.
    pub offences: Vec<Offence<'a>>,
}

/// The checks of `standard` that `pod` does not pass, in the order of the API server.
pub fn evaluate<'a>(standard: &Standard, pod: &Pod<'a>) -> Vec<Finding<'a>> {
    evaluate_except(standard, pod, |_, _| false)
}

/// The same, without the offences that `is_excepted` lets pass.
fn evaluate_except<'a>(
    standard: &Standard,
    pod: &Pod<'a>,
    mut is_excepted: impl FnMut(Check, &Offence<'a>) -> bool,
) -> Vec<Finding<'a>> {
    let mut findings = Vec::new();
    let mut offences = Vec::new();
    for in_force in standard.checks() {
        (in_force.find)(pod, &mut offences);
        if offences.is_empty() {
            continue;
        }
        offences.retain(|offence| !is_excepted(in_force.check, offence));
        if !offences.is_empty() {
            findings.push(Finding::of(in_force.check, std::mem::take(&mut offences)));
        }
    }
    findings
}

/// What the API server writes about a Pod with these findings: `hostPort (container "a" uses hostPort 80), privileged (..)`.
pub fn described(findings: &[Finding<'_>]) -> String {
    findings.iter().map(Finding::to_string).collect::<Vec<_>>().join(", ")
}

impl<'a> Finding<'a> {
    /// The finding of `check` for these offences, of which there must be one at least.
    pub fn of(check: Check, offences: Vec<Offence<'a>>) -> Self {
        let (reason, detail) = (check.entry().say)(&offences);
        Finding { check, reason, detail, offences }
    }
}

/// As the API server writes it in its list: the reason, and the detail in parentheses.
impl std::fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.reason, self.detail)
    }
}
