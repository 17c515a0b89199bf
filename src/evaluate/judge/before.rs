//! The rules that judge, over the object before an update: a violation that was there in the same way is not new.

use std::collections::HashMap;

use crate::document::{Path, Value};
use crate::evaluate::case::{Case, Failure, Scope};
use crate::evaluate::judge::{Error, Finding, Name, blamed_by, findings_of};
use crate::evaluate::matching::{self, Matched};
use crate::evaluate::pod_security as security;
use crate::policy::exception::Exception;
use crate::policy::{Rule, Subject};

/// A policy over the old object. What it takes to know whether the policy covered that, and its variables, are evaluated
/// once for all of its rules: they are paid from what the rules have together.
pub(super) struct Before<'c, 'a> {
    case: &'c Case<'a>,
    matched: &'c Matched<'a>,
    scope: Scope<'c, 'a>,
    /// [`None`] if it did not cover it.
    covered: Option<Result<(), Failure<'a>>>,
}

/// What a rule found in the old object.
pub(super) struct Known<'c, 'a> {
    case: &'c Case<'a>,
    /// Each with whether an exception was from it that has expired.
    by_name: HashMap<Name<'a>, Vec<(Finding<'a>, bool)>>,
}

impl<'c, 'a> Before<'c, 'a> {
    pub(super) fn new(case: &'c Case<'a>, matched: &'c Matched<'a>) -> Self {
        let policy = matched.policy;
        let is_selected = matching::selects_pod(&policy.matching, case);
        let covered = if is_selected { matching::conditions(policy, case) } else { None };
        Before { case, matched, scope: Scope::new(case, policy), covered }
    }

    /// What `rule` found.
    pub(super) fn known(&mut self, rule: &'a Rule) -> Known<'c, 'a> {
        let Before { case, matched, scope, covered } = self;
        let findings = match covered {
            Some(Ok(())) => findings_of(case, scope, rule),
            Some(Err(failure)) => vec![Finding::of(failure.clone(), None)],
            // What the policy did not cover before cannot have violated it.
            None => Vec::new(),
        };
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for finding in findings {
            // What an exception lets pass was none, and is new where none covers it: the image of a container may have
            // changed since, and it was granted for that image.
            let [exception, expired] = finding.exceptions(matched, case, rule);
            if exception.is_none() {
                by_name.entry(finding.named()).or_default().push((finding, expired.is_some()));
            }
        }
        Known { case, by_name }
    }
}

impl<'a> Known<'_, 'a> {
    /// Whether what the rule finds in `case` was there before. `expired` is an exception that would cover it: what was
    /// let pass by one must be covered still, because its end widens nothing.
    pub(super) fn holds(
        &self,
        case: &Case<'a>,
        rule: &Rule,
        finding: &Finding<'a>,
        expired: Option<&Exception>,
    ) -> bool {
        let before = self.by_name.get(&finding.named()).into_iter().flatten();
        let mut before = before.filter(|(_, was_excepted)| !was_excepted || expired.is_some());
        before.any(|(before, _)| is_same(case, self.case, rule, finding, before))
    }
}

/// Whether the old object, in the container of the same name and role, violates the rule in the same way: with equal
/// values at the rule's field. Which field an error comes from nobody knows, so there all must be equal.
fn is_same<'a>(new: &Case<'a>, old: &Case<'a>, rule: &Rule, finding: &Finding<'a>, before: &Finding<'a>) -> bool {
    if let Some((finding, before)) = finding.security.as_ref().zip(before.security.as_ref()) {
        return security::was_there(finding, before);
    }
    let (subject, field) = blamed_by(rule);
    let is_same_error = finding.error == Some(Error::OfObject) && finding.message == before.message;
    if finding.error != before.error || (finding.error.is_some() && !is_same_error) {
        return false;
    }
    let field = field.map(Path::steps).filter(|_| finding.error.is_none());
    let blamed = |case: &Case<'a>, finding: &Finding<'a>| match (subject, finding.container) {
        (Subject::Object, _) => case.workload.object,
        (Subject::Container, Some(container)) => container.value,
        (Subject::Container, None) | (Subject::Pod, _) => case.pod().template,
    };
    let (a, b) = (blamed(new, finding), blamed(old, before));
    let same =
        |a: Option<Value<'_>>, b: Option<Value<'_>>| matching::is_same(a.unwrap_or_default(), b.unwrap_or_default());
    match (field, subject) {
        (Some(field), _) => same(a.at(field), b.at(field)),
        (None, Subject::Container) if finding.container.is_some() => same(Some(a), Some(b)),
        (None, Subject::Container | Subject::Pod) => same(a.field("spec"), b.field("spec")),
        (None, Subject::Object) => matching::is_same_but_bookkeeping(a, b),
    }
}
