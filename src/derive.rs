//! The Pod that a template will become.
//!
//! An owner is judged by this Pod, so that it is not denied for a limit that its Pods will receive, and is denied for
//! what they would be denied for.

use bumpalo::Bump;

use crate::api_defaults;
use crate::document::{Member, Value};
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

/// The Pod that the controller of `owner` will make, with what the API server and LimitRanges add to it. A Pod becomes
/// itself.
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
    let mut metadata = bumpalo::collections::Vec::new_in(arena);
    metadata.push(member("generateName", text(arena.alloc_str(&format!("{}-", owner.name())))));
    metadata.push(member("namespace", text(namespace)));
    // Whatever else a template's metadata holds, the controller copies only these.
    for key in ["labels", "annotations", "finalizers"] {
        metadata.extend(template.field(key).map(|value| member(key, value)));
    }
    if owner.kind.maker().is_some() {
        metadata.push(member("ownerReferences", Value::Array(arena.alloc_slice_copy(&[Value::Object(reference)]))));
    }
    let sent = Value::Object(arena.alloc_slice_copy(&[
        member("apiVersion", text("v1")),
        member("kind", text("Pod")),
        member("metadata", Value::Object(metadata.into_bump_slice())),
        member("spec", owner.spec),
    ]));
    let pod = api_defaults::pod(arena, sent, facts.kubernetes);
    let pod = api_defaults::limit_range::applied(arena, pod, facts.limit_ranges);
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
