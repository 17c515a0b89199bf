//! Rules of one set that cannot both have their way, found before any request comes.
//!
//! Only what is certain is said: two rules that both edit one field of one object, with no `when` and no condition
//! between them. Who wins is decided by precedence, and the loser should hear of it from here and not from its edits.

mod disjoint;

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place};
use crate::document::{Path, Step};
use crate::policy::edit::{Action, Leaf, LeafValue, Range, amount, shown};
use crate::policy::fields::Shape;
use crate::policy::images::Rewrite;
use crate::policy::{EditRule, Mode, Policy, Rule};

/// So many are said; whoever has more starts with these.
const MOST: usize = 64;

/// What a rule wants of a field.
#[derive(Clone, Copy)]
struct Wish<'p> {
    policy: &'p Policy,
    rule: &'p Rule,
    edit: &'p EditRule,
    leaf: &'p Leaf,
}

/// The wishes for one field that were looked at so far: PodPolicies of different namespaces never meet.
#[derive(Default)]
struct Earlier<'w, 'p> {
    all: Vec<&'w Wish<'p>>,
    /// By the namespace of the policy, with their number; those of ClusterPodPolicies under [`None`].
    by_namespace: HashMap<Option<&'p str>, Vec<(usize, &'w Wish<'p>)>>,
}

/// The collisions of these policies, which stand in their order of precedence: a warning each, at the loser.
pub fn collisions(policies: &[Arc<Policy>]) -> Vec<Diagnostic> {
    let mut by_field: HashMap<(bool, &[Step<'static>]), Vec<Wish<'_>>> = HashMap::new();
    let mut fields = Vec::new();
    for wish in policies.iter().flat_map(|policy| wishes(policy)) {
        let field = (wish.leaf.in_container, wish.leaf.steps.as_slice());
        let wishes = by_field.entry(field).or_default();
        if wishes.is_empty() {
            fields.push(field);
        }
        wishes.push(wish);
    }
    let mut found = Vec::new();
    for wishes in fields.iter().filter_map(|field| by_field.get(field)) {
        let mut earlier = Earlier::default();
        for second in wishes {
            for first in earlier.beside(second.policy.namespace.as_deref()) {
                if !disjoint::are(first, second) {
                    found.extend(collision(first, second));
                }
                if found.len() >= MOST {
                    return found;
                }
            }
            earlier.add(second);
        }
    }
    found
}

impl<'w, 'p> Earlier<'w, 'p> {
    fn add(&mut self, wish: &'w Wish<'p>) {
        let number = self.all.len();
        self.all.push(wish);
        self.by_namespace.entry(wish.policy.namespace.as_deref()).or_default().push((number, wish));
    }

    /// Those that can meet a wish of a policy of this namespace, in their order.
    fn beside(&self, namespace: Option<&str>) -> Vec<&'w Wish<'p>> {
        if namespace.is_none() {
            return self.all.clone();
        }
        let of = |namespace| self.by_namespace.get(&namespace).into_iter().flatten().copied();
        let mut met: Vec<_> = of(None).chain(of(namespace)).collect();
        met.sort_unstable_by_key(|(number, _)| *number);
        met.into_iter().map(|(_, wish)| wish).collect()
    }
}

fn wishes(policy: &Policy) -> impl Iterator<Item = Wish<'_>> {
    let is_certain = policy.matching.conditions.is_empty() && policy.mode == Mode::Enforce;
    let rules = policy
        .rules
        .iter()
        .filter(move |rule| is_certain && rule.when.is_none() && rule.mode.is_none_or(|mode| mode == Mode::Enforce));
    // The images of volumes are rewritten by the same words as those of containers.
    let is_said = |leaf: &&Leaf| leaf.in_container || !matches!(leaf.value, LeafValue::Images(_));
    rules.filter_map(|rule| Some((rule, rule.edit()?))).flat_map(move |(rule, edit)| {
        edit.leaves.iter().filter(is_said).map(move |leaf| Wish { policy, rule, edit, leaf })
    })
}

/// What is wrong with two wishes for one field, the first of which goes before the other in precedence.
fn collision(first: &Wish<'_>, second: &Wish<'_>) -> Option<Diagnostic> {
    let by_verb = first.edit.action.cmp(&second.edit.action);
    let (winner, loser) = if by_verb.is_gt() { (second, first) } else { (first, second) };
    let path = path(winner.leaf);
    match (&winner.leaf.value, &loser.leaf.value) {
        (LeafValue::Constant(a), LeafValue::Constant(b)) if a != b && is_one_value(winner, loser) => Some(warning(
            loser,
            winner,
            format!("{} sets `{path}` to another value, and goes before this", name(winner)),
        )),
        (LeafValue::Constant(value), LeafValue::Range(range)) => {
            let amount = amount(value)?;
            let (word, end) = if range.is_below(amount) { ("raised", &range.min) } else { ("lowered", &range.max) };
            let is_outside = range.excludes(amount);
            is_outside.then(|| {
                let end = end.as_ref().map(shown).unwrap_or_default();
                let message = format!("`{}` will be {word} to `{end}` by {}", shown(value), name(loser));
                warning(winner, loser, message)
            })
        }
        (LeafValue::Range(a), LeafValue::Range(b)) => {
            let is_apart =
                |low: &Range, high: &Range| high.min.as_ref().and_then(amount).is_some_and(|min| low.is_above(min));
            (is_apart(a, b) || is_apart(b, a)).then(|| {
                warning(loser, winner, format!("no value is in this range of `{path}` and in that of {}", name(winner)))
            })
        }
        (LeafValue::Images(a), LeafValue::Images(b)) => chain(a, b, loser).or_else(|| chain(b, a, winner)),
        _ => None,
    }
}

/// Whether one of two constant values has to give way as a whole.
fn is_one_value(winner: &Wish<'_>, loser: &Wish<'_>) -> bool {
    let is_set = |wish: &Wish<'_>| matches!(wish.edit.action, Action::Override | Action::Default);
    is_set(winner) && is_set(loser) && winner.leaf.field.shape() == Shape::Whole
}

/// Images of which `by` would rewrite the result again.
fn chain(rewrites: &[Rewrite], others: &[Rewrite], by: &Wish<'_>) -> Option<Diagnostic> {
    let again = rewrites.iter().find(|rewrite| others.iter().any(|other| other.from.covers(&rewrite.to)))?;
    let message = format!("no image is rewritten to `{}`: {} would rewrite it again", again.to.as_str(), name(by));
    Some(Diagnostic::warning(Some(again.place.clone()), message).help(stands_at(&by.rule.place, by.policy)))
}

fn warning(at: &Wish<'_>, other: &Wish<'_>, message: String) -> Diagnostic {
    Diagnostic::warning(Some(at.leaf.place.clone()), message).help(stands_at(&other.leaf.place, other.policy))
}

fn stands_at(place: &Place, policy: &Policy) -> String {
    let Place { file, span } = place;
    format!(
        "that stands at {file}:{}:{}, in `{}`: keep one, or let them match other objects",
        span.line, span.column, policy.id
    )
}

fn name(wish: &Wish<'_>) -> String {
    format!("`{}/{}`", wish.policy.id, wish.rule.name)
}

fn path(leaf: &Leaf) -> Path<'static> {
    leaf.steps.iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::file;

    /// Policies `a`, `b` and so on, each with a match and one rule.
    fn said(policies: &[(&str, &str)]) -> Vec<String> {
        let documents: String = policies
            .iter()
            .zip('a'..)
            .map(|((matching, rule), name)| {
                format!(
                    "---\n{{apiVersion: podgate.dev/v1alpha1, kind: ClusterPodPolicy, metadata: {{name: {name}}},\n\
                     spec: {{mode: Enforce, match: {{{matching}}}, rules: [{{name: r, {rule}}}]}}}}\n"
                )
            })
            .collect();
        let loaded = file::load(&Arc::from("f.yaml"), &documents);
        assert_eq!(loaded.refused, [], "{:?}", loaded.diagnostics);
        let policies: Vec<_> = loaded.policies.into_iter().map(Arc::new).collect();
        collisions(&policies).into_iter().map(|found| found.to_string()).collect()
    }

    const GRACE: &str = "default: {pod: {spec: {terminationGracePeriodSeconds: 45}}}";
    const OTHER: &str = "default: {pod: {spec: {terminationGracePeriodSeconds: 60}}}";

    #[test]
    fn two_values_of_one_field_collide_at_the_loser() {
        let expected = "f.yaml:6:92: `ClusterPodPolicy/a/r` sets `spec.terminationGracePeriodSeconds` to another \
                        value, and goes before this";
        let all = "namespaces: ['*']";
        assert_eq!(said(&[(all, GRACE), (all, OTHER)]), [expected]);
        assert_eq!(said(&[(all, GRACE), (all, GRACE)]), [""; 0]);
        let by_verb = OTHER.replace("default", "override");
        let said = said(&[(all, GRACE), (all, &by_verb)]);
        assert!(said.len() == 1 && said[0].contains("`ClusterPodPolicy/b/r` sets"), "{said:?}");
        assert!(said[0].starts_with("f.yaml:3:"), "{said:?}");
    }

    #[test]
    fn disjoint_matches_are_silent() {
        for (a, b) in [
            ("namespaces: [x]", "namespaces: [z]"),
            ("namespaces: [x]", "namespaces: ['y*', 'z*']"),
            ("kinds: [Pod]", "kinds: [Deployment.apps]"),
            ("operations: [CREATE]", "operations: [UPDATE]"),
            ("podSelector: {matchLabels: {a: x}}", "podSelector: {matchLabels: {a: z}}"),
            (
                "podSelector: {matchLabels: {a: x}}",
                "podSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}",
            ),
            (
                "namespaceSelector: {matchLabels: {a: x}}",
                "namespaceSelector: {matchExpressions: [{key: a, operator: NotIn, values: [x]}]}",
            ),
            ("namespaces: ['*'], excludeNamespaces: [x]", "namespaces: [x]"),
        ] {
            assert_eq!(said(&[(a, GRACE), (b, OTHER)]), [""; 0], "{a} {b}");
        }
        let conditional = format!("{OTHER}, when: 'true'");
        assert_eq!(said(&[("namespaces: ['*']", GRACE), ("namespaces: ['*']", &conditional)]), [""; 0]);
        let pull = |roles: &str, value: &str| {
            format!("containers: {{{roles}}}, default: {{container: {{imagePullPolicy: {value}}}}}")
        };
        let all = "namespaces: ['*']";
        for (a, b, count) in [
            ("roles: [init]", "roles: [main]", 0),
            ("names: [a]", "names: [b]", 0),
            ("names: [a]", "names: ['a*']", 1),
            ("roles: [init]", "names: [b]", 1),
        ] {
            assert_eq!(said(&[(all, &pull(a, "Always")), (all, &pull(b, "Never"))]).len(), count, "{a} {b}");
        }
        let (pods, templates) = (format!("{GRACE}, injectInto: [Pods]"), format!("{OTHER}, injectInto: [Templates]"));
        assert_eq!(said(&[(all, &pods), (all, &templates)]), [""; 0]);
    }

    #[test]
    fn a_default_outside_of_a_range_and_ranges_apart_are_said() {
        let all = "namespaces: ['*']";
        let range = |range: &str| format!("bound: {{pod: {{spec: {{terminationGracePeriodSeconds: {{{range}}}}}}}}}");
        let one = said(&[(all, &range("max: 30")), (all, GRACE)]);
        assert!(
            one.len() == 1 && one[0].ends_with("`45` will be lowered to `30` by `ClusterPodPolicy/a/r`"),
            "{one:?}"
        );
        assert!(one[0].starts_with("f.yaml:6:"), "{one:?}");
        assert_eq!(said(&[(all, &range("max: 45")), (all, GRACE)]), [""; 0]);
        let apart = said(&[(all, &range("max: 30")), (all, &range("min: 31"))]);
        assert!(apart.len() == 1 && apart[0].contains("no value is in this range"), "{apart:?}");
        assert_eq!(said(&[(all, &range("max: 30")), (all, &range("min: 30"))]), [""; 0]);
    }

    #[test]
    fn a_rewrite_of_a_rewrite_is_said() {
        let all = "namespaces: ['*']";
        let (one, two) =
            ("rewriteImages: [{from: docker.io, to: one.io}]", "rewriteImages: [{from: one.io, to: two.io}]");
        let found = said(&[(all, one), (all, two)]);
        let expected = "no image is rewritten to `one.io`: `ClusterPodPolicy/b/r` would rewrite it again";
        assert!(found.len() == 1 && found[0].ends_with(expected), "{found:?}");
    }
}
