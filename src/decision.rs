//! What was collected, to an answer.

use crate::document::print::shortened;
use crate::document::{Path, Step, Value};
use crate::evaluate::{Edits, Field, Reason, Violation};
use crate::policy::{Mode, Policy, Rule};
use crate::review::{Cause, Response, Status};
use crate::workload::Kind;

/// Whether a request may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allow,
    /// It may not, by the rules.
    Deny,
    /// It may not, because it cannot be judged.
    Error(String),
}

impl Decision {
    /// The decision for these violations: only a new one of an enforced rule denies.
    pub fn of(violations: &[Violation<'_>]) -> Self {
        if violations.iter().any(Violation::denies) { Decision::Deny } else { Decision::Allow }
    }

    /// The word for it in reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Decision::Allow => "allow",
            Decision::Deny => "deny",
            Decision::Error(_) => "error",
        }
    }
}

/// The answer of the mutating endpoint: it never denies.
pub fn mutated<'r>(uid: &'r str, kind: Kind, edits: Edits<'_>) -> Response<'r> {
    let mut response = Response::allow(uid);
    for warning in edit_warnings(kind, &edits) {
        response.warn(warning);
    }
    if !edits.made.is_empty() {
        let made = edits.made.iter();
        response.audit(
            "edits",
            joined(made, |text, edit| {
                push_rule(text, edit.policy, edit.rule);
                text.push('=');
                edit.field.push_path(text, kind);
            }),
        );
    }
    if !edits.withheld.is_empty() {
        let withheld = edits.withheld.iter();
        response.audit(
            "withheld",
            joined(withheld, |text, withheld| {
                push_rule(text, withheld.policy, withheld.rule);
                if let Some(field) = withheld.field {
                    text.push('=');
                    field.push_path(text, kind);
                }
                push_all(text, &[":", withheld.reason.code()]);
            }),
        );
    }
    response.patch = edits.patch;
    response
}

/// The answer of the validating endpoint.
pub fn validated<'r>(uid: &'r str, violations: &[Violation<'_>]) -> Response<'r> {
    let denying: Vec<_> = violations.iter().filter(|violation| violation.denies()).collect();
    let mut response = if denying.is_empty() {
        Response::allow(uid)
    } else {
        let mut messages: Vec<_> = denying.iter().take(MOST_MESSAGES).map(|violation| one_line(violation)).collect();
        if let Some(more @ 1..) = denying.len().checked_sub(MOST_MESSAGES) {
            messages.push(format!("and {more} more"));
        }
        let fields = denying.iter().flat_map(|violation| {
            let first = violation.path.steps().iter().map(Step::borrowed).collect();
            std::iter::once(first).chain(violation.also.paths()).map(move |path: Path<'_>| (violation, path))
        });
        let causes = fields.take(MOST_CAUSES).map(|(violation, path)| Cause {
            reason: "FieldValueInvalid",
            message: format!(
                "[{}/{}] {}",
                violation.policy.id,
                violation.rule.name,
                shortened(&violation.message, LONGEST_CAUSE)
            ),
            field: path.to_string(),
        });
        let (message, causes) = (messages.join("; "), causes.collect());
        Response::deny(uid, Status { code: 403, reason: "Forbidden", message, causes })
    };
    for warning in violation_warnings(violations) {
        response.warn(warning);
    }
    if !violations.is_empty() {
        let all = violations.iter();
        response.audit(
            "violations",
            joined(all, |text, violation| {
                push_rule(text, violation.policy, violation.rule);
                text.push('=');
                violation.path.push_to(text);
                push_all(text, &[":", violation.mode.name(), if violation.is_new { "" } else { ":old" }]);
                if let Some(exception) = violation.exception {
                    push_all(text, &[":", &exception.id]);
                }
            }),
        );
    }
    response
}

/// A request that cannot be judged: the validating endpoint denies it, the mutating one says so.
pub fn cannot_judge<'r>(uid: &'r str, reason: &str, may_deny: bool) -> Response<'r> {
    let message = format!("podgate cannot judge this request: {reason}");
    if may_deny {
        let status = Status { code: 422, reason: "Invalid", message, causes: Vec::new() };
        return Response::deny(uid, status);
    }
    let mut response = Response::allow(uid);
    response.warn(message);
    response
}

/// What who asked is told of the edits: one warning for each policy that made some or would, and one for each rule
/// whose expressions failed.
fn edit_warnings<'e>(kind: Kind, edits: &'e Edits<'_>) -> Vec<String> {
    let mut by_policy: Vec<(&'e Policy, Vec<Told<'e>>)> = Vec::new();
    let mut add = |policy: &'e Policy, told: Told<'e>| {
        let known = by_policy.iter_mut().find(|(known, _)| std::ptr::eq(*known, policy));
        match known {
            Some((_, list)) if list.iter().any(|known| known.is_same(&told)) => {}
            Some((_, list)) => list.push(told),
            None => by_policy.push((policy, vec![told])),
        }
    };
    for edit in &edits.made {
        add(edit.policy, Told::Set("set ", edit.field, edit.after));
    }
    for withheld in &edits.withheld {
        match (&withheld.reason, withheld.field, withheld.value) {
            (Reason::Mode(Mode::Warn), Some(field), Some(value)) => {
                add(withheld.policy, Told::Set("would set ", field, value));
            }
            (Reason::Error(error), ..) => add(withheld.policy, Told::Failed(withheld.rule, error)),
            _ => {}
        }
    }
    let say = |(policy, told): (&Policy, Vec<Told<'_>>)| {
        let mut line = String::with_capacity(LINE);
        push_all(&mut line, &["podgate: ", &policy.id]);
        for (number, told) in told.iter().take(SHOWN).enumerate() {
            line.push_str(if number == 0 { " " } else { ", " });
            told.push_to(&mut line, kind);
        }
        match told.len().saturating_sub(SHOWN) {
            0 => {}
            more => push_all(&mut line, &[", and ", &more.to_string(), " more"]),
        }
        line
    };
    by_policy.into_iter().map(say).collect()
}

/// One thing that a policy did, or did not do, to an object.
enum Told<'e> {
    /// It set a field, or would.
    Set(&'static str, Field<'e>, Value<'e>),
    /// An expression of a rule failed.
    Failed(&'e Rule, &'e str),
}

impl Told<'_> {
    /// Whether somebody who is told the one need not be told the other: the same failure may come from each container.
    fn is_same(&self, other: &Told<'_>) -> bool {
        match (self, other) {
            (Told::Failed(rule, error), Told::Failed(of, other)) => std::ptr::eq(*rule, *of) && error == other,
            _ => false,
        }
    }

    fn push_to(&self, line: &mut String, kind: Kind) {
        match self {
            Told::Set(verb, field, value) => {
                line.push_str(verb);
                field.push_path(line, kind);
                line.push_str(" to ");
                value.push_to(line);
            }
            Told::Failed(rule, error) => {
                push_all(line, &["made no edit by `", &rule.name, "`: an expression failed: ", error]);
            }
        }
    }
}

/// All that who asked is told by both webhooks, as it will be shown.
pub fn warnings(kind: Kind, edits: &Edits<'_>, violations: &[Violation<'_>]) -> Vec<String> {
    let mut response = Response::allow("");
    for warning in edit_warnings(kind, edits) {
        response.warn(warning);
    }
    for warning in violation_warnings(violations) {
        response.warn(warning);
    }
    response.warnings().to_vec()
}

/// What who asked is told of violations that do not deny.
fn violation_warnings<'v>(violations: &'v [Violation<'_>]) -> impl Iterator<Item = String> + 'v {
    let told = |violation: &&Violation<'_>| {
        violation.mode >= Mode::Warn && !violation.denies() && violation.exception.is_none()
    };
    let more = violations.iter().filter(told).count().saturating_sub(MOST_WARNINGS);
    let rest = (more > 0).then(|| format!("podgate: {more} more violations stand in the audit log"));
    let shown = violations.iter().filter(told).take(MOST_WARNINGS);
    let line = |violation: &Violation<'_>| {
        let mut line = String::with_capacity(LINE);
        line.push_str("podgate: ");
        push_one_line(&mut line, violation);
        line
    };
    shown.map(line).chain(rest)
}

fn one_line(violation: &Violation<'_>) -> String {
    let mut line = String::with_capacity(LINE);
    push_one_line(&mut line, violation);
    line
}

// Answers are written piece by piece: `format!` would cost as much as the evaluation.
fn push_one_line(line: &mut String, violation: &Violation<'_>) {
    let Violation { policy, rule, message, path, expired, .. } = violation;
    line.push('[');
    push_rule(line, policy, rule);
    line.push_str("] ");
    if !path.is_root() {
        path.push_to(line);
        line.push_str(": ");
    }
    line.push_str(message);
    if let Some(expired) = expired {
        push_all(line, &[" (`", &expired.id, "` has expired)"]);
    }
}

fn push_rule(text: &mut String, policy: &Policy, rule: &Rule) {
    push_all(text, &[&policy.id, "/", &rule.name]);
}

fn push_all(text: &mut String, pieces: &[&str]) {
    pieces.iter().for_each(|piece| text.push_str(piece));
}

/// The entries with a space between two, as many as there is room for.
fn joined<T>(entries: impl Iterator<Item = T>, mut push: impl FnMut(&mut String, T)) -> String {
    let mut text = String::with_capacity(LINE);
    for entry in entries {
        let end = text.len();
        if end > 0 {
            text.push(' ');
        }
        push(&mut text, entry);
        if text.len() > LONGEST_AUDIT - MORE.len() {
            text.truncate(end);
            text.push_str(MORE);
            break;
        }
    }
    text
}

/// Bytes that most lines need.
const LINE: usize = 160;

/// So many violations stand in the message of a denial; the first one is the one that gets read.
const MOST_MESSAGES: usize = 20;

/// So many violations are warned of; the API server shows fewer where they are long.
const MOST_WARNINGS: usize = 100;

/// So many violations stand in the causes of a denial: an object may hold thousands of containers.
const MOST_CAUSES: usize = 100;

/// Characters of what a cause says: the same may be said of each of a thousand fields.
const LONGEST_CAUSE: usize = 1024;

/// So many edits of one policy are named in its warning.
const SHOWN: usize = 3;

/// Says that entries are left out.
const MORE: &str = " ...";

/// Bytes of one audit annotation.
const LONGEST_AUDIT: usize = 8192;
