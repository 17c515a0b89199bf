//! A Pod as the checks look at it: each field that they read is found once, and what is left out stands at its default.

use bumpalo::Bump;

use crate::document::{Member, Value};
use crate::workload::{self, Workload};

/// A Pod, or the template of one.
#[derive(Clone, Copy, Debug)]
pub struct Pod<'a> {
    /// Its `metadata` and `spec`.
    pub(super) template: Value<'a>,
    pub(super) annotations: &'a [Member<'a>],
    pub(super) volumes: &'a [Value<'a>],
    pub(super) host_network: bool,
    pub(super) host_pid: bool,
    pub(super) host_ipc: bool,
    /// `hostUsers: false`: root in it is nobody on the node.
    pub(super) has_user_namespace: bool,
    pub(super) is_windows: bool,
    pub(super) security: SecurityContext<'a>,
    pub(super) sysctls: &'a [Value<'a>],
    /// Init containers and sidecars, then the main ones, then the ephemeral ones.
    pub(super) containers: &'a [Container<'a>],
}

/// A container.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    pub(super) container: workload::Container<'a>,
    pub(super) security: SecurityContext<'a>,
    pub(super) privileged: bool,
    pub(super) allow_privilege_escalation: Option<bool>,
    pub(super) capabilities: Value<'a>,
    pub(super) proc_mount: Option<&'a str>,
    pub(super) ports: &'a [Value<'a>],
    /// The keys of the probes that it has, with their values.
    pub(super) probes: [(&'static str, Value<'a>); 3],
    pub(super) lifecycle: Value<'a>,
}

/// What Pods and containers have in common.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecurityContext<'a> {
    /// The type of the profile; empty for a profile without one.
    pub(super) app_armor: Option<&'a str>,
    /// The type of the profile; empty for a profile without one.
    pub(super) seccomp: Option<&'a str>,
    pub(super) se_linux: Value<'a>,
    pub(super) run_as_non_root: Option<bool>,
    pub(super) run_as_root: bool,
    pub(super) host_process: bool,
}

impl<'a> Pod<'a> {
    /// The Pod of `workload`: itself, or its template as it stands.
    pub fn of(arena: &'a Bump, workload: &Workload<'a>) -> Self {
        let mut pod = Pod {
            template: workload.template,
            annotations: workload.pod_metadata().field("annotations").unwrap_or_default().members(),
            volumes: &[],
            host_network: false,
            host_pid: false,
            host_ipc: false,
            has_user_namespace: false,
            is_windows: false,
            security: SecurityContext::default(),
            sysctls: &[],
            containers: &[],
        };
        for Member { key, value } in workload.spec.members() {
            let is = |expected: bool| matches!(value, Value::Bool(set) if *set == expected);
            match *key {
                "volumes" => pod.volumes = value.elements(),
                "hostNetwork" => pod.host_network = is(true),
                "hostPID" => pod.host_pid = is(true),
                "hostIPC" => pod.host_ipc = is(true),
                "hostUsers" => pod.has_user_namespace = is(false),
                "os" => pod.is_windows = value.text(&["name"]) == Some("windows"),
                "securityContext" => {
                    for Member { key, value } in value.members() {
                        match *key {
                            "sysctls" => pod.sysctls = value.elements(),
                            key => pod.security.read(key, *value),
                        }
                    }
                }
                _ => {}
            }
        }
        let count = workload.containers().count();
        let containers = workload.containers().map(Container::of).take(count);
        let mut list = bumpalo::collections::Vec::with_capacity_in(count, arena);
        list.extend(containers);
        Pod { containers: list.into_bump_slice(), ..pod }
    }
}

impl<'a> Pod<'a> {
    /// The security context of the Pod itself, then that of each container.
    pub(super) fn contexts(&self) -> impl Iterator<Item = (Option<&'a Container<'a>>, SecurityContext<'a>)> + use<'a> {
        let of_containers = self.containers.iter().map(|container| (Some(container), container.security));
        [(None, self.security)].into_iter().chain(of_containers)
    }
}

impl<'a> Container<'a> {
    fn of(container: workload::Container<'a>) -> Self {
        let mut read = Container {
            container,
            security: SecurityContext::default(),
            privileged: false,
            allow_privilege_escalation: None,
            capabilities: Value::Null,
            proc_mount: None,
            ports: &[],
            probes: [("livenessProbe", Value::Null), ("readinessProbe", Value::Null), ("startupProbe", Value::Null)],
            lifecycle: Value::Null,
        };
        for Member { key, value } in container.value.members() {
            match *key {
                "ports" => read.ports = value.elements(),
                "lifecycle" => read.lifecycle = *value,
                "securityContext" => read.read_security(*value),
                key => {
                    if let Some((_, probe)) = read.probes.iter_mut().find(|(probe, _)| *probe == key) {
                        *probe = *value;
                    }
                }
            }
        }
        read
    }

    fn read_security(&mut self, context: Value<'a>) {
        for Member { key, value } in context.members() {
            match *key {
                "privileged" => self.privileged = value.as_bool() == Some(true),
                "allowPrivilegeEscalation" => self.allow_privilege_escalation = value.as_bool(),
                "capabilities" => self.capabilities = *value,
                "procMount" => self.proc_mount = value.as_str(),
                key => self.security.read(key, *value),
            }
        }
    }
}

impl<'a> SecurityContext<'a> {
    fn read(&mut self, key: &str, value: Value<'a>) {
        let profile = || (!value.is_null()).then(|| value.text(&["type"]).unwrap_or_default());
        match key {
            "appArmorProfile" => self.app_armor = profile(),
            "seccompProfile" => self.seccomp = profile(),
            "seLinuxOptions" => self.se_linux = value,
            "runAsNonRoot" => self.run_as_non_root = value.as_bool(),
            "runAsUser" => self.run_as_root = value.as_i64() == Some(0),
            "windowsOptions" => {
                self.host_process = value.field("hostProcess").and_then(Value::as_bool) == Some(true);
            }
            _ => {}
        }
    }
}
