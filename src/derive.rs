//! The Pod that a template will become.
//!
//! An owner is judged by this Pod, so that it is not denied for a limit that its Pods will receive, and is denied for
//! what they would be denied for.

use std::collections::HashSet;

use bumpalo::Bump;

use crate::api_defaults;
use crate::document::{Member, Step, Value, edit};
use crate::facts::Facts;
use crate::review::{Operation, Request};
use crate::workload::{Kind, Workload};

/// A Pod that nobody has sent yet.
#[derive(Clone, Copy, Debug)]
pub struct DerivedPod<'a> {
    /// As the controller will send it, before the API server fills anything in.
    pub sent: Value<'a>,
    /// As an admission webhook will see it.
    pub pod: Workload<'a>,
}

/// What the controller of a StatefulSet gives to each of its Pods. The first one stands for all.
#[derive(Clone, Copy, Debug)]
struct Identity<'a> {
    name: &'a str,
    ordinal: &'a str,
}

impl<'a> Identity<'a> {
    fn of(arena: &'a Bump, owner: &Workload<'a>) -> Option<Self> {
        if owner.kind != Kind::StatefulSet {
            return None;
        }
        let first = owner.object.fields(&["spec", "ordinals", "start"]).and_then(Value::as_i64).unwrap_or_default();
        let name = arena.alloc_str(&format!("{}-{first}", owner.name()));
        Some(Identity { name, ordinal: arena.alloc_str(&first.to_string()) })
    }

    fn labelled(self, arena: &'a Bump, labels: Value<'a>) -> Value<'a> {
        let own = [("statefulset.kubernetes.io/pod-name", self.name), ("apps.kubernetes.io/pod-index", self.ordinal)];
        own.into_iter().fold(labels, |labels, (key, value)| with(arena, labels, key, Value::String(value)))
    }

    /// The Pod spec with a host name and with a volume for each claim, which takes the place of one of the same name.
    fn placed(self, arena: &'a Bump, owner: &Workload<'a>) -> Value<'a> {
        let of_owner = |key: &str| owner.object.fields(&["spec", key]);
        let mut spec = with(arena, owner.spec, "hostname", Value::String(self.name));
        if let Some(service) = of_owner("serviceName").and_then(Value::as_str).filter(|service| !service.is_empty()) {
            spec = with(arena, spec, "subdomain", Value::String(service));
        }
        let claims = of_owner("volumeClaimTemplates").unwrap_or_default().elements().iter();
        let claims = || claims.clone().filter_map(|claim| claim.text(&["metadata", "name"]));
        let names: HashSet<_> = claims().collect();
        if names.is_empty() {
            return spec;
        }
        let volume = |claim: &'a str| {
            let name = arena.alloc_str(&format!("{claim}-{}", self.name));
            let source = arena.alloc_slice_copy(&[Member { key: "claimName", value: Value::String(name) }]);
            Value::Object(arena.alloc_slice_copy(&[
                Member { key: "name", value: Value::String(claim) },
                Member { key: "persistentVolumeClaim", value: Value::Object(source) },
            ]))
        };
        let written = owner.spec.field("volumes").unwrap_or_default().elements().iter().copied();
        let is_replaced = |volume: &Value<'a>| volume.text(&["name"]).is_some_and(|name| names.contains(name));
        let volumes = claims().map(volume).chain(written.filter(|volume| !is_replaced(volume)));
        let volumes = bumpalo::collections::Vec::from_iter_in(volumes, arena).into_bump_slice();
        with(arena, spec, "volumes", Value::Array(volumes))
    }
}

fn with<'a>(arena: &'a Bump, object: Value<'a>, key: &'a str, value: Value<'a>) -> Value<'a> {
    edit::set(arena, object, &[Step::key(key)], value).unwrap_or(object)
}

/// The Pod spec with what the controller of DaemonSets lets its Pods tolerate. The node to which it binds each of them is
/// not known.
fn on_any_node<'a>(arena: &'a Bump, spec: Value<'a>) -> Value<'a> {
    let on_host = spec.field("hostNetwork").and_then(Value::as_bool) == Some(true);
    let taints = TAINTS.iter().filter(|(_, _, of_network)| on_host || !of_network);
    let toleration = |(key, effect, _): &(&'static str, &'static str, bool)| {
        let text = |key, value| Member { key, value: Value::String(value) };
        let members = [text("key", *key), text("operator", "Exists"), text("effect", *effect)];
        Value::Object(arena.alloc_slice_copy(&members))
    };
    let written = spec.field("tolerations").unwrap_or_default().elements();
    let is_same = |a: &Value<'a>, b: &Value<'a>| {
        ["key", "effect", "operator", "value"].iter().all(|key| a.field(key) == b.field(key))
    };
    let mut tolerations: bumpalo::collections::Vec<'a, _> = bumpalo::collections::Vec::new_in(arena);
    tolerations.extend_from_slice(written);
    for added in taints.map(toleration) {
        match tolerations.iter_mut().find(|known| is_same(known, &added)) {
            // Without an end: the controller's takes the place of one that lasts only so long.
            Some(known) => *known = added,
            None => tolerations.push(added),
        }
    }
    with(arena, spec, "tolerations", Value::Array(tolerations.into_bump_slice()))
}

/// The taints, and whether only Pods on the host's network tolerate one.
const TAINTS: [(&str, &str, bool); 7] = [
    ("node.kubernetes.io/not-ready", "NoExecute", false),
    ("node.kubernetes.io/unreachable", "NoExecute", false),
    ("node.kubernetes.io/disk-pressure", "NoSchedule", false),
    ("node.kubernetes.io/memory-pressure", "NoSchedule", false),
    ("node.kubernetes.io/pid-pressure", "NoSchedule", false),
    ("node.kubernetes.io/unschedulable", "NoSchedule", false),
    ("node.kubernetes.io/network-unavailable", "NoSchedule", true),
];

/// The Pod that the controller of `owner` will make, with what the API server, LimitRanges and the other plug-ins add to
/// it. A Pod becomes itself.
pub fn pod<'a>(arena: &'a Bump, owner: &Workload<'a>, namespace: &'a str, facts: &Facts<'a>) -> DerivedPod<'a> {
    if owner.kind == Kind::Pod {
        return DerivedPod { sent: owner.object, pod: *owner };
    }
    let member = |key, value| Member { key, value };
    let text = Value::String;
    let template = owner.pod_metadata();
    let maker = owner.kind.maker().unwrap_or(owner.kind);
    let made = maker == owner.kind;
    let name: &str = if made { owner.name() } else { arena.alloc_str(&format!("{}-", owner.name())) };
    let reference = arena.alloc_slice_copy(&[
        member("apiVersion", text(maker.api_version())),
        member("kind", text(maker.name())),
        member("name", text(name)),
        member("uid", text("")),
        member("controller", Value::Bool(true)),
        member("blockOwnerDeletion", Value::Bool(true)),
    ]);
    let identity = Identity::of(arena, owner);
    let mut metadata = bumpalo::collections::Vec::new_in(arena);
    metadata.extend(identity.map(|identity| member("name", text(identity.name))));
    metadata.push(member("generateName", text(arena.alloc_str(&format!("{}-", owner.name())))));
    metadata.push(member("namespace", text(namespace)));
    // Whatever else a template's metadata holds, the controller copies only these.
    for key in ["labels", "annotations", "finalizers"] {
        let value = template.field(key);
        let value = match identity.filter(|_| key == "labels") {
            Some(identity) => Some(identity.labelled(arena, value.unwrap_or_default())),
            None => value,
        };
        metadata.extend(value.map(|value| member(key, value)));
    }
    let spec = identity.map_or(owner.spec, |identity| identity.placed(arena, owner));
    let spec = if owner.kind == Kind::DaemonSet { on_any_node(arena, spec) } else { spec };
    if owner.kind.maker().is_some() {
        metadata.push(member("ownerReferences", Value::Array(arena.alloc_slice_copy(&[Value::Object(reference)]))));
    }
    let sent = Value::Object(arena.alloc_slice_copy(&[
        member("apiVersion", text("v1")),
        member("kind", text("Pod")),
        member("metadata", Value::Object(metadata.into_bump_slice())),
        member("spec", spec),
    ]));
    let pod = api_defaults::pod(arena, sent, facts.kubernetes);
    let pod = api_defaults::limit_range::applied(arena, pod, facts.limit_ranges);
    let pod = api_defaults::plug_ins::applied(arena, pod);
    let as_pod = Workload { kind: Kind::Pod, object: pod, template: pod, spec: owner.spec };
    DerivedPod { sent, pod: as_pod.with_object(pod) }
}

/// The request in which the controller of `owner` will send its Pod.
pub fn request<'a>(arena: &'a Bump, owner: &Workload<'a>, of: &Request<'a>, pod: &Workload<'a>) -> Request<'a> {
    let member = |key, value| Member { key, value };
    let text = Value::String;
    let user = owner.kind.maker().and_then(Kind::controller_user).unwrap_or(of.user);
    let group = |name| Value::String(name);
    let groups = Value::Array(arena.alloc_slice_copy(&[
        group("system:serviceaccounts"),
        group("system:serviceaccounts:kube-system"),
        group("system:authenticated"),
    ]));
    let object = |members: &[Member<'a>]| Value::Object(arena.alloc_slice_copy(members));
    let kind = object(&[member("group", text("")), member("version", text("v1")), member("kind", text("Pod"))]);
    let resource =
        object(&[member("group", text("")), member("version", text("v1")), member("resource", text("pods"))]);
    let value = object(&[
        member("uid", text(of.uid)),
        member("kind", kind),
        member("resource", resource),
        member("requestKind", kind),
        member("requestResource", resource),
        member("namespace", text(of.namespace)),
        member("operation", text(Operation::Create.name())),
        member("userInfo", object(&[member("username", text(user)), member("groups", groups)])),
        member("object", pod.object),
        member("oldObject", Value::Null),
        member("dryRun", Value::Bool(of.dry_run)),
        member(
            "options",
            object(&[member("kind", text("CreateOptions")), member("apiVersion", text("meta.k8s.io/v1"))]),
        ),
    ]);
    Request {
        uid: of.uid,
        operation: Operation::Create,
        group: "",
        kind: Kind::Pod.name(),
        resource: Kind::Pod.resource(),
        sub_resource: "",
        name: "",
        namespace: of.namespace,
        user,
        groups,
        object: Some(pod.object),
        old_object: None,
        dry_run: of.dry_run,
        value,
    }
}
