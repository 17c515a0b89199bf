//! The whole way of a request as one function: synchronous, and pure.

pub mod outcome;

use bumpalo::Bump;

use crate::cel::Budget;
use crate::decision::{self, Decision};
use crate::document::{Limits, Value};
use crate::evaluate::case::Case;
use crate::evaluate::matching;
use crate::evaluate::{Edits, Violation, due, edits, judge, owner};
use crate::facts::Facts;
use crate::policy::set::PolicySet;
use crate::policy::{Policy, environment};
use crate::provenance::{Authored, Intent, Way, made_by};
use crate::review::{Operation, Refusal, Request, Response};
use crate::workload::{Kind, Workload};
use crate::{api_defaults, derive};
pub use outcome::Outcome;

/// Which of the two webhooks is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/mutate`: edits, and never denies.
    Mutate,
    /// `/validate`: judges.
    Validate,
}

impl Endpoint {
    /// Its path without the slash.
    pub const fn name(self) -> &'static str {
        match self {
            Endpoint::Mutate => "mutate",
            Endpoint::Validate => "validate",
        }
    }
}

/// An answer to a call, for any server to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body: an AdmissionReview if the status is 200, else one line of text.
    pub body: Vec<u8>,
}

/// The code of what is taken for granted about service accounts and priority classes, for nearly every workload.
pub const PLUG_INS: &str = "plug-ins";

/// Something a dry run took for granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// One word for it, stable.
    pub code: &'static str,
    /// What was assumed.
    pub message: String,
}

/// What both webhooks would do with a request.
pub struct DryRun<'a> {
    /// The request.
    pub request: Request<'a>,
    /// The object as it was received; [`None`] if policies have no say over it or it cannot be judged.
    pub workload: Option<Workload<'a>>,
    /// The policies that apply, in their order of precedence.
    pub matched: Vec<&'a Policy>,
    /// What the mutating webhook would do.
    pub edits: Edits<'a>,
    /// The object that the validating webhook would see.
    pub object: Value<'a>,
    /// What the validating webhook would find.
    pub violations: Vec<Violation<'a>>,
    /// What it would decide.
    pub decision: Decision,
    /// What who asked would be told.
    pub warnings: Vec<String>,
    /// What was taken for granted.
    pub assumptions: Vec<Assumption>,
    /// For an owner: the same for the Pods that its template becomes.
    pub pod: Option<Box<DryRun<'a>>>,
    /// The object before the operation.
    pub old: Option<Workload<'a>>,
    author: Author<'a>,
}

impl<'a> DryRun<'a> {
    /// What the author of the object wanted, for questions about who set what in it; [`None`] where it was not judged.
    pub fn intent(&self, arena: &'a Bump) -> Option<Intent<'a>> {
        let workload = self.workload?;
        Some(intent(arena, &self.request, workload, self.old, self.author))
    }
}

/// Who is said to have written an object that no API server has seen.
#[derive(Clone, Copy, Debug)]
pub enum Author<'a> {
    /// The object says so itself: it comes from an API server.
    Recorded,
    /// Whoever wrote this.
    File(Authored<'a>),
}

/// An object that has been read, with its old form.
struct Subject<'a> {
    workload: Workload<'a>,
    old: Option<Workload<'a>>,
}

/// Answers one call of the API server, bytes to bytes.
pub fn answer(set: &PolicySet, endpoint: Endpoint, body: &[u8], facts: &Facts<'_>) -> Answer {
    let arena = Bump::with_capacity(body.len().saturating_mul(4));
    answer_observed(set, &arena, endpoint, body, Ok(*facts), |_| {})
}

/// The same in an arena of the caller's, and shows what became of the call to `observe`; not called for a body that is not
/// a review. `facts` are an error where they should be known and are not: then no request that policies have a say in can
/// be judged.
pub fn answer_observed(
    set: &PolicySet,
    arena: &Bump,
    endpoint: Endpoint,
    body: &[u8],
    facts: Result<Facts<'_>, &str>,
    observe: impl FnOnce(&Outcome<'_>),
) -> Answer {
    match Request::read(arena, body, &Limits::REVIEW) {
        Ok(request) => {
            let body = respond_observed(set, arena, endpoint, request, facts, observe).to_bytes();
            Answer { status: 200, body }
        }
        Err(Refusal::CannotJudge { uid, reason }) => {
            let response = decision::cannot_judge(&uid, &reason, endpoint == Endpoint::Validate);
            observe(&Outcome::without_policies(endpoint, None, Decision::Error(reason)));
            Answer { status: 200, body: response.to_bytes() }
        }
        Err(refusal @ Refusal::NotAReview(_)) => Answer { status: 400, body: refusal.to_string().into_bytes() },
    }
}

/// Answers one request.
pub fn respond<'a>(
    set: &'a PolicySet,
    arena: &'a Bump,
    endpoint: Endpoint,
    request: Request<'a>,
    facts: Facts<'a>,
) -> Response<'a> {
    respond_observed(set, arena, endpoint, request, Ok(facts), |_| {})
}

fn respond_observed<'a>(
    set: &'a PolicySet,
    arena: &'a Bump,
    endpoint: Endpoint,
    request: Request<'a>,
    facts: Result<Facts<'a>, &str>,
    observe: impl FnOnce(&Outcome<'_>),
) -> Response<'a> {
    let outcome = |decision| Outcome::without_policies(endpoint, Some(request), decision);
    if !request.is_policed() || set.excludes(request.namespace) {
        observe(&outcome(Decision::Allow));
        return Response::allow(request.uid);
    }
    let subject = read(&request).and_then(|subject| Ok((subject, facts.map_err(str::to_owned)?)));
    let (Subject { workload, old }, facts) = match subject {
        Ok(subject) => subject,
        Err(reason) => {
            let response = decision::cannot_judge(request.uid, &reason, endpoint == Endpoint::Validate);
            observe(&outcome(Decision::Error(reason)));
            return response;
        }
    };
    let budget = arena.alloc(Budget::default());
    let case = Case::new(arena, request, workload, old, facts, budget);
    if matching::is_housekeeping(&case) {
        observe(&outcome(Decision::Allow));
        return Response::allow(request.uid);
    }
    let matched = matching::matched(set, &case);
    match endpoint {
        Endpoint::Mutate => {
            let intent = intent(arena, &request, workload, old, Author::Recorded);
            let edits = edits::edits(set, &case, &matched, &intent);
            observe(&Outcome { matched: &matched, edits: Some(&edits), ..outcome(Decision::Allow) });
            decision::mutated(request.uid, workload.kind, edits)
        }
        Endpoint::Validate if !matched.iter().any(matching::Matched::judges) => {
            observe(&Outcome { matched: &matched, ..outcome(Decision::Allow) });
            Response::allow(request.uid)
        }
        Endpoint::Validate => {
            let mut violations = due_edits(set, &case, &matched, Author::Recorded);
            if matched.iter().any(matching::Matched::asks_for_pod) {
                let case = owner::with_derived_pod(set, case);
                violations.extend(judge::violations(set, &case, &matched));
            }
            let decision = Decision::of(&violations);
            observe(&Outcome { matched: &matched, violations: &violations, ..outcome(decision) });
            decision::validated(request.uid, &violations)
        }
    }
}

/// What both webhooks would do with `request`, one after the other, and for an owner with the Pods it makes.
pub fn dry_run<'a>(
    set: &'a PolicySet,
    arena: &'a Bump,
    request: Request<'a>,
    facts: Facts<'a>,
    author: Author<'a>,
) -> DryRun<'a> {
    let nothing = |decision: Decision| DryRun {
        request,
        workload: None,
        matched: Vec::new(),
        edits: Edits::none(request.object.unwrap_or_default()),
        object: request.object.unwrap_or_default(),
        violations: Vec::new(),
        decision,
        warnings: Vec::new(),
        assumptions: Vec::new(),
        pod: None,
        old: None,
        author,
    };
    if !request.is_policed() {
        return nothing(Decision::Allow);
    }
    if set.excludes(request.namespace) {
        let message = format!("nobody asks podgate about the excluded namespace `{}`", request.namespace);
        let assumptions = vec![Assumption { code: "excluded-namespace", message }];
        return DryRun { assumptions, ..nothing(Decision::Allow) };
    }
    let Subject { workload, old } = match read(&request) {
        Ok(subject) => subject,
        Err(reason) => return nothing(Decision::Error(reason)),
    };
    let is_new_pod = workload.kind == Kind::Pod && request.operation == Operation::Create;
    // What comes from an API server has gone through the plug-ins that run before the webhooks.
    let workload = match author {
        Author::File(_) if is_new_pod => {
            let limited = api_defaults::limit_range::applied(arena, workload.object, facts.limit_ranges);
            workload.with_object(api_defaults::plug_ins::applied(arena, limited))
        }
        Author::File(_) if workload.kind == Kind::Pod => {
            workload.with_object(api_defaults::plug_ins::updated(arena, workload.object))
        }
        _ => workload,
    };
    // Each webhook call has a budget of its own.
    let case = Case::new(arena, request, workload, old, facts, arena.alloc(Budget::default()));
    if matching::is_housekeeping(&case) {
        return DryRun { workload: Some(workload), old, ..nothing(Decision::Allow) };
    }
    let matched = matching::matched(set, &case);
    let edits = edits::edits(set, &case, &matched, &intent(arena, &request, workload, old, author));
    let object = completed(&case, edits.object);
    let completed = Request { object: Some(object), ..request };
    let judged = Case::new(arena, completed, workload.with_object(object), old, facts, arena.alloc(Budget::default()))
        .explained(true);
    // The API server asks the validating webhook about the object that the mutating one made.
    let rematched = matching::matched(set, &judged);
    let due = due_edits(set, &judged, &rematched, author);
    let pod = (workload.kind != Kind::Pod).then(|| Box::new(dry_run_of_pod(set, &judged)));
    let judged = match pod.as_ref().and_then(|pod| Some(pod.workload?.with_object(pod.object))) {
        Some(made) => judged.with_pod(made),
        None => owner::with_derived_pod(set, judged),
    };
    // Edits that put everything back leave an update that changes nothing.
    let violations = if matching::is_housekeeping(&judged) {
        Vec::new()
    } else {
        due.into_iter().chain(judge::violations(set, &judged, &rematched)).collect()
    };
    let warnings = decision::warnings(workload.kind, &edits, &violations);
    DryRun {
        request,
        workload: Some(workload),
        matched: rematched.iter().map(|matched| matched.policy).collect(),
        decision: Decision::of(&violations),
        assumptions: assumptions(&judged, set),
        edits,
        object,
        violations,
        warnings,
        pod,
        old,
        author,
    }
}

/// Edits that should have been made by the time the validating webhook is called.
fn due_edits<'a>(
    set: &'a PolicySet,
    case: &Case<'a>,
    matched: &[matching::Matched<'a>],
    author: Author<'a>,
) -> Vec<Violation<'a>> {
    if !due::is_possible(matched) {
        return Vec::new();
    }
    let Case { arena, request, workload, old, .. } = case;
    due::violations(set, case, matched, &intent(arena, request, *workload, *old, author))
}

/// The object as the validating webhook sees it: decoded anew after the edits, a new Pod made complete, and a
/// DaemonSet counted.
fn completed<'a>(case: &Case<'a>, object: Value<'a>) -> Value<'a> {
    let Case { arena, workload, request, facts, .. } = case;
    let version = facts.kubernetes;
    match workload.kind {
        Kind::Pod => {
            let pod = api_defaults::pod(arena, object, version);
            let is_new = request.operation == Operation::Create;
            if is_new { api_defaults::created(arena, pod, version) } else { pod }
        }
        _ => {
            let old = case.old.map(|old| old.object);
            api_defaults::counted(arena, api_defaults::object(arena, object, version), old)
        }
    }
}

/// What the Pods of the owner in `case` will meet.
fn dry_run_of_pod<'a>(set: &'a PolicySet, case: &Case<'a>) -> DryRun<'a> {
    let Case { arena, workload, request, facts, .. } = case;
    let derived = derive::pod(arena, workload, request.namespace, facts);
    let request = derive::request(arena, workload, request, &derived.pod);
    let author = Author::File(Authored { object: derived.sent, way: Way::Apply });
    dry_run(set, arena, request, *facts, author)
}

fn read<'a>(request: &Request<'a>) -> Result<Subject<'a>, String> {
    let Some(kind) = request.workload_kind() else {
        let Request { resource, sub_resource, kind, .. } = request;
        return Err(format!("`{resource}/{sub_resource}` brings a `{kind}`, not a workload"));
    };
    let workload = |object: Value<'a>| Workload::of(kind, object);
    let new = request.object.ok_or_else(|| "`request.object` is missing".to_owned())?;
    let in_old = |error| format!("in the old object, {error}");
    let old = request.old_object.map(workload).transpose().map_err(in_old)?;
    Ok(Subject { workload: workload(new).map_err(|error| error.to_string())?, old })
}

/// What the answer for `case` takes for granted.
fn assumptions(case: &Case<'_>, set: &PolicySet) -> Vec<Assumption> {
    let mut assumptions = Vec::new();
    if case.facts.owners_believed
        && let Some(kind) = case.maker
        && case.request.user != kind.controller_user().unwrap_or_default()
    {
        let message = format!("the owner reference is true: the controller of a {} made this Pod", kind.name());
        assumptions.push(Assumption { code: "owner-reference", message });
    }
    assumptions.extend(account(case));
    let asks_who = |policy: &&Policy| {
        let mut conditions = policy.matching.conditions.iter();
        policy.matching.covers(Kind::Pod) && conditions.any(|condition| condition.program.uses(environment::REQUEST))
    };
    if let Some(user) = case.workload.kind.maker().and_then(Kind::controller_user)
        && set.policies().iter().map(AsRef::as_ref).any(|policy| asks_who(&policy))
    {
        let message = format!("`{user}` will create its Pods");
        assumptions.push(Assumption { code: "controller-user", message });
    }
    assumptions
}

/// What stands in no manifest of a workload and is decided by other objects of its cluster.
fn account(case: &Case<'_>) -> Option<Assumption> {
    let Case { workload, request, facts, .. } = case;
    let is_new = workload.kind == Kind::Pod && request.operation == Operation::Create;
    if !facts.owners_believed || !(is_new || workload.kind.maker().is_some()) {
        return None;
    }
    let name = workload.spec.text(&["serviceAccountName"]).filter(|name| !name.is_empty());
    let name = name.unwrap_or(api_defaults::plug_ins::DEFAULT_ACCOUNT);
    let has_class = workload.spec.text(&["priorityClassName"]).is_some_and(|class| !class.is_empty());
    let class = if has_class { "" } else { "; no PriorityClass is the global default" };
    let message = format!("the service account `{name}` mounts its token and has no pull secrets{class}");
    Some(Assumption { code: PLUG_INS, message })
}

fn intent<'a>(
    arena: &'a Bump,
    request: &Request<'a>,
    workload: Workload<'a>,
    old: Option<Workload<'a>>,
    author: Author<'a>,
) -> Intent<'a> {
    // An owner reference is enough here: forging one only keeps defaults away. Verbs that hold for everybody ask who sent
    // the Pod.
    let maker = made_by(request, &workload, true);
    match author {
        Author::Recorded => Intent::of_request(arena, request, workload, old, maker),
        Author::File(authored) => Intent::of_file(arena, authored, workload, old, maker),
    }
}
