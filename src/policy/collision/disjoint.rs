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

/// Whether no namespace is covered by both.
fn namespaces_apart(a: &Policy, b: &Policy) -> bool {
    literals_apart(a, b) || literals_apart(b, a) || prefixes_apart(a, b)
}

/// Whether `a` names its namespaces one by one, all of which `b` does not cover.
fn literals_apart(a: &Policy, b: &Policy) -> bool {
    match (&a.namespace, a.matching.namespaces.as_slice()) {
        (Some(namespace), _) => !covers(b, namespace),
        (None, []) => false,
        (None, globs) => globs.iter().all(|glob| glob.is_literal().is_some_and(|name| !covers(b, name))),
    }
}

/// Whether the names that `a` covers and those that `b` does already differ in how they begin.
fn prefixes_apart(a: &Policy, b: &Policy) -> bool {
    let names_any = |policy: &Policy| policy.namespace.is_some() || !policy.matching.namespaces.is_empty();
    let meets = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
    names_any(a) && names_any(b) && !prefixes(a).any(|of_a| prefixes(b).any(|of_b| meets(of_a, of_b)))
}

/// How the names of the namespaces begin that a policy covers.
fn prefixes(policy: &Policy) -> impl Iterator<Item = &str> {
    let globs = if policy.namespace.is_some() { &[] } else { policy.matching.namespaces.as_slice() };
    policy.namespace.as_deref().into_iter().chain(globs.iter().map(Glob::prefix))
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
