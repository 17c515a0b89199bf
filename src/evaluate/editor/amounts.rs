//! Amounts in a range, and requests that go with their limits.

use crate::document::{Step, Value};
use crate::evaluate::editor::{Editor, Held, Source};
use crate::evaluate::{Field, Reason};
use crate::policy::Mode;
use crate::policy::edit::{Action, Range};
use crate::policy::fields;
use crate::provenance::Provenance;
use crate::quantity::{Quantity, is_overcommitted};
use crate::workload::Kind;

impl<'a> Editor<'_, 'a> {
    /// Moves what stands in the field into the range. What nobody set has none.
    pub(super) fn bound(&mut self, source: Source<'_, 'a>, known: fields::Field, field: Field<'a>, range: &'a Range) {
        if !self.is_target(source.edit, self.placement(source.placement, &field)) {
            return;
        }
        let standing = self.workload.field(field.base, field.steps);
        let Some((before, amount)) = standing.and_then(|before| Some((before, Quantity::of(before).ok()?))) else {
            return;
        };
        let end = |end: &'a Option<serde_json::Value>| {
            let value = Value::from_json(self.case.arena, end.as_ref()?);
            Some((Quantity::of(value).ok()?, value))
        };
        let (min, max) = (end(&range.min), end(&range.max));
        let moved = min.filter(|(min, _)| amount < *min).or(max.filter(|(max, _)| amount > *max));
        let earlier = self.ranged.find(field.base, field.steps);
        // What only warns keeps nobody else from anything.
        if source.matched.editing_mode(source.rule) == Mode::Enforce {
            self.ranged.push(&field, self.ranges.len());
            self.ranges.push(Held { range, owner: source.owner(), before: earlier });
        }
        let Some((moved, value)) = moved.filter(|(_, value)| *value != before) else { return };
        let provenance = self.intent.provenance(field.base, field.steps);
        if let Some(provenance) =
            provenance.filter(|provenance| !self.gives_way(*provenance, source.edit, field, value))
        {
            return self.hold_back(source, field, value, Some(provenance), Reason::Provenance(provenance));
        }
        let earlier = std::iter::successors(earlier.and_then(|number| self.ranges.get(number)), |held| {
            self.ranges.get(held.before?)
        });
        if let Some(first) = earlier.filter(|held| held.range.excludes(moved)).last() {
            let reason = Reason::Conflict(first.owner.policy, first.owner.rule);
            return self.hold_back(source, field, value, provenance, reason);
        }
        self.place(source, known, field, standing, value, provenance);
    }

    /// After an edit of a limit: the request that was made of it goes with it, and none is left above it.
    pub(super) fn follow_limit(
        &mut self,
        source: Source<'_, 'a>,
        known: fields::Field,
        field: Field<'a>,
        before: Option<Value<'a>>,
        limit: Value<'a>,
    ) {
        if known.resource_list() != Some("limits") || !matches!(source.edit.action, Action::Override | Action::Bound) {
            return;
        }
        let Some((Step::Key(resource), parents)) = field.steps.split_last() else { return };
        let Some((_, parents)) = parents.split_last() else { return };
        let arena = self.case.arena;
        let steps = parents.iter().map(Step::borrowed).chain([Step::key("requests"), Step::key(resource)]);
        let steps = bumpalo::collections::Vec::from_iter_in(steps, arena).into_bump_slice();
        let of_request = Field { steps, ..field };
        let Some(request) = self.workload.field(of_request.base, steps) else { return };
        let (Ok(asked), Ok(limited)) = (Quantity::of(request), Quantity::of(limit)) else { return };
        let provenance = self.intent.provenance(of_request.base, steps);
        let was_limit = before.and_then(|before| Quantity::of(before).ok()) == Some(asked);
        let is_derived = self.workload.kind == Kind::Pod && was_limit && provenance != Some(Provenance::Authored);
        if asked != limited && (asked > limited || is_derived || !is_overcommitted(resource)) {
            let edit = self.set(source, of_request, limit, provenance);
            edit.into_iter().for_each(|edit| self.made.push_following(edit));
        }
    }
}
