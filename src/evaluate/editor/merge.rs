//! Values taken apart and merged into what stands there, as the API's schema says.

use bumpalo::Bump;

use crate::document::{Member, Step, Value};
use crate::evaluate::editor::{Editor, MOST_MEMBERS, Source};
use crate::evaluate::{Field, Reason};
use crate::policy::edit::Action;
use crate::policy::fields::{self, Shape};
use crate::schema::Keys;

impl<'a> Editor<'_, 'a> {
    /// A computed value, held against the types as a written one is when its policy loads.
    pub(super) fn computed_value(
        &mut self,
        source: Source<'_, 'a>,
        known: fields::Field,
        field: Field<'a>,
        value: Value<'a>,
    ) {
        let name = match field.steps.last() {
            Some(Step::Key(name)) => name,
            _ => "",
        };
        match fields::check(known, name, value) {
            Ok(checked) => {
                let value = in_order(self.case.arena, value, &checked);
                self.merge(source, known, field, value, true);
            }
            Err(refusal) => {
                let path: crate::document::Path<'_> = refusal.steps.into_iter().collect();
                let problem =
                    if path.is_root() { refusal.message } else { format!("at `{path}`: {}", refusal.message) };
                self.withhold(source, Some(field), Some(value), Reason::Invalid(problem));
            }
        }
    }

    /// What `source` wants of `field`. An object is one value for each of its fields, a list with keys one for each of
    /// its elements.
    pub(super) fn merge(
        &mut self,
        source: Source<'_, 'a>,
        known: fields::Field,
        field: Field<'a>,
        value: Value<'a>,
        is_computed: bool,
    ) {
        if value.members().len() > MOST_MEMBERS || value.elements().len() > MOST_MEMBERS {
            let problem = format!("a value of more than {MOST_MEMBERS} parts");
            return self.withhold(source, Some(field), None, Reason::Invalid(problem));
        }
        match (known.shape(), value) {
            (_, Value::Array(elements)) if source.edit.action == Action::Append && known.holds.is_list() => {
                for element in elements {
                    self.append(source, known, field, *element);
                }
            }
            (Shape::Object, Value::Object(_)) => self.object(source, known, field, value, is_computed),
            (Shape::Map, Value::Object(members)) => {
                for member in members {
                    self.member(source, known, field, member, is_computed);
                }
            }
            (Shape::Keyed(keys), Value::Array(elements)) => {
                for element in elements {
                    self.element(source, known, field, keys, *element, is_computed);
                }
            }
            _ => self.decide(source, known, field, value, is_computed),
        }
    }

    fn member(
        &mut self,
        source: Source<'_, 'a>,
        known: fields::Field,
        field: Field<'a>,
        member: &Member<'a>,
        is_computed: bool,
    ) {
        if let Some(inner) = known.member(member.key) {
            let field = field.member(self.case.arena, member.key);
            self.merge(source, inner, field, member.value, is_computed);
        }
    }

    fn object(
        &mut self,
        source: Source<'_, 'a>,
        known: fields::Field,
        field: Field<'a>,
        value: Value<'a>,
        is_computed: bool,
    ) {
        if self.workload.field(field.base, field.steps).is_none() && known.is_added_whole() {
            // What the API server takes only with more than this is edited where it stands.
            if known.missing(value).is_none() {
                self.decide(source, known, field, value, is_computed);
            }
            return;
        }
        for member in value.members() {
            let standing = self.workload.field(field.base, field.steps).unwrap_or_default();
            let rival = known.member(member.key).and_then(|inner| inner.rival(standing));
            match rival {
                None => self.member(source, known, field, member, is_computed),
                Some(rival) if source.edit.action == Action::Override => {
                    let arena = self.case.arena;
                    let kept = standing.members().iter().filter(|other| {
                        let is_rival = known.member(other.key).is_some_and(fields::Field::is_one_of);
                        !is_rival && other.key != rival
                    });
                    let kept = bumpalo::collections::Vec::from_iter_in(kept.copied().chain([*member]), arena);
                    self.decide(source, known, field, Value::Object(kept.into_bump_slice()), is_computed);
                }
                Some(rival) => {
                    let field = field.member(self.case.arena, member.key);
                    let problem = format!("`{rival}` is set, and only one of them can be");
                    self.withhold(source, Some(field), Some(member.value), Reason::Invalid(problem));
                }
            }
        }
    }

    /// What is wanted of an element of a list with keys: all of it where there is none with its key.
    fn element(
        &mut self,
        source: Source<'_, 'a>,
        known: fields::Field,
        field: Field<'a>,
        keys: Keys,
        wanted: Value<'a>,
        is_computed: bool,
    ) {
        let Some(inner) = known.element() else { return };
        let standing = self.workload.field(field.base, field.steps).unwrap_or_default().elements();
        let place = standing.iter().position(|element| fields::is_same_element(keys, *element, wanted));
        let field = field.element(self.case.arena, place.unwrap_or(standing.len()));
        match place {
            Some(_) if inner.shape() == Shape::Object => {
                let is_key = |key: &str| keys.names().any(|name| name == key);
                let rest = wanted.members().iter().copied().filter(|member| !is_key(member.key));
                let rest = bumpalo::collections::Vec::from_iter_in(rest, self.case.arena).into_bump_slice();
                self.object(source, inner, field, Value::Object(rest), is_computed);
            }
            None if inner.missing(wanted).is_some() => {}
            _ => self.decide(source, inner, field, wanted, is_computed),
        }
    }

    /// Adds an element that is not there yet.
    fn append(&mut self, source: Source<'_, 'a>, known: fields::Field, field: Field<'a>, wanted: Value<'a>) {
        let Some(inner) = known.element() else { return };
        let standing = self.workload.field(field.base, field.steps).unwrap_or_default().elements();
        let next = field.element(self.case.arena, standing.len());
        let found = match known.shape() {
            Shape::Keyed(keys) => standing.iter().position(|element| fields::is_same_element(keys, *element, wanted)),
            _ => {
                let bare = |value| inner.bare(self.case.arena, value);
                let whole = self.as_decoded(&next, wanted).map(bare);
                standing.iter().position(|element| *element == wanted || Some(bare(*element)) == whole)
            }
        };
        if let Some(missing) = inner.missing(wanted).filter(|_| found.is_none()) {
            let problem = format!("{missing} is missing in what would be added");
            return self.withhold(source, Some(next), Some(wanted), Reason::Invalid(problem));
        }
        let Some(found) = found else {
            return self.decide(source, inner, next, wanted, false);
        };
        // Another rule may have added another one with the same key.
        let there = field.element(self.case.arena, found);
        let earlier = self.made.of(&there).filter(|edit| edit.after != wanted && !source.is(edit.rule));
        if let Some((policy, rule)) = earlier.map(|edit| (edit.policy, edit.rule)) {
            self.withhold(source, Some(there), Some(wanted), Reason::Conflict(policy, rule));
        }
    }

    /// The value as the API server would read it back from the field: with its own defaults.
    pub(in crate::evaluate) fn as_decoded(&self, field: &Field<'a>, value: Value<'a>) -> Option<Value<'a>> {
        let path = field.path(self.workload.kind);
        let steps: Vec<_> = path.steps().iter().map(first_of_its_kind).collect();
        let object = self.alone(&steps, value);
        crate::api_defaults::object(self.case.arena, object, self.case.facts.kubernetes).at(&steps)
    }

    /// An object of the same kind with nothing but this, and with what its defaults depend on: to fill in all of a large
    /// object would cost as much for each value that is looked at.
    fn alone(&self, steps: &[Step<'_>], value: Value<'a>) -> Value<'a> {
        let (arena, object) = (self.case.arena, self.workload.object);
        steps.iter().enumerate().rev().fold(value, |inner, (depth, step)| {
            let key = match step {
                Step::Index(_) => return Value::Array(arena.alloc_slice_copy(&[inner])),
                Step::Key(key) => arena.alloc_str(key),
            };
            let beside: &[&[&str]] = match depth {
                0 => &[&["apiVersion"], &["kind"]],
                1 => &[&["spec", "hostNetwork"]],
                _ => &[],
            };
            let beside =
                beside.iter().filter_map(|path| Some(Member { key: path.last()?, value: object.fields(path)? }));
            let members = beside.chain([Member { key, value: inner }]);
            Value::Object(bumpalo::collections::Vec::from_iter_in(members, arena).into_bump_slice())
        })
    }
}

/// The step to where a value stands that is alone in its list.
fn first_of_its_kind<'s>(step: &'s Step<'_>) -> Step<'s> {
    match step {
        Step::Index(_) => Step::Index(0),
        key @ Step::Key(_) => key.borrowed(),
    }
}

/// What was checked, its members in the order in which the expression gave them: that is the order of their edits.
fn in_order<'a>(arena: &'a Bump, given: Value<'a>, checked: &serde_json::Value) -> Value<'a> {
    match (given, checked) {
        (Value::Object(members), serde_json::Value::Object(checked)) => {
            let member = |member: &Member<'a>| {
                let value = in_order(arena, member.value, checked.get(member.key)?);
                Some(Member { key: member.key, value })
            };
            let members = members.iter().filter_map(member);
            Value::Object(bumpalo::collections::Vec::from_iter_in(members, arena).into_bump_slice())
        }
        _ => Value::copied(arena, checked),
    }
}
