//! Edits that are due and were not made.
//!
//! Mutation may fail open, and is not everywhere: the API server goes on without it, an edit may not fit beside what its
//! author wrote, and a Pod that exists is not edited at all. Where an enforced override, bound or rewrite does not hold in
//! what will be stored, that is a violation. Where the policies let it be, as in a template that does not change, nothing
//! is due.

use std::collections::HashSet;

use crate::cel::Budget;
use crate::document::Value;
use crate::document::print::shortened;
use crate::evaluate::case::Case;
use crate::evaluate::judge::on_one_line;
use crate::evaluate::matching::{self, Matched};
use crate::evaluate::{Also, Edit, Edits, Field, Reason, Violation, Withheld, acceptable, edits};
use crate::policy::edit::Action;
use crate::policy::set::PolicySet;
use crate::policy::{Mode, Policy, Rule};
use crate::provenance::Intent;
use crate::review::{Operation, Request};
use crate::workload::{Base, Kind};

/// Characters of a value in a message.
const SHOWN: usize = 200;

/// What an enforced rule wants and does not get.
struct Due<'a> {
    policy: &'a Policy,
    rule: &'a Rule,
    /// [`None`] if the rule did not get as far as a field.
    field: Option<Field<'a>>,
    /// [`None`] if the rule did not get as far as a value.
    value: Option<Value<'a>>,
    /// Why podgate cannot see to it; [`None`] if it could.
    problem: Option<Reason<'a>>,
}

/// Whether there can be one: nothing is evaluated otherwise.
pub fn is_possible(matched: &[Matched<'_>]) -> bool {
    let is_enforced = |matched: &Matched<'_>, rule: &Rule| matched.editing_mode(rule) == Mode::Enforce;
    matched.iter().any(|matched| {
        let mut rules = matched.policy.rules.iter().filter(|rule| rule.is_judged_edit());
        rules.any(|rule| is_enforced(matched, rule))
    })
}

/// What the rules that edit want of the object of `case`, where that is a violation.
pub fn violations<'a>(
    set: &'a PolicySet,
    case: &Case<'a>,
    matched: &[Matched<'a>],
    intent: &Intent<'a>,
) -> Vec<Violation<'a>> {
    // The author of what this one was made from was asked.
    let is_made = case.workload.made_from().is_some() && matching::is_made_by_controller(case);
    if is_made || edits::is_left_alone(case) {
        return Vec::new();
    }
    // What this takes is not taken from the rules that judge. The Pod is the one before podgate's edits.
    let Case { arena, workload, old, facts, .. } = case;
    let fresh = Case::new(arena, as_judged(case), *workload, *old, *facts, arena.alloc(Budget::default()));
    let Edits { made, withheld, object, .. } = edits::wanted(set, &fresh, matched, intent);
    let edited = workload.with_object(object);
    let is_there = |withheld: &Withheld<'a>| {
        let now = withheld.field.and_then(|field| edited.field(field.base, field.steps));
        now.is_some() && now == withheld.value
    };
    let failed = withheld
        .into_iter()
        .filter(|withheld| withheld.mode == Mode::Enforce && withheld.reason.is_failure() && !is_there(withheld));
    let mut told = HashSet::new();
    let violation = |due: Due<'a>| {
        let matched = matched.iter().find(|matched| std::ptr::eq(matched.policy, due.policy))?;
        let is_new = due.is_new(case);
        if !due.is_asked(case) || (is_fixed(case) && !is_new) {
            return None;
        }
        let violation = due.violation(case, matched, is_new);
        // Each container may fail in the same words.
        let mut is_first = || told.insert((std::ptr::from_ref(due.rule), violation.message.clone()));
        (due.field.is_some() || is_first()).then_some(violation)
    };
    made.into_iter().map(Due::from).chain(failed.map(Due::from)).filter_map(violation).collect()
}

/// Whether nothing of the object becomes another but what the update itself changes.
fn is_fixed(case: &Case<'_>) -> bool {
    let Case { request, workload, .. } = case;
    let is_update = request.operation == Operation::Update && request.sub_resource != "ephemeralcontainers";
    is_update && matches!(workload.kind, Kind::Pod | Kind::Job)
}

/// The request, as which rules are asked what they want: of a Pod that exists what they would want of a new one.
fn as_judged<'a>(case: &Case<'a>) -> Request<'a> {
    if case.workload.kind == Kind::Pod && is_fixed(case) {
        return Request { operation: Operation::Create, sub_resource: "", ..case.request };
    }
    case.request
}

impl<'a> From<Edit<'a>> for Due<'a> {
    fn from(edit: Edit<'a>) -> Self {
        let Edit { policy, rule, field, after, .. } = edit;
        Due { policy, rule, field: Some(field), value: Some(after), problem: None }
    }
}

impl<'a> From<Withheld<'a>> for Due<'a> {
    fn from(withheld: Withheld<'a>) -> Self {
        let Withheld { policy, rule, field, value, reason, .. } = withheld;
        Due { policy, rule, field, value, problem: Some(reason) }
    }
}

impl<'a> Due<'a> {
    /// Whether a rule that holds in any case asks for it: not a request that goes with its limit.
    fn is_asked(&self, case: &Case<'a>) -> bool {
        let Some(edit) = self.rule.edit().filter(|edit| edit.action.is_judged()) else { return false };
        let Some(field) = self.field else { return true };
        // An amount that a default would have set has no range yet.
        let has_range = || edit.action != Action::Bound || case.workload.field(field.base, field.steps).is_some();
        edit.leaves.iter().any(|leaf| leaf.holds(field.base, field.steps))
            && has_range()
            && !acceptable::is_refused(&case.workload, &field)
    }

    /// Whether the request brings it: the old object has something else in the same place. Without a place it may be any
    /// of those that the rule speaks of.
    fn is_new(&self, case: &Case<'a>) -> bool {
        let Some(old) = case.old else { return true };
        let is_changed = |field: Field<'a>| {
            let now = case.workload.field(field.base, field.steps).unwrap_or_default();
            field
                .in_other(&old)
                .is_none_or(|before| !matching::is_same(old.field(before.base, before.steps).unwrap_or_default(), now))
        };
        match self.field {
            Some(field) => is_changed(field),
            None => fields_of(case, self.rule).any(is_changed),
        }
    }

    fn violation(&self, case: &Case<'a>, matched: &Matched<'a>, is_new: bool) -> Violation<'a> {
        let container = self.field.and_then(|field| field.container);
        let [exception, expired] = matched.exceptions(case, self.rule, container.as_slice(), None);
        let is_error = matches!(self.problem, Some(Reason::Error(_)));
        let place = self.field.unwrap_or(Field { base: Base::Pod, steps: &[], container: None });
        Violation {
            policy: self.policy,
            rule: self.rule,
            mode: matched.violation_mode(self.rule, is_error),
            message: self.message(case),
            path: place.path(case.workload.kind),
            also: Also::none(case.workload.kind),
            container,
            is_new,
            is_error,
            exception,
            expired,
            evidence: None,
        }
    }

    fn message(&self, case: &Case<'a>) -> String {
        let cause = match &self.problem {
            Some(reason) => format!("podgate cannot set it: {reason}"),
            None => self.cause(case).to_owned(),
        };
        let shown = |value: Value<'a>| shortened(&value.to_string(), SHOWN).into_owned();
        let message = match (self.field, self.value, &self.problem) {
            (Some(field), Some(value), _) => {
                let before = case.workload.field(field.base, field.steps);
                let now = before.map_or_else(|| "is not set".to_owned(), |before| format!("is {}", shown(before)));
                format!("must be {}, and {now}: {cause}", shown(value))
            }
            (.., Some(reason)) => format!("podgate cannot make the edit: {reason}"),
            (.., None) => cause,
        };
        on_one_line(&message)
    }

    /// Why what podgate could set is not set.
    fn cause(&self, case: &Case<'a>) -> &'static str {
        let Case { request, workload, old, .. } = case;
        if workload.made_from().is_some() {
            return "podgate edits nothing that has a controller, and this one was not sent by it";
        }
        if workload.kind != Kind::Pod || !is_fixed(case) {
            return "podgate's mutating webhook did not run";
        }
        let is_put_back = || {
            let (field, old) = (self.field?, (*old)?);
            let before = field.in_other(&old)?;
            Some(old.field(before.base, before.steps) == self.value)
        };
        let is_rewritten = self.rule.edit().is_some_and(|edit| edit.action == Action::RewriteImages);
        match request.sub_resource {
            "resize" => "the resize asks for what the rule does not allow",
            "" if is_rewritten || is_put_back() == Some(true) => "podgate's mutating webhook did not run",
            _ => "the update asks for what the rule does not allow",
        }
    }
}

/// Each field that a rule that edits speaks of.
fn fields_of<'a>(case: &Case<'a>, rule: &'a Rule) -> impl Iterator<Item = Field<'a>> {
    let leaves = rule.edit().map(|edit| edit.leaves.as_slice()).unwrap_or_default();
    let containers: Vec<_> = case.workload.containers().filter(|container| rule.selects(container)).collect();
    leaves.iter().flat_map(move |leaf| {
        let in_containers = containers.iter().filter(|_| leaf.in_container).copied().map(Some);
        let places: Vec<_> = in_containers.chain((!leaf.in_container).then_some(None)).collect();
        places.into_iter().map(|container| {
            let base = container.map_or(Base::Pod, |container| container.base());
            Field { base, steps: &leaf.steps, container }
        })
    })
}
