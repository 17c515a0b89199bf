//! Exceptions by an image that has another name by the time it is judged, because a rule takes it from elsewhere.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::policy::edit::{Action, LeafValue};
use crate::policy::exception::{Exception, NamedContainer};
use crate::policy::images::{self, Rewrite};
use crate::policy::{Mode, Policy, Rule, Verb};
use crate::review::Operation;
use crate::workload::Kind;

/// A rule that rewrites images.
#[derive(Clone, Copy)]
struct Rewriting<'p> {
    policy: &'p Policy,
    rule: &'p Rule,
    rewrites: &'p [Rewrite],
}

/// A warning for each container of an exception, or of an `except`, that no Pod can have, since a rule of `policies`
/// rewrites its image in every Pod.
pub fn renamed(policies: &[Arc<Policy>], exceptions: &[Arc<Exception>]) -> Vec<Diagnostic> {
    // One from the rewriting itself keeps the names of some Pods as they are.
    let from: Vec<_> = exceptions.iter().flat_map(|exception| &exception.from).collect();
    let is_certain = |by: &Rewriting<'_>| !from.iter().any(|exempt| exempt.names(by.policy, by.rule));
    let all: Vec<_> = policies.iter().flat_map(|policy| rewriting(policy)).filter(is_certain).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let rules = policies.iter().flat_map(|policy| &policy.rules);
    let excepts = rules.flat_map(|rule| match &rule.verb {
        Verb::PodSecurity(security) => security.except.as_slice(),
        Verb::Edit(_) | Verb::Require(_) => &[],
    });
    let of_policies = excepts.flat_map(|except| &except.containers);
    let of_exceptions = exceptions.iter().flat_map(|exception| &exception.containers);
    of_policies.chain(of_exceptions).filter_map(|container| container.problem(&all)).collect()
}

/// The rules that rewrite images of every Pod in every namespace.
fn rewriting(policy: &Policy) -> impl Iterator<Item = Rewriting<'_>> {
    let matching = &policy.matching;
    let is_for_all = policy.mode == Mode::Enforce
        && policy.modes.is_empty()
        && policy.namespace.is_none()
        && matching.covers(Kind::Pod)
        && matching.excluded_makers == 0
        && [Operation::Create, Operation::Update].iter().all(|operation| matching.operations.contains(operation))
        && matching.namespaces.is_empty()
        && matching.exclude_namespaces.is_empty()
        && matching.namespace_selector.is_none()
        && matching.pod_selector.is_none()
        && matching.conditions.is_empty();
    policy.rules.iter().filter(move |_| is_for_all).filter_map(move |rule| {
        let is_certain =
            rule.when.is_none() && rule.containers.is_none() && rule.mode.is_none_or(|mode| mode == Mode::Enforce);
        let edit = rule.edit().filter(|edit| is_certain && edit.action == Action::RewriteImages)?;
        match edit.leaves.first().map(|leaf| &leaf.value) {
            Some(LeafValue::Images(rewrites)) => Some(Rewriting { policy, rule, rewrites }),
            _ => None,
        }
    })
}

impl NamedContainer {
    fn problem(&self, all: &[Rewriting<'_>]) -> Option<Diagnostic> {
        let (by, help) = all.iter().find_map(|by| Some((by, self.becomes(by.rewrites)?)))?;
        let name = format!("{}/{}", by.policy.id, by.rule.name);
        let message =
            format!("no new image is `{}` when it is judged: `{name}` takes it from elsewhere before", self.image);
        Some(Diagnostic::warning(Some(self.image_place.clone()), message).help(help))
    }

    /// What to name instead, after `rewrites`; [`None`] if some of its images may keep their names.
    fn becomes(&self, rewrites: &[Rewrite]) -> Option<String> {
        let instead = |image: String| format!("name the image that it becomes, `{image}`");
        if let Some(image) = self.image.is_literal() {
            return images::rewritten(rewrites, image).filter(|becomes| becomes != image).map(instead);
        }
        let (whole, prefix) = (self.image.to_string(), self.image.prefix());
        let end = prefix.rfind('/').and_then(|slash| Some(slash + prefix.get(slash..)?.find([':', '@'])?));
        let name = prefix.get(..end.unwrap_or(prefix.len()))?;
        let (rewrite, rest) = images::longest(rewrites, name)?;
        let becomes = format!("{}{rest}{}", rewrite.to.as_str(), whole.get(name.len()..)?);
        // `docker.io*` covers other registries too, and `docker.io/*` may cover what its images become.
        if (end.is_none() && rest.is_empty()) || becomes.starts_with(prefix) {
            return None;
        }
        let is_split = end.is_none() && rewrites.iter().any(|other| other.from.continues(name));
        Some(if is_split { "name the images that they become".to_owned() } else { instead(becomes) })
    }
}
