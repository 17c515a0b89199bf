//! The object while it is being edited.
//!
//! Nothing is set where somebody might miss what they wrote, and nothing that would start a rollout: each edit that is
//! not made is collected with its reason.

use bumpalo::collections::Vec as ArenaVec;

use crate::document::{Step, Value, edit};
use crate::evaluate::case::{Case, Scope};
use crate::evaluate::computed::{self, Computed};
use crate::evaluate::matching::{Matched, is_same};
use crate::evaluate::{Edit, Field, Reason, Withheld, acceptable};
use crate::policy::fields::{self, Holds};
use crate::policy::{DefaultRule, Leaf, LeafValue, Mode, OnUnknown, Policy, Rollout, Rule, Target, Verb};
use crate::provenance::{Intent, Provenance};
use crate::quantity::Quantity;
use crate::review::Operation;
use crate::workload::{Base, Container, Kind, List, Workload};

/// Seconds of grace that the API server fills in.
const API_DEFAULT_GRACE: i64 = 30;

/// In a Pod of more containers none is edited: a patch of thousands of operations is no default any more.
const MOST_CONTAINERS: usize = 256;

/// The object with the edits so far.
pub(super) struct Editor<'e, 'a> {
    pub(super) case: &'e Case<'a>,
    pub(super) intent: &'e Intent<'a>,
    pub(super) workload: Workload<'a>,
    pub(super) made: Vec<Edit<'a>>,
    pub(super) withheld: Vec<Withheld<'a>>,
    /// Old values of a template that were put back, so that it does not change.
    pub(super) restored: Vec<Edit<'a>>,
    /// What expressions gave, set or not.
    pub(super) computed: Vec<Computed<'a>>,
    /// Rules whose `when` was false. In the arena, as most requests have some and no edit.
    pub(super) asleep: ArenaVec<'a, Asleep<'a>>,
    /// Computed values that do not hold still.
    pub(super) unstable: &'e [Computed<'a>],
    /// Whether an update changes the template anyway.
    pub(super) template_changes: bool,
    /// Fields that hold what a rule wants already.
    claimed: ArenaVec<'a, Claim<'a>>,
}

/// A rule whose `when` was false.
pub(super) struct Asleep<'a> {
    pub(super) policy: &'a Policy,
    pub(super) rule: &'a Rule,
    /// For this container.
    pub(super) container: Option<Container<'a>>,
}

struct Claim<'a> {
    field: Field<'a>,
    policy: &'a Policy,
    rule: &'a Rule,
}

/// A rule at work.
#[derive(Clone, Copy)]
pub(super) struct Source<'m, 'a> {
    matched: &'m Matched<'a>,
    rule: &'a Rule,
    pub(super) default: &'a DefaultRule,
}

impl<'e, 'a> Editor<'e, 'a> {
    pub(super) fn new(case: &'e Case<'a>, intent: &'e Intent<'a>, unstable: &'e [Computed<'a>]) -> Self {
        let template_changes = case.old.is_none_or(|old| !is_same(old.template, case.workload.template));
        Editor {
            case,
            intent,
            workload: case.workload,
            made: Vec::new(),
            withheld: Vec::new(),
            restored: Vec::new(),
            computed: Vec::new(),
            asleep: ArenaVec::new_in(case.arena),
            unstable,
            template_changes,
            claimed: ArenaVec::new_in(case.arena),
        }
    }

    /// Whether this is an object, and a moment, in which podgate edits anything.
    pub(super) fn may_edit(&self) -> bool {
        let Case { request, workload, .. } = self.case;
        let owned = matches!(workload.kind, Kind::ReplicaSet | Kind::Job) && workload.controller().is_some();
        // Everything of a Pod but images and new ephemeral containers is fixed once it exists.
        let in_time = match (request.sub_resource, workload.kind) {
            ("", Kind::Pod) => request.operation == Operation::Create,
            ("", _) => true,
            ("ephemeralcontainers", Kind::Pod) => true,
            _ => false,
        };
        in_time && !owned && !workload.is_being_deleted() && !crate::provenance::is_mirror_of_node(request, workload)
    }

    /// Whether a rule may edit this container, or the Pod itself, at all. Through `pods/ephemeralcontainers` come new
    /// ephemeral containers; the API server takes nothing else from there.
    fn reaches(&self, container: Option<&Container<'a>>) -> bool {
        if self.case.request.sub_resource != "ephemeralcontainers" {
            return true;
        }
        let is_new = |container: &Container<'a>| {
            let old = self.case.old;
            old.is_none_or(|old| old.container(container.role, container.name).is_none())
        };
        container.is_some_and(|container| container.list == List::Ephemeral && is_new(container))
    }

    pub(super) fn run(&mut self, matched: &[Matched<'a>]) {
        for matched in matched {
            let edits = matched.policy.rules.iter().any(|rule| matches!(rule.verb, Verb::Default(_)));
            if !edits {
                continue;
            }
            let mut scope = Scope::new(self.case, matched.policy);
            for rule in &matched.policy.rules {
                let Verb::Default(default) = &rule.verb else { continue };
                let source = Source { matched, rule, default };
                match &matched.failed {
                    Some(error) => self.withhold(source, None, None, Reason::Error(error.to_string())),
                    None => self.rule(&mut scope, source),
                }
            }
        }
    }

    /// All of a rule's edits, or none where one of its expressions fails.
    fn rule(&mut self, scope: &mut Scope<'_, 'a>, source: Source<'_, 'a>) {
        let (made, withheld, claimed) = (self.made.len(), self.withheld.len(), self.claimed.len());
        let (workload, restored) = (self.workload, self.restored.clone());
        self.values(scope, source);
        let is_error = |withheld: &&Withheld<'a>| matches!(withheld.reason, Reason::Error(_));
        let Some(error) = self.withheld.iter().skip(withheld).find(is_error) else { return };
        let reason = error.reason.clone();
        (self.workload, self.restored) = (workload, restored);
        self.claimed.truncate(claimed);
        for Edit { field, after, .. } in self.made.split_off(made) {
            self.withhold(source, Some(field), Some(after), reason.clone());
        }
    }

    fn values(&mut self, scope: &mut Scope<'_, 'a>, source: Source<'_, 'a>) {
        let Source { rule, default, .. } = source;
        let (mut is_of_pod, mut is_of_containers, mut is_asked_once) = (false, false, false);
        for leaf in &default.leaves {
            // Where a rule speaks of the Pod too, its `when` knows no `container` and is asked once.
            is_asked_once |= !leaf.in_container;
            let is_wanted = self.is_target(default, leaf);
            is_of_pod |= is_wanted && !leaf.in_container;
            is_of_containers |= is_wanted && leaf.in_container;
        }
        is_of_pod &= self.reaches(None);
        if is_asked_once && (is_of_pod || is_of_containers) && !self.may_run(scope, source, None) {
            return;
        }
        if is_of_pod {
            for leaf in default.leaves.iter().filter(|leaf| !leaf.in_container) {
                self.wish(scope, source, leaf, None);
            }
        }
        if !is_of_containers {
            return;
        }
        if self.has_too_many_containers() {
            let problem = format!("the Pod has more than {MOST_CONTAINERS} containers");
            return self.withhold(source, None, None, Reason::Invalid(problem));
        }
        for container in self.case.workload.containers() {
            let selected = rule.selects(&container);
            if !selected || !self.reaches(Some(&container)) {
                continue;
            }
            // A rule sees the container of the Pod that the template becomes.
            let seen = self.case.pod().container(container.role, container.name).unwrap_or(container);
            scope.enter(&seen);
            if is_asked_once || self.may_run(scope, source, Some(container)) {
                for leaf in default.leaves.iter().filter(|leaf| leaf.in_container) {
                    self.wish(scope, source, leaf, Some(container));
                }
            }
            scope.leave();
        }
    }

    fn may_run(&mut self, scope: &Scope<'_, 'a>, source: Source<'_, 'a>, container: Option<Container<'a>>) -> bool {
        let Source { matched, rule, .. } = source;
        let Some(when) = &rule.when else { return true };
        match scope.test(when) {
            Ok(true) => true,
            Ok(false) => {
                self.asleep.push(Asleep { policy: matched.policy, rule, container });
                false
            }
            Err(error) => {
                self.withhold(source, None, None, Reason::Error(format!("`when`: {error}")));
                false
            }
        }
    }

    pub(super) fn has_too_many_containers(&self) -> bool {
        self.case.workload.containers().nth(MOST_CONTAINERS).is_some()
    }

    /// Whether the leaf goes into objects of this kind.
    pub(super) fn is_target(&self, default: &DefaultRule, leaf: &Leaf) -> bool {
        default.goes_into(leaf, self.target())
    }

    /// Whether the field goes into objects of this kind. A computed object may hold fields of both sorts.
    pub(super) fn is_target_of_field(&self, default: &DefaultRule, row: &fields::Field) -> bool {
        !default.inject_into.is_empty() || self.target() == Target::Pods || row.is_filled_in
    }

    fn target(&self) -> Target {
        if self.workload.kind == Kind::Pod { Target::Pods } else { Target::Templates }
    }

    fn wish(
        &mut self,
        scope: &Scope<'_, 'a>,
        source: Source<'_, 'a>,
        leaf: &'a Leaf,
        container: Option<Container<'a>>,
    ) {
        if !self.is_target(source.default, leaf) {
            return;
        }
        let base = container.map_or(Base::Pod, |container| container.base());
        let field = Field { base, steps: &leaf.steps, container };
        match (&leaf.value, leaf.field) {
            (LeafValue::Constant(value), Some(row)) => {
                let value = Value::from_json(self.case.arena, value);
                self.decide(source, row, field, value, false);
            }
            (LeafValue::Constant(_), None) => {}
            // An expression that nobody will use is not asked.
            (LeafValue::Computed(_), _) if container.is_some_and(|c| c.role.forbids(leaf.first_key())) => {}
            (LeafValue::Computed(program), _) => match computed::value(self.case, scope.value(program)) {
                Ok(Some(value)) => self.spread(source, field, value),
                Ok(None) => {}
                Err(error) => self.withhold(source, Some(field), None, Reason::Error(error)),
            },
        }
    }

    pub(super) fn decide(
        &mut self,
        source: Source<'_, 'a>,
        row: &'static fields::Field,
        field: Field<'a>,
        mut value: Value<'a>,
        is_computed: bool,
    ) {
        let Source { matched, rule, default } = source;
        if is_computed {
            self.computed.push(Computed { rule, field, value });
        }
        if let (Some(container), Some(Step::Key(first))) = (field.container, field.steps.first())
            && container.role.forbids(first)
        {
            return;
        }
        if let Some(earlier) = self.made.iter().find(|edit| edit.field.is_same(&field)) {
            // A rule is no conflict with itself: in a second round it only meets its own edit.
            if earlier.after != value && !std::ptr::eq(earlier.rule, rule) {
                let reason = Reason::Conflict(earlier.policy, earlier.rule);
                self.withhold(source, Some(field), Some(value), reason);
            }
            return;
        }
        let mode = matched.editing_mode(rule);
        let before = self.workload.field(field.base, field.steps);
        if before.is_some_and(|before| is_equal(row, before, value)) {
            if mode == Mode::Enforce {
                self.claimed.push(Claim { field, policy: matched.policy, rule });
            }
            return;
        }
        let provenance = before.and_then(|_| self.intent.provenance(field.base, field.steps));
        let withhold = |editor: &mut Self, value, reason| {
            let (policy, field, value) = (matched.policy, Some(field), Some(value));
            editor.withheld.push(Withheld { policy, rule, mode, field, value, provenance, reason });
        };
        if let Some(provenance) = provenance
            && !may_replace(provenance, default, field, value)
        {
            return withhold(self, value, Reason::Provenance(provenance));
        }
        let claim = self.claimed.iter().find(|claim| claim.field.is_same(&field) && !std::ptr::eq(claim.rule, rule));
        if let Some(Claim { policy, rule, .. }) = claim {
            let reason = Reason::Conflict(policy, rule);
            return withhold(self, value, reason);
        }
        if is_computed && self.is_unstable(rule, &field) {
            return withhold(self, value, Reason::Unstable);
        }
        match acceptable::fitted(self, row, field, value) {
            Ok(fitted) => value = fitted,
            Err(problem) => return withhold(self, value, Reason::Invalid(problem)),
        }
        if before == Some(value) {
            return;
        }
        if mode != Mode::Enforce {
            return withhold(self, value, Reason::Mode(mode));
        }
        let may_roll = match default.rollout {
            Rollout::Always => true,
            Rollout::OnTemplateChange => self.template_changes,
            Rollout::Never => self.case.old.is_none(),
        };
        if self.workload.kind == Kind::Job && self.case.old.is_some() {
            return withhold(self, value, Reason::Invalid("the template of a Job that exists is fixed".to_owned()));
        }
        if self.target() == Target::Templates && !may_roll {
            return withhold(self, value, Reason::Rollout);
        }
        let path = field.path(self.workload.kind);
        let Ok(object) = edit::set(self.case.arena, self.workload.object, path.steps(), value) else {
            let problem = format!("`{path}` has no place in the object");
            return withhold(self, value, Reason::Invalid(problem));
        };
        self.workload = self.workload.with_object(object);
        self.restored.retain(|restored| !restored.field.is_same(&field));
        let before = self.case.workload.field(field.base, field.steps);
        self.made.push(Edit { policy: matched.policy, rule, field, before, after: value, provenance });
    }

    fn is_unstable(&self, rule: &Rule, field: &Field<'a>) -> bool {
        self.unstable.iter().any(|unstable| unstable.is_for(rule, field))
    }

    pub(super) fn withhold(
        &mut self,
        source: Source<'_, 'a>,
        field: Option<Field<'a>>,
        value: Option<Value<'a>>,
        reason: Reason<'a>,
    ) {
        let Source { matched, rule, .. } = source;
        let (policy, mode) = (matched.policy, matched.editing_mode(rule));
        self.withheld.push(Withheld { policy, rule, mode, field, value, provenance: None, reason });
    }
}

/// Whether two values of a field mean the same.
fn is_equal(row: &fields::Field, a: Value<'_>, b: Value<'_>) -> bool {
    let quantities = || Quantity::of(a).ok().zip(Quantity::of(b).ok());
    a == b || (row.holds == Holds::Quantity && quantities().is_some_and(|(a, b)| a == b))
}

/// A longer grace kills nothing, so it is worth having where nobody can know who asked for the API server's own.
fn is_longer_grace(field: Field<'_>, value: Value<'_>) -> bool {
    let is_grace = matches!(field.steps, [Step::Key(spec), Step::Key(grace)]
        if spec == "spec" && grace == "terminationGracePeriodSeconds");
    is_grace && value.as_i64() > Some(API_DEFAULT_GRACE)
}

fn may_replace(provenance: Provenance, default: &DefaultRule, field: Field<'_>, value: Value<'_>) -> bool {
    match provenance {
        Provenance::ApiDefault => true,
        Provenance::Unknown => match default.on_unknown {
            Some(choice) => choice == OnUnknown::Replace,
            None => is_longer_grace(field, value),
        },
        Provenance::Authored | Provenance::Template | Provenance::Admission => false,
    }
}
