//! Whether one field is set: by whom it was set before, who else wants it, and what the API server takes.

use crate::document::{Step, Value, edit};
use crate::evaluate::computed::Computed;
use crate::evaluate::editor::{Editor, Owner, Source, is_of_spec};
use crate::evaluate::{Edit, Field, Reason, Withheld, acceptable};
use crate::policy::Mode;
use crate::policy::edit::{Action, EditRule, OnUnknown, Rollout, Target};
use crate::policy::fields;
use crate::provenance::Provenance;
use crate::quantity::Quantity;
use crate::workload::{Base, Kind};

/// Seconds of grace that the API server fills in.
const API_DEFAULT_GRACE: i64 = 30;

impl<'a> Editor<'_, 'a> {
    pub(super) fn decide(
        &mut self,
        source: Source<'_, 'a>,
        known: fields::Field,
        field: Field<'a>,
        value: Value<'a>,
        is_computed: bool,
    ) {
        let Source { matched, rule, edit, placement } = source;
        if !self.is_target(edit, self.placement(placement, &field))
            || self.is_forbidden(&field)
            || self.would_change(edit.action, &field, value)
        {
            return;
        }
        let is_kept = || !self.computes_anew && self.made.of(&field).is_some_and(|made| source.is(made.rule));
        if is_computed && !is_kept() {
            self.computed.push(Computed { rule, field, value });
        }
        let before = self.workload.field(field.base, field.steps);
        let is_there = match before {
            Some(before) => self.is_equal(known, &field, before, value),
            None => known.leaves_out(value),
        };
        // An element is added to whatever list another rule has made, and a field to an object that lacks it.
        let earlier = self.made.over(&field).filter(|earlier| {
            let is_free = before.is_none() && earlier.field.steps.len() < field.steps.len();
            edit.action != Action::Append && !is_free
        });
        if let Some(Edit { policy, rule: first, field: set, .. }) = earlier {
            // A rule is no conflict with itself: in a second round it meets its own edit, and what it computes may
            // have become another value by then.
            let is_newer = self.computes_anew && is_computed && source.is(first) && set.is_same(&field);
            let is_before = source.goes_before(&Owner { policy, rule: first });
            if !is_there && !source.is(first) && !is_before {
                let reason = Reason::Conflict(policy, first);
                self.withhold(source, Some(field), Some(value), reason);
            }
            if is_there || !(is_newer || is_before) {
                return;
            }
        }
        if is_there {
            if matched.editing_mode(rule) == Mode::Enforce {
                self.claim(source, field);
            }
            return;
        }
        let provenance = before.and_then(|_| self.intent.provenance(field.base, field.steps));
        if let Some(provenance) = provenance.filter(|provenance| !self.gives_way(*provenance, edit, field, value)) {
            return self.hold_back(source, field, value, Some(provenance), Reason::Provenance(provenance));
        }
        let has_parts = matches!(before, Some(Value::Array(_) | Value::Object(_)));
        let inner = if has_parts { self.made.within(&field) } else { None };
        let inner = inner.map(|edit| Owner { policy: edit.policy, rule: edit.rule });
        let claim = self.claimed.find(field.base, field.steps).and_then(|number| self.claims.get(number).copied());
        if let Some(Owner { policy, rule, .. }) =
            inner.or(claim).filter(|owner| !source.is(owner.rule) && !source.goes_before(owner))
        {
            return self.hold_back(source, field, value, provenance, Reason::Conflict(policy, rule));
        }
        if is_computed && self.is_unstable(rule, &field) {
            return self.hold_back(source, field, value, provenance, Reason::Unstable);
        }
        self.place(source, known, field, before, value, provenance);
    }

    /// Sets the field, in which `before` stands, if the API server takes the value and it is time for it.
    pub(super) fn place(
        &mut self,
        source: Source<'_, 'a>,
        known: fields::Field,
        field: Field<'a>,
        before: Option<Value<'a>>,
        value: Value<'a>,
        provenance: Option<Provenance>,
    ) {
        let Source { matched, rule, edit, .. } = source;
        let value = match acceptable::fitted(self, edit.action, known, field, value) {
            Ok(fitted) => fitted,
            Err(problem) => {
                let is_huge = matches!(field.steps.last(), Some(Step::Key(name)) if name.starts_with("hugepages-"));
                let may_change = field.base == Base::Pod || edit.action != Action::Default || is_huge;
                let is_beside_others =
                    is_of_spec(field.steps, "dnsPolicy") || acceptable::in_security_context(&field).is_some();
                self.may_fit |= is_beside_others || (known.resource_list().is_some() && may_change);
                return self.hold_back(source, field, value, provenance, Reason::Invalid(problem));
            }
        };
        if before == Some(value) || self.would_change(edit.action, &field, value) {
            return;
        }
        let mode = matched.editing_mode(rule);
        if mode != Mode::Enforce {
            return self.hold_back(source, field, value, provenance, Reason::Mode(mode));
        }
        let may_roll = match edit.rollout {
            Rollout::Always => true,
            Rollout::OnTemplateChange => self.template_changes,
            Rollout::Never => self.case.old.is_none(),
        };
        let puts_back = edit.action != Action::Default && self.is_old(&field, value);
        if self.workload.kind == Kind::Job && self.case.old.is_some() && !puts_back {
            let problem = "the template of a Job that exists is fixed".to_owned();
            return self.hold_back(source, field, value, provenance, Reason::Invalid(problem));
        }
        if self.target() == Target::Templates && !may_roll && !puts_back {
            return self.hold_back(source, field, value, provenance, Reason::Rollout);
        }
        if let Some(edit) = self.set(source, field, value, provenance) {
            if let Some(Edit { policy, rule, field, after, provenance, .. }) = self.made.push(edit) {
                let Owner { policy: by, rule: by_rule } = source.owner();
                let (mode, reason) = (Mode::Enforce, Reason::Conflict(by, by_rule));
                let (field, value) = (Some(field), Some(after));
                self.withheld.push(Withheld { policy, rule, mode, field, value, provenance, reason });
            }
            self.follow_limit(source, known, field, before, value);
        } else {
            let problem = format!("`{}` has no place in the object", field.path(self.workload.kind));
            self.hold_back(source, field, value, provenance, Reason::Invalid(problem));
        }
    }

    /// Makes the edit, for the ledger; [`None`] if it has no place.
    pub(super) fn set(
        &mut self,
        source: Source<'_, 'a>,
        field: Field<'a>,
        value: Value<'a>,
        provenance: Option<Provenance>,
    ) -> Option<Edit<'a>> {
        let arena = self.case.arena;
        let object = edit::set(arena, self.workload.object, field.steps_in(arena, self.workload.kind), value).ok()?;
        self.case.budget.charge(crate::cel::Budget::EDIT);
        self.workload = self.workload.with_object(object);
        self.restored.retain(|restored| !restored.field.is_same(&field));
        let Owner { policy, rule } = source.owner();
        // What stood there at first is looked up once, when all edits are made.
        Some(Edit { policy, rule, field, before: None, after: value, provenance })
    }

    /// Whether a value of this origin gives way.
    pub(super) fn gives_way(
        &self,
        provenance: Provenance,
        edit: &EditRule,
        field: Field<'_>,
        value: Value<'_>,
    ) -> bool {
        match (edit.action, provenance) {
            (_, Provenance::ApiDefault) => true,
            // The template has spoken, and was edited in its own time; who wants the Pods all the same says so. An owner
            // reference is anybody's to write, and takes no Pod out of these verbs unless its controller sent it.
            (Action::Override | Action::Bound, Provenance::Template) => {
                self.case.maker.is_none() || edit.inject_into.contains(&Target::Pods)
            }
            (Action::Override | Action::Bound | Action::RewriteImages | Action::Append, _) => true,
            (Action::Default, Provenance::Unknown) => match edit.on_unknown {
                Some(choice) => choice == OnUnknown::Replace,
                None => is_longer_grace(field, value),
            },
            (Action::Default, Provenance::Authored | Provenance::Template | Provenance::Admission) => false,
        }
    }

    pub(super) fn hold_back(
        &mut self,
        source: Source<'_, 'a>,
        field: Field<'a>,
        value: Value<'a>,
        provenance: Option<Provenance>,
        reason: Reason<'a>,
    ) {
        self.withheld.push(source.withheld(Some(field), Some(value), provenance, reason));
    }

    /// Whether the role of the container forbids the field, as an object that is computed may hold it.
    fn is_forbidden(&self, field: &Field<'a>) -> bool {
        let first = match field.steps.first() {
            Some(Step::Key(first)) => first,
            _ => return false,
        };
        field.container.is_some_and(|container| container.role.forbids(first))
    }

    /// Whether two values of a field mean the same. What stands there holds the API server's defaults too.
    fn is_equal(&self, known: fields::Field, field: &Field<'a>, before: Value<'a>, value: Value<'a>) -> bool {
        let quantities = || Quantity::of(before).ok().zip(Quantity::of(value).ok());
        before == value
            || (known.is_quantity() && quantities().is_some_and(|(a, b)| a == b))
            || (matches!(value, Value::Array(_) | Value::Object(_))
                && self.is_equal_in_parts(known, field, before, value))
    }

    fn is_equal_in_parts(&self, known: fields::Field, field: &Field<'a>, before: Value<'a>, value: Value<'a>) -> bool {
        let bare = |value| known.bare(self.case.arena, value);
        self.as_decoded(field, value).is_some_and(|decoded| bare(decoded) == bare(before))
    }
}

/// A longer grace kills nothing, so it is worth having where nobody can know who asked for the API server's own.
fn is_longer_grace(field: Field<'_>, value: Value<'_>) -> bool {
    is_of_spec(field.steps, "terminationGracePeriodSeconds") && value.as_i64() > Some(API_DEFAULT_GRACE)
}
