//! The rules that fill in, over one object.
//!
//! Nothing is set where somebody might miss what they wrote, and nothing that would start a rollout: each edit that is
//! not made is collected with its reason.

use crate::cel;
use crate::document::{Path, Step, Value, edit};
use crate::evaluate::case::{Case, Scope};
use crate::evaluate::matching::Matched;
use crate::evaluate::{Edit, Edits, Field, Reason, Withheld, resources, rollout};
use crate::patch;
use crate::policy::fields;
use crate::policy::{DefaultRule, Leaf, LeafValue, Mode, OnUnknown, Policy, Rollout, Rule, Target, Verb};
use crate::provenance::{Intent, Provenance};
use crate::review::Operation;
use crate::workload::{Base, Container, Kind, List, Workload};

/// The object while it is being edited.
pub(super) struct Editor<'e, 'a> {
    pub(super) case: &'e Case<'a>,
    pub(super) intent: &'e Intent<'a>,
    /// The object with the edits so far.
    pub(super) workload: Workload<'a>,
    pub(super) made: Vec<Edit<'a>>,
    pub(super) withheld: Vec<Withheld<'a>>,
    /// Rules whose expressions do not hold still.
    unstable: Vec<(&'a str, &'a str)>,
    /// Whether an update changes the template anyway.
    template_changes: bool,
}

/// One value that a rule would set, with all that it takes to decide.
#[derive(Clone, Copy)]
pub(super) struct Wish<'m, 'a> {
    pub(super) matched: &'m Matched<'a>,
    pub(super) rule: &'a Rule,
    pub(super) default: &'a DefaultRule,
    pub(super) row: &'static fields::Field,
    pub(super) field: Field<'a>,
    pub(super) value: Value<'a>,
}

/// What the rules of the matching policies do to the object of `case`.
pub fn edits<'a>(case: &Case<'a>, matched: &[Matched<'a>], intent: &Intent<'a>) -> Edits<'a> {
    let mut unstable = Vec::new();
    loop {
        let mut editor = Editor::new(case, intent, unstable);
        if editor.may_edit() && !rollout::put_back(&mut editor, matched) {
            editor.run(matched);
        }
        let found = editor.unstable_rules(matched);
        if found.is_empty() {
            return editor.finish();
        }
        unstable = editor.unstable;
        unstable.extend(found);
    }
}

impl<'e, 'a> Editor<'e, 'a> {
    fn new(case: &'e Case<'a>, intent: &'e Intent<'a>, unstable: Vec<(&'a str, &'a str)>) -> Self {
        let template_changes = case.old.is_none_or(|old| old.template != case.workload.template);
        Editor {
            case,
            intent,
            workload: case.workload,
            made: Vec::new(),
            withheld: Vec::new(),
            unstable,
            template_changes,
        }
    }

    /// Whether this is an object, and a moment, in which podgate edits anything.
    fn may_edit(&self) -> bool {
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

    /// Whether a rule may edit this container at all.
    fn reaches(&self, container: &Container<'a>) -> bool {
        if self.case.request.sub_resource != "ephemeralcontainers" {
            return true;
        }
        let existed = self.case.old.is_some_and(|old| old.container(container.role, container.name).is_some());
        container.list == List::Ephemeral && !existed
    }

    fn run(&mut self, matched: &[Matched<'a>]) {
        for matched in matched {
            let edits = matched.policy.rules.iter().any(|rule| matches!(rule.verb, Verb::Default(_)));
            if !edits {
                continue;
            }
            let mut scope = Scope::new(self.case, matched.policy);
            for rule in &matched.policy.rules {
                let Verb::Default(default) = &rule.verb else { continue };
                if let Some(error) = &matched.failed {
                    self.withhold_rule(matched, rule, Reason::Error(error.clone()));
                } else if self.unstable.contains(&(&matched.policy.id, &rule.name)) {
                    self.withhold_rule(matched, rule, Reason::Unstable);
                } else {
                    self.rule(&mut scope, matched, rule, default);
                }
            }
        }
    }

    fn rule(&mut self, scope: &mut Scope<'_, 'a>, matched: &Matched<'a>, rule: &'a Rule, default: &'a DefaultRule) {
        let is_wanted = |leaf: &&Leaf| self.is_target(default, leaf);
        let wanted = default.leaves.iter().filter(is_wanted);
        let (in_container, in_pod): (Vec<_>, Vec<_>) = wanted.partition(|leaf| leaf.in_container);
        if !in_pod.is_empty() && self.may_run(scope, matched, rule) {
            for leaf in in_pod {
                self.wish(scope, matched, rule, default, leaf, None);
            }
        }
        if in_container.is_empty() {
            return;
        }
        let original = self.case.workload;
        for container in original.containers() {
            let selected = rule.containers.as_ref().is_none_or(|selector| selector.selects(&container));
            if !selected || !self.reaches(&container) {
                continue;
            }
            // A rule sees the container of the Pod that the template becomes.
            let seen = self.case.pod().container(container.role, container.name).unwrap_or(container);
            scope.enter(&seen, rule.reads_container());
            if self.may_run(scope, matched, rule) {
                for leaf in in_container.iter().copied() {
                    if !container.role.forbids(leaf.first_key()) {
                        self.wish(scope, matched, rule, default, leaf, Some(container));
                    }
                }
            }
            scope.leave();
        }
    }

    fn may_run(&mut self, scope: &Scope<'_, 'a>, matched: &Matched<'a>, rule: &'a Rule) -> bool {
        let Some(when) = &rule.when else { return true };
        match scope.test(when) {
            Ok(holds) => holds,
            Err(error) => {
                self.withhold_rule(matched, rule, Reason::Error(format!("`when`: {error}")));
                false
            }
        }
    }

    /// Whether the leaf goes into objects of this kind.
    pub(super) fn is_target(&self, default: &DefaultRule, leaf: &Leaf) -> bool {
        let target = if self.workload.kind == Kind::Pod { Target::Pods } else { Target::Templates };
        default.goes_into(leaf, target)
    }

    fn wish(
        &mut self,
        scope: &Scope<'_, 'a>,
        matched: &Matched<'a>,
        rule: &'a Rule,
        default: &'a DefaultRule,
        leaf: &'a Leaf,
        container: Option<Container<'a>>,
    ) {
        let base = container.map_or(Base::Pod, |container| container.base());
        let field = Field { base, steps: &leaf.steps, container };
        match (&leaf.value, leaf.field) {
            (LeafValue::Constant(value), Some(row)) => {
                let value = Value::from_json(self.case.arena, value);
                self.decide(Wish { matched, rule, default, row, field, value });
            }
            (LeafValue::Constant(_), None) => {}
            (LeafValue::Computed(program), _) => match computed(self.case, scope.value(program)) {
                Ok(Some(value)) => self.spread(matched, rule, default, field, value),
                Ok(None) => {}
                Err(error) => self.withhold(matched, rule, Some(field), None, Reason::Error(error)),
            },
        }
    }

    /// A computed value, merged as if it were written in the policy: an object is one value for each of its fields.
    fn spread(
        &mut self,
        matched: &Matched<'a>,
        rule: &'a Rule,
        default: &'a DefaultRule,
        field: Field<'a>,
        value: Value<'a>,
    ) {
        let in_container = field.base != Base::Pod;
        if let Some(row) = fields::find(in_container, field.steps) {
            let name = match field.steps.last() {
                Some(Step::Key(name)) => name,
                _ => "",
            };
            let wish = Wish { matched, rule, default, row, field, value };
            return match row.check(name, value) {
                Ok(value) => self.decide(Wish { value: Value::copied(self.case.arena, &value), ..wish }),
                Err(refusal) => self.withhold_field(&wish, None, Reason::Invalid(refusal.message)),
            };
        }
        let Value::Object(members) = value else {
            let problem = format!("the expression gives {}, and no field that can be defaulted", value.type_name());
            return self.withhold(matched, rule, Some(field), Some(value), Reason::Invalid(problem));
        };
        for member in members {
            let steps = field.steps.iter().cloned().chain([Step::key(member.key)]);
            let steps = bumpalo::collections::Vec::from_iter_in(steps, self.case.arena).into_bump_slice();
            self.spread(matched, rule, default, Field { steps, ..field }, member.value);
        }
    }

    fn decide(&mut self, wish: Wish<'_, 'a>) {
        let Wish { matched, rule, default, row, field, mut value } = wish;
        let (policy, arena) = (matched.policy, self.case.arena);
        if let Some(earlier) = self.made.iter().find(|edit| edit.field.is_same(&field)) {
            if earlier.after != value {
                let reason = Reason::Conflict(earlier.policy, earlier.rule);
                self.withhold(matched, rule, Some(field), Some(value), reason);
            }
            return;
        }
        let before = self.workload.field(field.base, field.steps);
        if before == Some(value) {
            return;
        }
        let provenance = before.and_then(|_| self.intent.provenance(field.base, field.steps));
        if let Some(provenance) = provenance
            && !may_replace(provenance, default, field, value)
        {
            return self.withhold_field(&wish, Some(provenance), Reason::Provenance(provenance));
        }
        if row.holds == fields::Holds::Quantity {
            match resources::fitted(self, &wish) {
                Ok(fitted) => value = fitted,
                Err(problem) => return self.withhold_field(&wish, provenance, Reason::Invalid(problem)),
            }
        }
        let mode = matched.editing_mode(rule);
        if mode != Mode::Enforce {
            return self.withhold_field(&wish, provenance, Reason::Mode(mode));
        }
        let is_template = self.workload.kind != Kind::Pod;
        let may_roll = match default.rollout {
            Rollout::Always => true,
            Rollout::OnTemplateChange => self.template_changes,
            Rollout::Never => self.case.old.is_none(),
        };
        if is_template && !may_roll {
            return self.withhold_field(&wish, provenance, Reason::Rollout);
        }
        let path = field.path(self.workload.kind);
        let Ok(object) = edit::set(arena, self.workload.object, path.steps(), value) else {
            let problem = format!("`{path}` has no place in the object");
            return self.withhold_field(&wish, provenance, Reason::Invalid(problem));
        };
        self.workload = self.workload.with_object(object);
        self.made.push(Edit { policy, rule, field, before, after: value, provenance });
    }

    fn withhold_rule(&mut self, matched: &Matched<'a>, rule: &'a Rule, reason: Reason<'a>) {
        self.withhold(matched, rule, None, None, reason);
    }

    fn withhold_field(&mut self, wish: &Wish<'_, 'a>, provenance: Option<Provenance>, reason: Reason<'a>) {
        let Wish { matched, rule, field, value, .. } = *wish;
        let mode = matched.editing_mode(rule);
        let (field, value) = (Some(field), Some(value));
        self.withheld.push(Withheld { policy: matched.policy, rule, mode, field, value, provenance, reason });
    }

    fn withhold(
        &mut self,
        matched: &Matched<'a>,
        rule: &'a Rule,
        field: Option<Field<'a>>,
        value: Option<Value<'a>>,
        reason: Reason<'a>,
    ) {
        let (policy, mode) = (matched.policy, matched.editing_mode(rule));
        self.withheld.push(Withheld { policy, rule, mode, field, value, provenance: None, reason });
    }

    /// The rules with a computed value that made an edit and would want another value on the object they made.
    fn unstable_rules(&self, matched: &[Matched<'a>]) -> Vec<(&'a str, &'a str)> {
        let computed = |edit: &&Edit<'a>| edit.rule.has_computed_values();
        if !self.made.iter().any(|edit| computed(&edit)) {
            return Vec::new();
        }
        let again = self.case.with_object(self.workload.object);
        let mut second = Editor::new(&again, self.intent, Vec::new());
        second.run(matched);
        let differs = |edit: &Edit<'a>| {
            let wishes = second.made.iter().map(|other| (other.field, Some(other.after)));
            let wishes = wishes.chain(second.withheld.iter().filter_map(|other| Some((other.field?, other.value))));
            let mut same = wishes.filter(|(field, _)| field.is_same(&edit.field));
            same.any(|(_, value)| value != Some(edit.after))
        };
        let mut found: Vec<(&'a str, &'a str)> = Vec::new();
        for edit in self.made.iter().filter(computed).filter(|edit| differs(edit)) {
            let name = |policy: &'a Policy, rule: &'a Rule| (policy.id.as_str(), rule.name.as_str());
            found.push(name(edit.policy, edit.rule));
        }
        found
    }

    fn finish(self) -> Edits<'a> {
        let Editor { case, workload, made, mut withheld, .. } = self;
        let original = case.workload;
        if made.is_empty() {
            return Edits { made, withheld, object: original.object, patch: Vec::new() };
        }
        let paths: Vec<Path<'_>> = made.iter().map(|edit| edit.field.path(original.kind)).collect();
        let patch = patch::operations(original.object, workload.object, &paths);
        let scratch = bumpalo::Bump::new();
        if patch::apply(&scratch, original.object, &patch) == Some(workload.object) {
            return Edits { made, withheld, object: workload.object, patch };
        }
        // INVARIANT: operations() makes patches that apply. If it ever does not, the request must not fail for it.
        withheld.extend(made.into_iter().map(|Edit { policy, rule, field, after, provenance, .. }| Withheld {
            policy,
            rule,
            mode: Mode::Enforce,
            field: Some(field),
            value: Some(after),
            provenance,
            reason: Reason::Invalid("the patch does not apply".to_owned()),
        }));
        Edits { made: Vec::new(), withheld, object: original.object, patch: Vec::new() }
    }
}

/// What a computed value gives; [`None`] for `optional.none()`, which means no edit.
fn computed<'a>(case: &Case<'a>, value: Result<cel::Value<'a>, String>) -> Result<Option<Value<'a>>, String> {
    let value = match value? {
        cel::Value::Optional(None) => return Ok(None),
        cel::Value::Optional(Some(value)) => *value,
        value => value,
    };
    match value.to_document(case.arena) {
        Some(value) => Ok(Some(value)),
        None => Err(format!("the expression gives {value}, which no field can hold")),
    }
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

/// Seconds of grace that the API server fills in.
const API_DEFAULT_GRACE: i64 = 30;
