//! What the API server's own PodSecurity plug-in would say, where the Namespace of an object asks for it.

use bumpalo::Bump;
use serde::Serialize;

use crate::admit::DryRun;
use crate::document::Value;
use crate::policy::pod_security::labels::Labels;
use crate::policy::pod_security::{Pod, Standard, described, evaluate};
use crate::review::Operation;
use crate::workload::{Kind, Workload};

/// What the plug-in would say of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// Why it denies the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denies: Option<String>,
    /// Why it denies the Pods of an owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denies_pods: Option<String>,
    /// What it warns of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warns: Option<String>,
}

/// What the plug-in says of a dry run in a Namespace; [`None`] if it has nothing to say.
pub fn said(arena: &Bump, run: &DryRun<'_>, namespace: Value<'_>) -> Option<Said> {
    let labels = Labels::of(namespace.fields(&["metadata", "labels"])?)?;
    let kind = run.request.workload_kind()?;
    // It is asked about what podgate is asked about, and about no subresources of owners.
    if !run.request.is_policed() || (kind != Kind::Pod && !run.request.sub_resource.is_empty()) {
        return None;
    }
    let workload = Workload::of(kind, run.object).ok()?;
    let mut said = Said::default();
    if kind != Kind::Pod {
        said.warns = violated(arena, &labels.warn, &workload, "would violate");
        let pod = run.pod.as_ref().and_then(|pod| Workload::of(Kind::Pod, pod.object).ok());
        said.denies_pods = pod.and_then(|pod| violated(arena, &labels.enforce, &pod, "violates"));
    } else if is_judged(run, &workload) {
        said.denies = violated(arena, &labels.enforce, &workload, "violates");
        // Who is denied is not warned besides.
        let warns = || violated(arena, &labels.warn, &workload, "would violate");
        said.warns = if said.denies.is_none() { warns() } else { None };
    }
    (said != Said::default()).then_some(said)
}

/// An update of a Pod is judged if it brings containers or images.
fn is_judged(run: &DryRun<'_>, new: &Workload<'_>) -> bool {
    let old = run.request.old_object.and_then(|old| Workload::of(Kind::Pod, old).ok());
    let Some(old) = old.filter(|_| run.request.operation == Operation::Update) else { return true };
    let is_same = |container: &crate::workload::Container<'_>| {
        let before = old.container(container.role, container.name);
        before.is_some_and(|before| before.image() == container.image())
    };
    new.containers().count() != old.containers().count() || !new.containers().all(|container| is_same(&container))
}

fn violated(arena: &Bump, standard: &Standard, workload: &Workload<'_>, verb: &str) -> Option<String> {
    let findings = evaluate(standard, &Pod::of(arena, workload));
    (!findings.is_empty()).then(|| format!("{verb} PodSecurity \"{standard}\": {}", described(&findings)))
}
