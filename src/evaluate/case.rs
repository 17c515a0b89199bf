//! One request, ready to be evaluated: what expressions see, each part made when it is first asked for.

use std::cell::OnceCell;
use std::fmt;

use bumpalo::Bump;

use crate::cel::{self, Budget, Program};
use crate::document::{Member, Value};
use crate::evaluate::Evidence;
use crate::facts::Facts;
use crate::policy::{Policy, environment};
use crate::review::Request;
use crate::workload::{Container, Kind, List, Workload};

/// One object of a request with all that expressions can ask about it.
pub struct Case<'a> {
    /// Where everything that is made lives.
    pub arena: &'a Bump,
    /// The request.
    pub request: Request<'a>,
    /// The object.
    pub workload: Workload<'a>,
    /// The object before the operation.
    pub old: Option<Workload<'a>>,
    /// What the caller knows.
    pub facts: Facts<'a>,
    /// The kind whose controller made this Pod.
    pub maker: Option<Kind>,
    /// What is left of the steps that all expressions of the request may take.
    pub budget: &'a Budget,
    /// Whether somebody wants to know why a rule is violated, beside that it is.
    pub explains: bool,
    own_containers: OnceCell<&'a [Container<'a>]>,
    pod: OnceCell<Workload<'a>>,
    containers: OnceCell<Value<'a>>,
    seen_pod: OnceCell<Value<'a>>,
    seen_request: OnceCell<Value<'a>>,
}

/// The expressions of one policy over one case: its variables are evaluated once, and so is a `when` that is asked more
/// often than that and always gives the same.
pub struct Scope<'c, 'a> {
    case: &'c Case<'a>,
    policy: &'a Policy,
    variables: Vec<Kept<'a>>,
    shared: Vec<Kept<'a>>,
    params: OnceCell<Value<'a>>,
    container: Option<Container<'a>>,
    /// That container as expressions see it.
    seen: OnceCell<Value<'a>>,
}

/// The result of an expression, once it was asked for.
type Kept<'a> = OnceCell<Result<cel::Value<'a>, cel::Error<'a>>>;

/// Why an expression has no value.
#[derive(Clone, Debug)]
pub struct Failure<'a> {
    /// In one line, without values: the same for the same failure in another object.
    pub message: String,
    /// The part that failed.
    pub evidence: Option<Evidence<'a>>,
    /// Whether something outside of the object may be the cause: a budget that others spent, a namespace that is not
    /// known.
    pub is_of_surroundings: bool,
}

impl<'a> Case<'a> {
    /// A case of a request.
    pub fn new(
        arena: &'a Bump,
        request: Request<'a>,
        workload: Workload<'a>,
        old: Option<Workload<'a>>,
        facts: Facts<'a>,
        budget: &'a Budget,
    ) -> Self {
        let maker = crate::provenance::made_by(&request, &workload, facts.owners_believed);
        Case {
            arena,
            request,
            workload,
            old,
            facts,
            maker,
            budget,
            explains: false,
            own_containers: OnceCell::new(),
            pod: OnceCell::new(),
            containers: OnceCell::new(),
            seen_pod: OnceCell::new(),
            seen_request: OnceCell::new(),
        }
    }

    /// The same request with another object in the place of the one it brought.
    pub fn with_object(&self, object: Value<'a>) -> Self {
        let Case { arena, request, workload, old, facts, budget, explains, .. } = self;
        let request = Request { object: Some(object), ..*request };
        Case::new(arena, request, workload.with_object(object), *old, *facts, budget).explained(*explains)
    }

    /// The same case, for somebody who wants to know why, or not.
    pub fn explained(self, explains: bool) -> Self {
        Case { explains, ..self }
    }

    /// The old object in the place of the new one.
    pub fn of_old(&self, old: Workload<'a>) -> Self {
        let Case { arena, request, facts, budget, .. } = self;
        Case::new(arena, *request, old, Some(old), *facts, budget)
    }

    /// The same case whose Pod is `pod`, where more is known of it than the object says.
    pub fn with_pod(self, pod: Workload<'a>) -> Self {
        Case { pod: OnceCell::from(pod), containers: OnceCell::new(), seen_pod: OnceCell::new(), ..self }
    }

    /// The Pod, or the Pod that the template becomes.
    pub fn pod(&self) -> &Workload<'a> {
        self.pod.get_or_init(|| {
            let Case { arena, workload, request, facts, .. } = self;
            crate::derive::pod(arena, workload, request.namespace, facts).pod
        })
    }

    /// The containers of the object itself. Every rule goes over them.
    pub fn own_containers(&self) -> &'a [Container<'a>] {
        self.own_containers.get_or_init(|| {
            bumpalo::collections::Vec::from_iter_in(self.workload.containers(), self.arena).into_bump_slice()
        })
    }

    /// The container of the Pod, or of the Pod that the template becomes, that `own` is or becomes.
    pub fn container_of_pod(&self, own: &Container<'a>) -> Container<'a> {
        // A Pod is what it becomes, and a search for each container would take the square of their number.
        if self.workload.kind == Kind::Pod && self.pod.get().is_none_or(|pod| is_one(pod.spec, self.workload.spec)) {
            return *own;
        }
        self.pod().container(own.role, own.name).unwrap_or(*own)
    }

    fn containers(&self) -> Value<'a> {
        *self.containers.get_or_init(|| {
            let with_role = self.pod().containers().map(|container| container.with_role(self.arena));
            Value::Array(bumpalo::collections::Vec::from_iter_in(with_role, self.arena).into_bump_slice())
        })
    }

    /// A container of the Pod as expressions see it.
    fn seen_container(&self, container: &Container<'a>) -> Value<'a> {
        let lists = List::ALL.into_iter().take_while(|list| *list != container.list);
        let before: usize =
            lists.map(|list| self.pod().spec.get(list.key()).unwrap_or_default().elements().len()).sum();
        let seen = self.containers().elements().get(before + container.index).copied();
        seen.unwrap_or_else(|| container.with_role(self.arena))
    }

    /// The request as a ValidatingAdmissionPolicy shows it: without uid and objects.
    fn seen_request(&self) -> Value<'a> {
        *self.seen_request.get_or_init(|| {
            let hidden = |key: &str| matches!(key, "object" | "oldObject" | "uid");
            let seen = self.request.value.members().iter().copied().filter(|member| !hidden(member.key));
            Value::Object(bumpalo::collections::Vec::from_iter_in(seen, self.arena).into_bump_slice())
        })
    }
}

impl<'c, 'a> Scope<'c, 'a> {
    /// The expressions of `policy` over `case`.
    pub fn new(case: &'c Case<'a>, policy: &'a Policy) -> Self {
        let variables = policy.variables.iter().map(|_| OnceCell::new()).collect();
        let shared = (0..policy.shared).map(|_| OnceCell::new()).collect();
        Scope { case, policy, variables, shared, params: OnceCell::new(), container: None, seen: OnceCell::new() }
    }

    /// From here on `container` is this one of the case's Pod.
    pub fn enter(&mut self, container: &Container<'a>) {
        self.container = Some(*container);
        self.seen = OnceCell::new();
    }

    /// From here on there is no `container`.
    pub fn leave(&mut self) {
        self.container = None;
    }

    /// The result of an expression.
    ///
    /// # Errors
    /// What went wrong.
    pub fn value(&self, program: &'a Program) -> Result<cel::Value<'a>, Failure<'a>> {
        let Case { arena, budget, facts, .. } = self.case;
        let eval = || program.eval(arena, self, budget);
        let result = match program.shared().and_then(|place| self.shared.get(place)) {
            Some(kept) => *kept.get_or_init(eval),
            None => eval(),
        };
        result.map_err(|error| Failure {
            message: program.explain(&error),
            evidence: self.evidence(program, budget),
            is_of_surroundings: error.is_exhausted() || facts.namespace.is_null(),
        })
    }

    /// The part of an expression that was false or failed, with the values that made it so; `budget` pays. Where a
    /// variable failed, it is a part of the variable's own expression.
    pub fn evidence(&self, program: &'a Program, budget: &Budget) -> Option<Evidence<'a>> {
        let (mut program, mut blame) = (program, program.blame(self.case.arena, self, budget)?);
        // A variable uses those before it only, so this ends.
        while let Some(variable) = blame.variable().and_then(|place| self.policy.variables.get(place)) {
            let Some(inner) = variable.program.blame(self.case.arena, self, budget) else { break };
            (program, blame) = (&variable.program, inner);
        }
        let values = blame.values_in(program.source());
        Some(Evidence { program, range: blame.range(), is_narrower: blame.is_narrower(), holds: blame.holds(), values })
    }

    /// The result of a condition.
    ///
    /// # Errors
    /// What went wrong.
    pub fn test(&self, program: &'a Program) -> Result<bool, Failure<'a>> {
        match self.value(program)? {
            cel::Value::Bool(holds) => Ok(holds),
            other => Err(Failure {
                message: format!("the result is {}, not a boolean", cel::Short(other)),
                evidence: None,
                is_of_surroundings: self.case.facts.namespace.is_null(),
            }),
        }
    }
}

/// The message, with the values that led to it.
impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.evidence {
            Some(evidence) if !evidence.values.is_empty() => write!(f, " ({})", evidence.values),
            _ => Ok(()),
        }
    }
}

impl<'a> cel::Scope<'a> for Scope<'_, 'a> {
    fn slot(&self, slot: u8) -> Result<cel::Value<'a>, cel::Error<'a>> {
        let Scope { case, container, .. } = self;
        let value = match slot {
            environment::OBJECT => case.workload.object,
            environment::OLD_OBJECT => case.old.map(|old| old.object).unwrap_or_default(),
            environment::REQUEST => case.seen_request(),
            environment::NAMESPACE_OBJECT => case.facts.namespace,
            environment::PARAMS => *self.params.get_or_init(|| Value::from_json(case.arena, &self.policy.params)),
            environment::POD => *case.seen_pod.get_or_init(|| pod_view(case.arena, case.pod())),
            environment::CONTAINERS => case.containers(),
            environment::CONTAINER => match container {
                Some(container) => *self.seen.get_or_init(|| case.seen_container(container)),
                None => Value::Null,
            },
            _ => Value::Null,
        };
        Ok(cel::Value::from(value))
    }

    fn composed(&self, index: usize) -> Result<cel::Value<'a>, cel::Error<'a>> {
        let variable = self.policy.variables.get(index).zip(self.variables.get(index));
        let Some((variable, memo)) = variable else { return Ok(cel::Value::Null) };
        *memo.get_or_init(|| {
            let value = variable.program.eval(self.case.arena, self, self.case.budget);
            value.map_err(|error| match error.is_exhausted() {
                true => error,
                // The place of the error is one in the variable's own expression.
                false => {
                    let explained = format!("`variables.{}`: {}", variable.name, variable.program.explain(&error));
                    cel::Error::other(self.case.arena.alloc_str(&explained))
                }
            })
        })
    }
}

/// Whether two objects are one and the same.
fn is_one(a: Value<'_>, b: Value<'_>) -> bool {
    matches!((a, b), (Value::Object(a), Value::Object(b)) if std::ptr::eq(a, b))
}

/// `metadata` and `spec` of a Pod, and nothing else of it: a template has no more.
fn pod_view<'a>(arena: &'a Bump, pod: &Workload<'a>) -> Value<'a> {
    Value::Object(arena.alloc_slice_copy(&[
        Member { key: "metadata", value: pod.pod_metadata() },
        Member { key: "spec", value: pod.spec },
    ]))
}
