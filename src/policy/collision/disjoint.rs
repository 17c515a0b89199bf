//! Whether two wishes can never meet in one object.

use crate::glob::Glob;
use crate::policy::collision::Wish;
use crate::policy::edit::Target;
use crate::policy::{ContainerSelector, Match, Policy};
use crate::selector::Selector;
use crate::workload::Kind;

/// Whether no object is edited by both.
pub(super) fn are(a: &Wish<'_>, b: &Wish<'_>) -> bool {
    let (of_a, of_b) = (&a.policy.matching, &b.policy.matching);
    let selectors = [
        (&of_a.namespace_selector, &of_b.namespace_selector),
        // On an update the old labels count too, so that both may match in passing; that is no collision that lasts.
        (&of_a.pod_selector, &of_b.pod_selector),
    ];
    !share_object(a, b)
        || !of_a.operations.iter().any(|operation| of_b.operations.contains(operation))
        || namespaces_apart(a.policy, b.policy)
        || namespaces_apart(b.policy, a.policy)
        || selectors.into_iter().any(|(a, b)| selectors_apart(a.as_ref(), b.as_ref()))
        || containers_apart(a.rule.containers.as_ref(), b.rule.containers.as_ref())
}

/// Whether there is a kind of object that both edit.
fn share_object(a: &Wish<'_>, b: &Wish<'_>) -> bool {
    let edits = |wish: &Wish<'_>, target: Target| {
        let kinds = match target {
            Target::Pods => Kind::Pod.bit(),
            Target::Templates => !Kind::Pod.bit(),
        };
        if wish.edit.goes_into(wish.leaf.placement, target) { wish.policy.matching.kinds & kinds } else { 0 }
    };
    [Target::Pods, Target::Templates].into_iter().any(|target| edits(a, target) & edits(b, target) != 0)
}

/// Whether the namespaces that `a` names are all ones that `b` does not cover.
fn namespaces_apart(a: &Policy, b: &Policy) -> bool {
    let literal: Option<Vec<&str>> = match &a.namespace {
        Some(namespace) => Some(vec![namespace]),
        None => a.matching.namespaces.iter().map(Glob::is_literal).collect(),
    };
    if let Some(names) = literal.filter(|names| !names.is_empty()) {
        return names.iter().all(|name| !covers(b, name));
    }
    let prefixes = |policy: &Policy| -> Vec<String> {
        match &policy.namespace {
            Some(namespace) => vec![namespace.clone()],
            None => policy.matching.namespaces.iter().map(|glob| glob.prefix().to_owned()).collect(),
        }
    };
    let (of_a, of_b) = (prefixes(a), prefixes(b));
    let meets = |a: &String, b: &String| a.starts_with(b.as_str()) || b.starts_with(a.as_str());
    !of_a.is_empty() && !of_b.is_empty() && !of_a.iter().any(|a| of_b.iter().any(|b| meets(a, b)))
}

fn covers(policy: &Policy, namespace: &str) -> bool {
    let Match { namespaces, exclude_namespaces, .. } = &policy.matching;
    policy.namespace.as_deref().is_none_or(|own| own == namespace)
        && (namespaces.is_empty() || namespaces.iter().any(|glob| glob.matches(namespace)))
        && !exclude_namespaces.iter().any(|glob| glob.matches(namespace))
}

fn selectors_apart(a: Option<&Selector>, b: Option<&Selector>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a.excludes(b))
}

fn containers_apart(a: Option<&ContainerSelector>, b: Option<&ContainerSelector>) -> bool {
    let Some((a, b)) = a.zip(b) else { return false };
    let roles = !a.roles.is_empty() && !b.roles.is_empty() && !a.roles.iter().any(|role| b.roles.contains(role));
    roles || names_apart(&a.names, &b.names) || names_apart(&b.names, &a.names)
}

fn names_apart(a: &[Glob], b: &[Glob]) -> bool {
    let literal: Option<Vec<&str>> = a.iter().map(Glob::is_literal).collect();
    let covered = |name: &&str| b.is_empty() || b.iter().any(|glob| glob.matches(name));
    literal.is_some_and(|names| !names.is_empty() && !names.iter().any(covered))
}
