//! What the values of each check can be: which an exception can name, and which of those would do nothing.
//!
//! A value that no Pod can hold is a mistake. One that is not known here may come with a newer Kubernetes, a newer kernel
//! or another container runtime: that is worth a warning, and nothing more.

use crate::diagnostic::{did_you_mean, suggest};
use crate::policy::pod_security::{
    Check, app_armor_profile, capabilities_baseline, capabilities_restricted, host_namespaces, restricted_volumes,
    se_linux_options, seccomp_profile_baseline, sysctls,
};

/// The capabilities of Linux 6.12, and the word for all of them, as a Pod names them.
/// Source: `include/uapi/linux/capability.h`.
const CAPABILITIES: [&str; 42] = [
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// What can be said about the values of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Nothing: there is but one.
    None,
    /// Words, and what they are.
    Words(&'static str),
    /// Paths of the node.
    Folders,
    /// Types of volumes, or paths of the node.
    Volumes,
    /// Numbers of ports, or ranges of them.
    Ports,
}

/// Why a word does not do what its author wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Whether some Pod may hold it all the same.
    pub may_be: bool,
    /// What is wrong with it.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Check {
    /// What can be said about its values.
    pub fn values(self) -> Values {
        match self {
            Check::CapabilitiesBaseline | Check::CapabilitiesRestricted => Values::Words("capabilities"),
            Check::Sysctls => Values::Words("sysctls"),
            Check::HostNamespaces => Values::Words("`hostNetwork`, `hostPID` and `hostIPC`"),
            Check::AppArmorProfile | Check::SeccompProfileBaseline | Check::SeccompProfileRestricted => {
                Values::Words("types of profiles")
            }
            Check::SeLinuxOptions => Values::Words("SELinux types, users and roles"),
            Check::HostProbes => Values::Words("hosts"),
            Check::HostPathVolumes => Values::Folders,
            Check::RestrictedVolumes => Values::Volumes,
            Check::HostPorts => Values::Ports,
            Check::Privileged
            | Check::ProcMount
            | Check::ProcMountRestricted
            | Check::WindowsHostProcess
            | Check::AllowPrivilegeEscalation
            | Check::RunAsNonRoot
            | Check::RunAsUser => Values::None,
        }
    }

    /// Whether it objects to fields of containers; the others look at the Pod alone.
    pub fn is_about_containers(self) -> bool {
        !matches!(self, Check::HostNamespaces | Check::HostPathVolumes | Check::RestrictedVolumes | Check::Sysctls)
    }

    /// What speaks against `word` as a value of this check, at a minor version if one is known.
    pub fn doubt(self, word: &str, minor: Option<u64>) -> Option<Doubt> {
        if minor.is_some_and(|minor| self.passes(word, minor)) {
            let message = format!("`{word}` passes `{self}` anyway");
            return Some(Doubt { may_be: true, message, help: Some("leave it out".to_owned()) });
        }
        let near = |known: &'static [&'static str]| did_you_mean(suggest(word, known.iter().copied()));
        let unknown = |what: &str, help| {
            Some(Doubt { may_be: true, message: format!("`{word}` is no {what} that is known here"), help })
        };
        let impossible = |message, help| Some(Doubt { may_be: false, message, help });
        let one_of = |known: &'static [&'static str]| match known.contains(&word) {
            true => None,
            false => impossible(format!("`{word}` is nothing that `{self}` objects to"), near(known)),
        };
        match self {
            Check::CapabilitiesBaseline | Check::CapabilitiesRestricted if !CAPABILITIES.contains(&word) => {
                let upper = word.to_ascii_uppercase();
                let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
                let near = did_you_mean(suggest(bare, CAPABILITIES));
                unknown("capability", near)
            }
            Check::AppArmorProfile if !app_armor_profile::OPEN.contains(&word) => {
                unknown("type of an AppArmor profile", near(&app_armor_profile::OPEN))
            }
            Check::SeccompProfileBaseline | Check::SeccompProfileRestricted
                if !seccomp_profile_baseline::OPEN.contains(&word) =>
            {
                unknown("type of a seccomp profile", near(&seccomp_profile_baseline::OPEN))
            }
            Check::HostNamespaces => one_of(&host_namespaces::KEYS),
            Check::RestrictedVolumes if word != restricted_volumes::UNKNOWN => one_of(&restricted_volumes::FORBIDDEN),
            Check::Sysctls if !sysctls::is_name(word) => {
                let help = word.contains('*').then(|| "each sysctl stands by itself, without patterns".to_owned());
                impossible(format!("`{word}` is not the name of a sysctl"), help)
            }
            Check::SeLinuxOptions if word.contains(':') => {
                unknown("SELinux type, user or role", Some("write the type alone, as in `spc_t`".to_owned()))
            }
            Check::HostProbes if word.contains(|c: char| c == '/' || c.is_whitespace()) => {
                unknown("host", Some("write its name or address alone".to_owned()))
            }
            _ => None,
        }
    }

    /// Whether a field with this value passes at a minor version.
    fn passes(self, word: &str, minor: u64) -> bool {
        match self {
            Check::CapabilitiesBaseline => capabilities_baseline::ALLOWED.contains(&word),
            Check::CapabilitiesRestricted => capabilities_restricted::ALLOWED.contains(&word),
            Check::AppArmorProfile => app_armor_profile::is_profile(word) || app_armor_profile::is_annotation(word),
            Check::SeccompProfileBaseline if minor < 19 => seccomp_profile_baseline::is_annotation(word),
            Check::SeccompProfileBaseline | Check::SeccompProfileRestricted => {
                seccomp_profile_baseline::is_profile(word)
            }
            Check::SeLinuxOptions => se_linux_options::is_type(word, minor),
            Check::Sysctls => sysctls::is_allowed(word, minor),
            Check::RestrictedVolumes => restricted_volumes::ALLOWED.contains(&word),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_doubted_where_it_would_do_nothing() {
        use Check::*;
        let anyway = |word: &str, check: Check| Some((true, format!("`{word}` passes `{check}` anyway; leave it out")));
        let never = |text: &str| Some((false, text.to_owned()));
        let unknown = |text: &str| Some((true, text.to_owned()));
        let nothing = |word: &str, check: Check| never(&format!("`{word}` is nothing that `{check}` objects to"));
        for (check, minor, word, expected) in [
            (CapabilitiesBaseline, 37, "NET_ADMIN", None),
            (CapabilitiesRestricted, 37, "NET_ADMIN", None),
            (CapabilitiesRestricted, 37, "ALL", None),
            (CapabilitiesBaseline, 37, "KILL", anyway("KILL", CapabilitiesBaseline)),
            (CapabilitiesRestricted, 37, "KILL", None),
            (CapabilitiesRestricted, 37, "NET_BIND_SERVICE", anyway("NET_BIND_SERVICE", CapabilitiesRestricted)),
            (
                CapabilitiesRestricted,
                37,
                "CAP_NET_ADMIN",
                unknown("`CAP_NET_ADMIN` is no capability that is known here; did you mean `NET_ADMIN`?"),
            ),
            (
                CapabilitiesRestricted,
                37,
                "net_admin",
                unknown("`net_admin` is no capability that is known here; did you mean `NET_ADMIN`?"),
            ),
            (
                CapabilitiesBaseline,
                37,
                "SYS_PTRAC",
                unknown("`SYS_PTRAC` is no capability that is known here; did you mean `SYS_PTRACE`?"),
            ),
            (CapabilitiesBaseline, 37, "TIME_TRAVEL", unknown("`TIME_TRAVEL` is no capability that is known here")),
            (Sysctls, 26, "net.core.somaxconn", None),
            (Sysctls, 26, "net/core/somaxconn", None),
            (Sysctls, 31, "net.ipv4.tcp_rmem", None),
            (Sysctls, 32, "net.ipv4.tcp_rmem", anyway("net.ipv4.tcp_rmem", Sysctls)),
            (
                Sysctls,
                37,
                "net.core.*",
                never("`net.core.*` is not the name of a sysctl; each sysctl stands by itself, without patterns"),
            ),
            (Sysctls, 37, "net core", never("`net core` is not the name of a sysctl")),
            (Sysctls, 37, "Net.core", never("`Net.core` is not the name of a sysctl")),
            (AppArmorProfile, 37, "Unconfined", None),
            (AppArmorProfile, 37, "unconfined", None),
            (AppArmorProfile, 37, "Localhost", anyway("Localhost", AppArmorProfile)),
            (AppArmorProfile, 37, "localhost/a", anyway("localhost/a", AppArmorProfile)),
            (
                AppArmorProfile,
                37,
                "UnConfinedd",
                unknown(
                    "`UnConfinedd` is no type of an AppArmor profile that is known here; did you mean `Unconfined`?",
                ),
            ),
            (SeccompProfileBaseline, 37, "Unconfined", None),
            (SeccompProfileBaseline, 18, "unconfined", None),
            (SeccompProfileBaseline, 18, "docker/default", anyway("docker/default", SeccompProfileBaseline)),
            (SeccompProfileRestricted, 37, "RuntimeDefault", anyway("RuntimeDefault", SeccompProfileRestricted)),
            (
                SeccompProfileRestricted,
                37,
                "Notify",
                unknown("`Notify` is no type of a seccomp profile that is known here"),
            ),
            (SeLinuxOptions, 30, "container_engine_t", None),
            (SeLinuxOptions, 31, "container_engine_t", anyway("container_engine_t", SeLinuxOptions)),
            (SeLinuxOptions, 37, "spc_t", None),
            (
                SeLinuxOptions,
                37,
                "system_u:system_r:spc_t:s0",
                unknown(
                    "`system_u:system_r:spc_t:s0` is no SELinux type, user or role that is known here; write the type \
                     alone, as in `spc_t`",
                ),
            ),
            (HostNamespaces, 37, "hostIPC", None),
            (HostNamespaces, 37, "hostPort", nothing("hostPort", HostNamespaces)),
            (HostNamespaces, 37, "privileged", nothing("privileged", HostNamespaces)),
            (RestrictedVolumes, 37, "unknown", None),
            (RestrictedVolumes, 37, "nfs", None),
            (RestrictedVolumes, 37, "emptyDir", anyway("emptyDir", RestrictedVolumes)),
            (HostProbes, 37, "127.0.0.1", None),
            (HostProbes, 37, "::1", None),
            (
                HostProbes,
                37,
                "http://a",
                unknown("`http://a` is no host that is known here; write its name or address alone"),
            ),
        ] {
            let doubt = check.doubt(word, Some(minor)).map(|doubt| {
                let help = doubt.help.map(|help| format!("; {help}")).unwrap_or_default();
                (doubt.may_be, format!("{}{help}", doubt.message))
            });
            assert_eq!(doubt, expected, "{check} {word}");
        }
        // Whether it passes depends on the version.
        assert_eq!(Sysctls.doubt("net.ipv4.tcp_rmem", None), None);
        assert_eq!(RestrictedVolumes.doubt("emptyDir", None).map(|doubt| doubt.may_be), Some(false));
    }
}
