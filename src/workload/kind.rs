//! The nine kinds that carry a Pod spec, with their names in the API.

use std::fmt;

use crate::document::Value;

/// A kind that carries a Pod spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A Pod of its own or of a controller.
    Pod,
    /// `apps`.
    Deployment,
    /// `apps`.
    StatefulSet,
    /// `apps`.
    DaemonSet,
    /// `apps`.
    ReplicaSet,
    /// The core group.
    ReplicationController,
    /// `batch`.
    Job,
    /// `batch`; its template stands inside a Job template.
    CronJob,
    /// The core group; nothing runs it.
    PodTemplate,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 9] = [
        Kind::Pod,
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::ReplicaSet,
        Kind::ReplicationController,
        Kind::Job,
        Kind::CronJob,
        Kind::PodTemplate,
    ];

    /// The kind of this name in this API group.
    pub fn of(group: &str, kind: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|candidate| candidate.name() == kind && candidate.group() == group)
    }

    /// The kind of an object by its own `apiVersion` and `kind`.
    pub fn of_object(object: Value<'_>) -> Option<Kind> {
        let version = object.get("apiVersion").and_then(Value::as_str)?;
        let group = version.split_once('/').map_or("", |(group, _)| group);
        Kind::of(group, object.get("kind").and_then(Value::as_str)?)
    }

    /// The kind that policies call by this name: `Pod`, `Deployment.apps`.
    pub fn parse(qualified: &str) -> Option<Kind> {
        let (kind, group) = qualified.split_once('.').unwrap_or((qualified, ""));
        Kind::of(group, kind)
    }

    /// The name, as in `kind:`.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Pod => "Pod",
            Kind::Deployment => "Deployment",
            Kind::StatefulSet => "StatefulSet",
            Kind::DaemonSet => "DaemonSet",
            Kind::ReplicaSet => "ReplicaSet",
            Kind::ReplicationController => "ReplicationController",
            Kind::Job => "Job",
            Kind::CronJob => "CronJob",
            Kind::PodTemplate => "PodTemplate",
        }
    }

    /// The API group; empty for the core group.
    pub const fn group(self) -> &'static str {
        match self {
            Kind::Pod | Kind::ReplicationController | Kind::PodTemplate => "",
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet => "apps",
            Kind::Job | Kind::CronJob => "batch",
        }
    }

    /// The group and version in which the API server stores it.
    pub const fn api_version(self) -> &'static str {
        match self {
            Kind::Pod | Kind::ReplicationController | Kind::PodTemplate => "v1",
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet => "apps/v1",
            Kind::Job | Kind::CronJob => "batch/v1",
        }
    }

    /// The resource, as in a URL.
    pub const fn resource(self) -> &'static str {
        match self {
            Kind::Pod => "pods",
            Kind::Deployment => "deployments",
            Kind::StatefulSet => "statefulsets",
            Kind::DaemonSet => "daemonsets",
            Kind::ReplicaSet => "replicasets",
            Kind::ReplicationController => "replicationcontrollers",
            Kind::Job => "jobs",
            Kind::CronJob => "cronjobs",
            Kind::PodTemplate => "podtemplates",
        }
    }

    /// The keys that lead from the object to its Pod template; none for a Pod.
    pub const fn template(self) -> &'static [&'static str] {
        match self {
            Kind::Pod => &[],
            Kind::PodTemplate => &["template"],
            Kind::CronJob => &["spec", "jobTemplate", "spec", "template"],
            _ => &["spec", "template"],
        }
    }

    /// The kind whose controller makes the Pods of this one; [`None`] if they are not made by a controller.
    pub const fn maker(self) -> Option<Kind> {
        match self {
            Kind::Pod | Kind::PodTemplate => None,
            Kind::Deployment => Some(Kind::ReplicaSet),
            Kind::CronJob => Some(Kind::Job),
            kind => Some(kind),
        }
    }

    /// The user as which the controller that makes the Pods of this kind speaks to the API server; [`None`] for kinds
    /// whose controller makes no Pods itself.
    pub const fn controller_user(self) -> Option<&'static str> {
        match self {
            Kind::ReplicaSet => Some("system:serviceaccount:kube-system:replicaset-controller"),
            Kind::StatefulSet => Some("system:serviceaccount:kube-system:statefulset-controller"),
            Kind::DaemonSet => Some("system:serviceaccount:kube-system:daemon-set-controller"),
            Kind::ReplicationController => Some("system:serviceaccount:kube-system:replication-controller"),
            Kind::Job => Some("system:serviceaccount:kube-system:job-controller"),
            _ => None,
        }
    }

    /// One bit for each kind, for sets.
    pub const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// As policies write it: `Pod`, `Deployment.apps`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if self.group().is_empty() { Ok(()) } else { write!(f, ".{}", self.group()) }
    }
}
