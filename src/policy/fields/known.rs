//! What the API does not publish about its fields, as data.

use crate::document::Step;
use crate::policy::Action;
use crate::policy::fields::Forbidden;

/// What a value must be, beside its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// A whole number from the first to the second.
    Range(i64, i64),
    /// A string that is not empty.
    Text,
    /// One of these.
    Word(&'static [&'static str]),
    /// An amount of the resource that the last key names.
    Resource,
    /// The value of a label.
    Label,
}

/// Fields of an object of which one may be set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    fields: Members,
    /// Whether the object is refused without any of them.
    pub(super) is_needed: bool,
    /// What any of them is.
    pub(super) what: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Members {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

impl Group {
    pub(super) fn has(&self, key: &str) -> bool {
        match self.fields {
            Members::Only(keys) => keys.contains(&key),
            Members::AllBut(keys) => !keys.contains(&key),
        }
    }
}

/// Types all of whose fields are a union.
pub(super) const WHOLE: [&str; 3] = ["LifecycleHandler", "EnvVarSource", "PodSchedulingGroup"];

const GROUPS: [(&str, Group); 6] = [
    (
        "LifecycleHandler",
        Group { fields: Members::Only(&["exec", "httpGet", "sleep", "tcpSocket"]), is_needed: true, what: "a handler" },
    ),
    ("EnvVarSource", Group { fields: Members::AllBut(&[]), is_needed: true, what: "a source" }),
    (
        "Probe",
        Group { fields: Members::Only(&["exec", "grpc", "httpGet", "tcpSocket"]), is_needed: true, what: "a handler" },
    ),
    ("Volume", Group { fields: Members::AllBut(&["name"]), is_needed: false, what: "a source" }),
    ("EnvVar", Group { fields: Members::Only(&["value", "valueFrom"]), is_needed: false, what: "a value" }),
    (
        "PodResourceClaim",
        Group {
            fields: Members::Only(&["resourceClaimName", "resourceClaimTemplateName"]),
            is_needed: true,
            what: "a claim",
        },
    ),
];

/// The fields of this type of which one may be set.
pub(super) fn group(definition: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|(name, _)| *name == definition).map(|(_, group)| group)
}

const ID: Constraint = Constraint::Range(0, i32::MAX as i64);
const POSITIVE: Constraint = Constraint::Range(1, i32::MAX as i64);
const PORT: Constraint = Constraint::Range(1, 65535);
const PULL_POLICIES: Constraint = Constraint::Word(&["Always", "IfNotPresent", "Never"]);

const CONSTRAINTS: [(&str, &str, Constraint); 34] = [
    ("Capabilities", "add", Constraint::Text),
    ("Capabilities", "drop", Constraint::Text),
    ("Container", "imagePullPolicy", PULL_POLICIES),
    ("Container", "terminationMessagePath", Constraint::Text),
    ("Container", "terminationMessagePolicy", Constraint::Word(&["File", "FallbackToLogsOnError"])),
    ("ContainerPort", "containerPort", PORT),
    ("ContainerPort", "hostPort", PORT),
    ("ContainerPort", "protocol", Constraint::Word(&["TCP", "UDP", "SCTP"])),
    ("EnvVar", "name", Constraint::Text),
    ("ImageVolumeSource", "pullPolicy", PULL_POLICIES),
    ("ObjectMeta", "labels", Constraint::Label),
    ("PodSecurityContext", "fsGroup", ID),
    ("PodSecurityContext", "fsGroupChangePolicy", Constraint::Word(&["OnRootMismatch", "Always"])),
    ("PodSecurityContext", "runAsGroup", ID),
    ("PodSecurityContext", "runAsUser", ID),
    ("PodSpec", "activeDeadlineSeconds", POSITIVE),
    ("PodSpec", "dnsPolicy", Constraint::Word(&["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"])),
    ("PodSpec", "priorityClassName", Constraint::Text),
    ("PodSpec", "runtimeClassName", Constraint::Text),
    ("PodSpec", "schedulerName", Constraint::Text),
    ("PodSpec", "serviceAccountName", Constraint::Text),
    ("PodSpec", "terminationGracePeriodSeconds", Constraint::Range(0, i64::MAX)),
    ("Probe", "failureThreshold", POSITIVE),
    ("Probe", "initialDelaySeconds", ID),
    ("Probe", "periodSeconds", POSITIVE),
    ("Probe", "successThreshold", POSITIVE),
    ("Probe", "timeoutSeconds", POSITIVE),
    ("ResourceRequirements", "limits", Constraint::Resource),
    ("ResourceRequirements", "requests", Constraint::Resource),
    ("SecurityContext", "runAsGroup", ID),
    ("SecurityContext", "runAsUser", ID),
    ("Toleration", "effect", Constraint::Word(&["NoSchedule", "PreferNoSchedule", "NoExecute"])),
    ("Toleration", "operator", Constraint::Word(&["Exists", "Equal", "Lt", "Gt"])),
    ("SeccompProfile", "type", Constraint::Word(&["RuntimeDefault", "Localhost", "Unconfined"])),
];

/// What a value of the field must be; of an element, where the field is a list or a map.
pub(super) fn constraint(owner: &str, name: &str, is_part: bool) -> Option<Constraint> {
    let found = CONSTRAINTS.iter().find(|(of, field, _)| *of == owner && *field == name)?;
    let is_of_parts = matches!(found.2, Constraint::Resource | Constraint::Label) || owner == "Capabilities";
    (is_of_parts == is_part).then_some(found.2)
}

const DERIVED: [(&str, Forbidden); 5] = [
    (
        "priorityClassName",
        Forbidden {
            reason: "by the time a Pod arrives the API server has derived its `priority` and `preemptionPolicy` from it",
            help: "leave `injectInto` to podgate, which edits templates, or mark one PriorityClass as `globalDefault`",
        },
    ),
    (
        "automountServiceAccountToken",
        Forbidden {
            reason: "by the time a Pod arrives the API server has mounted the token already",
            help: "leave `injectInto` to podgate, which edits templates, or set it in the ServiceAccount",
        },
    ),
    (
        "hostNetwork",
        Forbidden {
            reason: "by the time a Pod arrives the API server has derived `hostPort`s from it",
            help: "leave `injectInto` to podgate, which edits templates, or say what must hold with `require`",
        },
    ),
    (
        "serviceAccountName",
        Forbidden {
            reason: "by the time a Pod arrives the API server has mounted the token of its ServiceAccount already",
            help: "leave `injectInto` to podgate, which edits templates, or say what must hold with `require`",
        },
    ),
    (
        "runtimeClassName",
        Forbidden {
            reason: "by the time a Pod arrives the API server has derived its `overhead` and where it may run from it",
            help: "leave `injectInto` to podgate, which edits templates, or say what must hold with `require`",
        },
    ),
];

/// Why a field can be edited in templates only.
pub(super) fn derived(steps: &[Step<'_>]) -> Option<Forbidden> {
    let [Step::Key(spec), Step::Key(key)] = steps else { return None };
    let row = DERIVED.iter().find(|(name, _)| spec == "spec" && *name == key)?;
    Some(row.1)
}

const OF_THE_POD: [(&str, Forbidden); 7] = [
    (
        "priority",
        Forbidden {
            reason: "the API server derives it from `priorityClassName`",
            help: "name a PriorityClass instead",
        },
    ),
    (
        "preemptionPolicy",
        Forbidden {
            reason: "the API server derives it from `priorityClassName`",
            help: "name a PriorityClass instead",
        },
    ),
    (
        "overhead",
        Forbidden { reason: "the API server derives it from `runtimeClassName`", help: "name a RuntimeClass instead" },
    ),
    (
        "serviceAccount",
        Forbidden {
            reason: "the API server keeps it equal to `serviceAccountName`",
            help: "write `serviceAccountName`",
        },
    ),
    (
        "restartPolicy",
        Forbidden { reason: "each kind takes only some of its values", help: "say what must hold with `require`" },
    ),
    (
        "nodeName",
        Forbidden { reason: "only the scheduler and mirror Pods have it", help: "use `nodeSelector` or `affinity`" },
    ),
    (
        "schedulingGates",
        Forbidden { reason: "whoever sets a gate has to lift it again", help: "say what must hold with `require`" },
    ),
];

/// Why a field can be edited nowhere.
pub(super) fn forbidden(in_container: bool, steps: &[Step<'_>], action: Action) -> Option<Forbidden> {
    let keys: Vec<&str> = steps
        .iter()
        .map(|step| match step {
            Step::Key(key) => key.as_ref(),
            Step::Index(_) => "",
        })
        .collect();
    match (in_container, keys.as_slice()) {
        (true, ["name"]) => Some(Forbidden {
            reason: "it is what a container is known by",
            help: "`containers.names` selects containers by their names",
        }),
        (true, ["restartPolicy"]) => Some(Forbidden {
            reason: "it makes another sort of container of it",
            help: "say what must hold with `require`",
        }),
        (false, ["spec", "containers" | "initContainers"]) if action == Action::Append => None,
        (false, ["spec", "containers" | "initContainers" | "ephemeralContainers"]) => Some(Forbidden {
            reason: "containers have a section of their own",
            help: "write the values for each container under `container`, beside `pod`",
        }),
        (false, ["spec", key]) => OF_THE_POD.iter().find(|(name, _)| name == key).map(|(_, forbidden)| *forbidden),
        (false, ["metadata", key]) if !matches!(*key, "labels" | "annotations") => Some(Forbidden {
            reason: "of a Pod's metadata only labels and annotations are a policy's to edit",
            help: "write it under `labels` or `annotations`",
        }),
        (false, ["apiVersion" | "kind" | "status"]) => Some(Forbidden {
            reason: "it is not written by authors of Pods",
            help: "what can be edited stands under `spec` and `metadata`",
        }),
        _ => None,
    }
}
