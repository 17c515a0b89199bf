//! Edits that are due and were not made.
//!
//! Mutation may fail open: the API server goes on without it. An enforced override, bound or rewrite that the mutating
//! webhook would make on this very object is then a violation. What it would not touch is not due.

use crate::cel::Budget;
use crate::document::print::shortened;
use crate::evaluate::case::Case;
use crate::evaluate::matching::{self, Matched};
use crate::evaluate::{Also, Edit, Violation, edits};
use crate::policy::edit::Action;
use crate::policy::set::PolicySet;
use crate::policy::{Mode, Rule};
use crate::provenance::Intent;
use crate::review::printable;
use crate::workload::Workload;

/// Characters of a value in a message.
const SHOWN: usize = 200;

/// Whether there can be one: nothing is evaluated otherwise.
pub fn is_possible(matched: &[Matched<'_>]) -> bool {
    let is_enforced = |matched: &Matched<'_>, rule: &Rule| matched.editing_mode(rule) == Mode::Enforce;
    matched.iter().any(|matched| {
        let mut rules = matched.policy.rules.iter().filter(|rule| rule.is_judged_edit());
        rules.any(|rule| is_enforced(matched, rule))
    })
}

/// What the rules that edit would do to the object of `case`, where that is a violation.
pub fn violations<'a>(
    set: &'a PolicySet,
    case: &Case<'a>,
    matched: &[Matched<'a>],
    intent: &Intent<'a>,
) -> Vec<Violation<'a>> {
    // What this takes is not taken from the rules that judge. The Pod is the one before podgate's edits.
    let Case { arena, request, workload, old, facts, .. } = case;
    let fresh = Case::new(arena, *request, *workload, *old, *facts, arena.alloc(Budget::default()));
    let made = edits::edits(set, &fresh, matched, intent).made;
    let violation = |edit: Edit<'a>| {
        let matched = matched.iter().find(|matched| std::ptr::eq(matched.policy, edit.policy))?;
        is_due(&edit).then(|| Violation {
            policy: edit.policy,
            rule: edit.rule,
            mode: matched.judging_mode(edit.rule),
            message: message(&edit),
            path: edit.field.path(workload.kind),
            also: Also::none(workload.kind),
            container: edit.field.container,
            is_new: !was_there(case, &edit),
            is_error: false,
            exception: None,
            expired: None,
            evidence: None,
        })
    };
    made.into_iter().filter_map(violation).collect()
}

/// Whether the edit is one that a rule of its own asks for: not a request that goes with its limit.
fn is_due(edit: &Edit<'_>) -> bool {
    edit.rule.edit().is_some_and(|rule| {
        let is_asked = rule.leaves.iter().any(|leaf| leaf.holds(edit.field.base, edit.field.steps));
        // An amount that a default would have set has no range yet.
        rule.action.is_judged() && is_asked && (rule.action != Action::Bound || edit.before.is_some())
    })
}

fn message(edit: &Edit<'_>) -> String {
    let shown = |value: String| printable(shortened(&value, SHOWN).into_owned());
    let now = match edit.before {
        Some(before) => format!("is {}", shown(before.to_string())),
        None => "is not set".to_owned(),
    };
    format!("must be {}, and {now}: podgate's mutating webhook did not run", shown(edit.after.to_string()))
}

/// Whether the old object has the same in the same place.
fn was_there<'a>(case: &Case<'a>, edit: &Edit<'a>) -> bool {
    let was = |old: Workload<'a>| {
        let field = edit.field.in_other(&old)?;
        Some(old.field(field.base, field.steps).unwrap_or_default())
    };
    let before = edit.before.unwrap_or_default();
    case.old.and_then(was).is_some_and(|was| matching::is_same(was, before))
}
