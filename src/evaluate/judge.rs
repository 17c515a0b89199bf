//! The rules that judge, over one object.
//!
//! On an update a violation that the old object has in the same way is not new: whoever changes a label is not made to
//! mend the rest.

mod before;

use std::cell::OnceCell;

use crate::cel::{self, Budget};
use crate::document::print::shortened;
use crate::document::{Path, Step};
use crate::evaluate::case::{Case, Failure, Scope};
use crate::evaluate::matching::Matched;
use crate::evaluate::{Also, Evidence, Violation, owner, pod_security as security};
use crate::policy::exception::Exception;
use crate::policy::pod_security::{self, Check, Pod};
use crate::policy::set::PolicySet;
use crate::policy::{Message, Require, Rule, Subject, Verb};
use crate::review::printable;
use crate::workload::{Base, Container, Role, path_in};
use before::Before;

/// What an expression found wrong.
struct Finding<'a> {
    container: Option<Container<'a>>,
    /// Of an error, without the values that led to it.
    message: String,
    error: Option<Error>,
    evidence: Option<Evidence<'a>>,
    /// What a check of the Pod Security Standards found.
    security: Option<pod_security::Finding<'a>>,
}

/// What kept a rule from finding out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Error {
    /// Something of the object.
    OfObject,
    /// Perhaps something else.
    OfSurroundings,
}

/// By what a finding is known in another version of the object: the check, or else the container.
type Name<'a> = (Option<Check>, Option<(Role, &'a str)>);

/// Characters of the message of an expression, which could build one that no answer has room for.
const LONGEST_MESSAGE: usize = 1024;

/// The rules of the matching policies that the object of `case` violates. `set` gives the old object the edits that the
/// new one got, where something is to be compared.
pub fn violations<'a>(set: &'a PolicySet, case: &Case<'a>, matched: &[Matched<'a>]) -> Vec<Violation<'a>> {
    let old = OnceCell::new();
    let old = || case.old.map(|of| old.get_or_init(|| owner::with_derived_pod(set, case.of_old(of))));
    let mut violations = Vec::new();
    for matched in matched {
        let mut scope = Scope::new(case, matched.policy);
        let mut before = None;
        for rule in matched.policy.rules.iter().filter(|rule| rule.edit().is_none()) {
            let findings = match &matched.failed {
                Some(failure) => vec![Finding::of(failure.clone(), None)],
                None => findings_of(case, &mut scope, rule),
            };
            if findings.is_empty() {
                continue;
            }
            let known = old().map(|old| before.get_or_insert_with(|| Before::new(old, matched)).known(rule));
            violations.extend(findings.into_iter().map(|finding| {
                let exceptions = finding.exceptions(matched, case, rule);
                let was_there = known.as_ref().is_some_and(|known| known.holds(case, rule, &finding, exceptions[1]));
                violation(case, matched, rule, finding, exceptions, !was_there)
            }));
        }
    }
    violations
}

fn violation<'a>(
    case: &Case<'a>,
    matched: &Matched<'a>,
    rule: &'a Rule,
    finding: Finding<'a>,
    [exception, expired]: [Option<&'a Exception>; 2],
    is_new: bool,
) -> Violation<'a> {
    let is_error = finding.error.is_some();
    Violation {
        policy: matched.policy,
        rule,
        mode: matched.violation_mode(rule, is_error),
        message: finding.shown(),
        path: path(case, rule, &finding),
        also: Also::of(case.workload.kind, finding.security),
        container: finding.container,
        is_new,
        is_error,
        exception,
        expired,
        evidence: finding.evidence,
    }
}

impl<'a> Finding<'a> {
    fn of(failure: Failure<'a>, container: Option<Container<'a>>) -> Self {
        let error = if failure.is_of_surroundings { Error::OfSurroundings } else { Error::OfObject };
        let message = on_one_line(&failure.message);
        Finding { container, message, error: Some(error), evidence: failure.evidence, security: None }
    }

    fn of_check(finding: pod_security::Finding<'a>) -> Self {
        let container = match security::containers(&finding).as_slice() {
            [container] => Some(*container),
            _ => None,
        };
        // Whole, as the API server's own plug-in writes it: it is never longer than what it speaks of.
        let message = printable(finding.to_string());
        Finding { container, message, error: None, evidence: None, security: Some(finding) }
    }

    /// The containers that it is about; none for the Pod itself.
    fn containers(&self) -> Vec<Container<'a>> {
        match &self.security {
            Some(finding) => security::containers(finding),
            None => self.container.into_iter().collect(),
        }
    }

    /// The exception that lets it pass, and one that would and has expired.
    fn exceptions(&self, matched: &Matched<'a>, case: &Case<'a>, rule: &Rule) -> [Option<&'a Exception>; 2] {
        matched.exceptions(case, rule, &self.containers(), self.security.as_ref())
    }

    /// The message, with what led to it.
    fn shown(&self) -> String {
        match &self.evidence {
            Some(Evidence { values, .. }) if self.error.is_some() && !values.is_empty() => {
                on_one_line(&format!("{} ({values})", self.message))
            }
            _ => self.message.clone(),
        }
    }

    fn named(&self) -> Name<'a> {
        match &self.security {
            Some(finding) => (Some(finding.check), None),
            None => (None, self.container.map(|container| (container.role, container.name))),
        }
    }
}

fn findings_of<'a>(case: &Case<'a>, scope: &mut Scope<'_, 'a>, rule: &'a Rule) -> Vec<Finding<'a>> {
    match &rule.verb {
        Verb::Edit(_) => Vec::new(),
        Verb::Require(require) => of_require(case, scope, rule, require),
        Verb::PodSecurity(security) => match is_awake(scope, rule) {
            Ok(true) => {
                let pod = Pod::of(case.arena, case.pod());
                security.findings(&pod).into_iter().map(Finding::of_check).collect()
            }
            Ok(false) => Vec::new(),
            Err(failure) => vec![Finding::of(failure, None)],
        },
    }
}

/// Whether the `when` of a rule holds, if it has one.
fn is_awake<'a>(scope: &Scope<'_, 'a>, rule: &'a Rule) -> Result<bool, Failure<'a>> {
    let Some(when) = &rule.when else { return Ok(true) };
    scope.test(when).map_err(|error| cannot("`when`", error))
}

fn cannot<'a>(what: &str, error: Failure<'a>) -> Failure<'a> {
    Failure { message: format!("{what} cannot be evaluated: {}", error.message), ..error }
}

fn of_require<'a>(
    case: &Case<'a>,
    scope: &mut Scope<'_, 'a>,
    rule: &'a Rule,
    require: &'a Require,
) -> Vec<Finding<'a>> {
    if require.subject != Subject::Container {
        return finding(case, scope, rule, require, None).into_iter().collect();
    }
    let field = require.field.as_ref().and_then(|field| match field.steps().first() {
        Some(Step::Key(key)) => Some(key.as_ref()),
        _ => None,
    });
    let is_asked = |container: &Container<'a>| {
        rule.selects(container) && !field.is_some_and(|field| container.role.forbids(field))
    };
    let mut findings = Vec::new();
    let mut containers = case.pod().containers().filter(is_asked).peekable();
    while let Some(container) = containers.next() {
        scope.enter(&container);
        let found = finding(case, scope, rule, require, Some(container));
        scope.leave();
        let Some(found) = found else { continue };
        case.budget.charge(Budget::VIOLATION.saturating_add(found.message.len().try_into().unwrap_or(u64::MAX)));
        // Where nothing more can be judged, one error stands for all the containers that follow. It is none of this
        // container, so that what lets this one pass lets no other one pass unseen.
        if found.error.is_some() && case.budget.left() == 0 && containers.peek().is_some() {
            findings.push(Finding { container: None, ..found });
            break;
        }
        findings.push(found);
    }
    findings
}

fn finding<'a>(
    case: &Case<'a>,
    scope: &Scope<'_, 'a>,
    rule: &'a Rule,
    require: &'a Require,
    container: Option<Container<'a>>,
) -> Option<Finding<'a>> {
    match is_awake(scope, rule) {
        Ok(true) => {}
        Ok(false) => return None,
        Err(failure) => return Some(Finding::of(failure, container)),
    }
    match scope.test(&require.program) {
        Ok(true) => None,
        Ok(false) => {
            // From a budget of its own: who asks why gets the answer that who does not ask gets.
            let evidence =
                if case.explains { scope.evidence(&require.program, &Budget::new(Budget::BLAME)) } else { None };
            Some(Finding { container, message: message(scope, require), error: None, evidence, security: None })
        }
        Err(error) => Some(Finding::of(cannot("the rule", error), container)),
    }
}

/// What the violation says. A message that cannot be computed is no reason to let the violation go.
fn message<'a>(scope: &Scope<'_, 'a>, require: &'a Require) -> String {
    match &require.message {
        Message::Text(text) => on_one_line(text),
        Message::Expression(program) => match scope.value(program) {
            Ok(cel::Value::String(text)) if !text.trim().is_empty() => on_one_line(text.trim()),
            Ok(_) => "violated (its message is empty)".to_owned(),
            Err(error) => on_one_line(&format!("violated (its message cannot be evaluated: {error})")),
        },
    }
}

/// A message as it is told.
pub(super) fn on_one_line(text: &str) -> String {
    printable(shortened(text, LONGEST_MESSAGE).into_owned())
}

/// What the rule is about, and the field to blame if it names one.
fn blamed_by(rule: &Rule) -> (Subject, Option<&Path<'static>>) {
    match &rule.verb {
        Verb::Require(require) => (require.subject, require.field.as_ref()),
        Verb::Edit(_) | Verb::PodSecurity(_) => (Subject::Pod, None),
    }
}

/// The first field to blame, in the object.
fn path<'a>(case: &Case<'a>, rule: &'a Rule, finding: &Finding<'a>) -> Path<'a> {
    let kind = case.workload.kind;
    if let Some(finding) = &finding.security {
        return finding.offences.first().map(|first| security::path(kind, first).into_owned()).unwrap_or_default();
    }
    let (subject, field) = blamed_by(rule);
    let field = field.map(Path::steps).unwrap_or_default();
    match (subject, &finding.container) {
        (Subject::Object, _) => field.iter().map(Step::borrowed).collect(),
        (Subject::Container, Some(container)) => path_in(kind, container.base(), field),
        (Subject::Container, None) => path_in(kind, Base::Pod, &[]).key("spec"),
        (Subject::Pod, _) => path_in(kind, Base::Pod, field),
    }
}
