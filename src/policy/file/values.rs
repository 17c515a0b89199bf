//! Values written as in a manifest, taken apart into fields.
//!
//! A leaf is as deep as objects and maps go. What stands in a list, and what can only be set as a whole, is one value.

use std::borrow::Cow;

use crate::cel::Type;
use crate::diagnostic::{did_you_mean, suggest};
use crate::document::{Step, Value};
use crate::policy::edit::{Action, Build, Leaf, LeafValue};
use crate::policy::fields::{self, EXPRESSION, Field, Refusal, Shape};
use crate::policy::file::reader::{Node, Reader};
use crate::policy::file::rule::Policywide;
use crate::policy::file::{expression, range, sense};
use crate::schema::Basic;

/// Takes the values of a rule apart.
pub(super) struct Values<'r, 't, 'w> {
    pub(super) reader: &'r mut Reader<'t>,
    pub(super) wide: &'w Policywide<'w>,
    pub(super) action: Action,
    pub(super) in_container: bool,
    pub(super) leaves: Vec<Leaf>,
}

impl Values<'_, '_, '_> {
    /// Reads what is wanted at `steps`.
    pub(super) fn read(&mut self, node: Node<'_>, steps: &mut Vec<Step<'static>>) {
        let Some(field) = Field::at(self.in_container, steps) else { return };
        if let Some(forbidden) = fields::forbidden(self.in_container, steps, self.action) {
            let message =
                format!("`{}` cannot be {}: {}", sense::path(steps), self.action.participle(), forbidden.reason);
            self.reader.error(node.title(), message).help = Some(forbidden.help.to_owned());
            return;
        }
        match self.action {
            Action::Bound if range::is_bounded(field) => return self.range(field, node, steps),
            Action::Append if field.holds.is_list() => return self.value(field, node, steps),
            Action::Bound | Action::Append if node.get(EXPRESSION).is_none() => {}
            Action::Bound => {
                self.reader.error(node.title(), "a range is not computed").help =
                    Some("write `{min: .., max: ..}` in place of the value".to_owned());
                return;
            }
            _ if node.get(EXPRESSION).is_some() => return self.value(field, node, steps),
            _ => {}
        }
        let has_parts = matches!(field.shape(), Shape::Object | Shape::Map);
        match node.value {
            Value::Object([]) if has_parts => {
                let does = if self.action == Action::Default { "fills in" } else { "sets" };
                self.reader.error(node.title(), format!("an empty object {does} nothing"));
            }
            Value::Object(_) if has_parts && !self.is_one_value(field) => self.members(field, node, steps),
            _ if self.action == Action::Append && !has_parts => self.no_list(node, steps),
            _ if self.action == Action::Bound && !has_parts => {
                let message = format!("`{}` cannot be bounded: it is {}", sense::path(steps), field.holds);
                self.reader.error(node.title(), message).help =
                    Some("integers and quantities have ranges; for the rest there is `require`".to_owned());
            }
            _ => self.value(field, node, steps),
        }
    }

    /// Whether the object is merged into what stands there when a request comes, not taken apart before.
    fn is_one_value(&self, field: Field) -> bool {
        matches!(self.action, Action::Default | Action::Override) && field.is_added_whole()
    }

    fn members(&mut self, field: Field, node: Node<'_>, steps: &mut Vec<Step<'static>>) {
        for (key, member) in node.members() {
            steps.push(Step::Key(Cow::Owned(key.to_owned())));
            match field.member(key) {
                None => self.unknown(key, member, steps),
                Some(_) if field.holds.is_map() => match fields::key_problem(field, key) {
                    Ok(()) => self.read(member, steps),
                    Err(refusal) => self.reader.error(member.title(), refusal.message).help = refusal.help,
                },
                Some(_) => self.read(member, steps),
            }
            steps.pop();
        }
    }

    fn unknown(&mut self, key: &str, node: Node<'_>, steps: &[Step<'static>]) {
        let what = if self.in_container { "a container" } else { "a Pod" };
        let message = format!("`{}` is not a field of {what}", sense::path(steps));
        let parents = steps.split_last().map(|(_, parents)| parents).unwrap_or_default();
        let parent = Field::at(self.in_container, parents);
        let siblings = parent.into_iter().flat_map(|parent| parent.holds.fields()).map(|field| field.name);
        let help = did_you_mean(suggest(key, siblings));
        self.reader.error(node.title(), message).help = help.or_else(|| elsewhere(key));
    }

    fn no_list(&mut self, node: Node<'_>, steps: &[Step<'static>]) {
        let message = format!("`{}` cannot be appended to: it is no list", sense::path(steps));
        self.reader.error(node.title(), message).help =
            Some("`append` adds elements to lists; `default` and `override` set values".to_owned());
    }

    fn range(&mut self, field: Field, node: Node<'_>, steps: &[Step<'static>]) {
        if let Some(range) = range::read(self.reader, field, sense::last_key(steps), node) {
            self.leaf(node, steps, field, LeafValue::Range(range));
        }
    }

    fn value(&mut self, field: Field, node: Node<'_>, steps: &[Step<'static>]) {
        let Some(build) = self.build(Some(field), node, steps) else { return };
        if self.action == Action::Append && matches!(node.value, Value::Array([])) {
            self.reader.error(node.title(), "an empty list adds nothing");
            return;
        }
        if self.action == Action::Append {
            self.complete(field, node);
        }
        match fields::check_written(field, sense::last_key(steps), node.value) {
            Ok(value) => {
                let value = match build {
                    Build::Constant(_) => LeafValue::Constant(value),
                    build => LeafValue::Computed(build),
                };
                self.leaf(node, steps, field, value);
            }
            Err(refusal) => self.refuse(node, refusal),
        }
    }

    /// Elements are added as a whole, so each holds all that the API server asks for.
    fn complete(&mut self, list: Field, node: Node<'_>) {
        let Some(element) = list.element() else { return };
        for node in
            node.elements().filter(|node| matches!(node.value, Value::Object(_)) && node.get(EXPRESSION).is_none())
        {
            let Some(missing) = element.missing(node.value) else { continue };
            // Without its key an element is refused in any case.
            let is_key = matches!(list.shape(), Shape::Keyed(keys) if keys.names().any(|name| name == missing));
            if !is_key {
                let what = fields::missing_words(missing);
                self.reader.error(node.title(), format!("{what} is missing in an element that is added as a whole"));
            }
        }
    }

    fn refuse(&mut self, node: Node<'_>, refusal: Refusal) {
        let node = refusal.steps.iter().fold(node, |node, step| {
            let inner = match step {
                Step::Key(key) => node.get(key),
                Step::Index(index) => node.elements().nth(*index),
            };
            inner.unwrap_or(node)
        });
        match node.value.as_str().filter(|_| !refusal.words.is_empty()) {
            Some(text) => self.reader.unknown_word(node, text, refusal.words),
            None => {
                let span = if refusal.is_key { node.title() } else { node.span() };
                self.reader.error(span, refusal.message).help = refusal.help;
            }
        }
    }

    /// The value with its expressions compiled; [`None`] if one of them is wrong.
    fn build(&mut self, field: Option<Field>, node: Node<'_>, steps: &[Step<'static>]) -> Option<Build> {
        if let Some(expression) = node.get(EXPRESSION) {
            return self.computed(field, node, expression, steps).map(Build::Expression);
        }
        let is_constant = |build: &Build| matches!(build, Build::Constant(_));
        match node.value {
            Value::Array(_) => {
                let element = field.and_then(Field::element);
                let parts: Vec<_> = node.elements().map(|node| self.build(element, node, steps)).collect();
                let parts: Vec<_> = parts.into_iter().collect::<Option<_>>()?;
                let is_whole = parts.iter().all(is_constant);
                Some(if is_whole { Build::Constant(node.value.to_json()) } else { Build::List(parts) })
            }
            Value::Object(_) => {
                let parts: Vec<_> = node
                    .members()
                    .map(|(key, node)| {
                        let member = field.and_then(|field| field.member(key));
                        let mut steps = steps.to_vec();
                        steps.push(Step::Key(Cow::Owned(key.to_owned())));
                        Some((key.to_owned(), self.build(member, node, &steps)?))
                    })
                    .collect();
                let parts: Vec<_> = parts.into_iter().collect::<Option<_>>()?;
                let is_whole = parts.iter().all(|(_, part)| is_constant(part));
                Some(if is_whole { Build::Constant(node.value.to_json()) } else { Build::Object(parts) })
            }
            value => Some(Build::Constant(value.to_json())),
        }
    }

    fn computed(
        &mut self,
        field: Option<Field>,
        node: Node<'_>,
        expression: Node<'_>,
        steps: &[Step<'static>],
    ) -> Option<crate::cel::Program> {
        for (key, member) in node.members().filter(|(key, _)| *key != EXPRESSION) {
            self.reader.error(member.title(), format!("`{key}` beside `{EXPRESSION}`")).help =
                Some("a computed value stands alone; put the rest into the expression".to_owned());
        }
        let scope = self.wide.scope;
        let environment = if self.in_container { scope.container() } else { scope.pod() };
        let program = expression::compile_value(self.reader, expression, environment)?;
        let Some(field) = field else { return Some(program) };
        let (takes, described) = types(field);
        let gives = program.shape().unwrapped();
        let kind = gives.flat();
        if kind != Type::Dyn && !takes.is_empty() && !takes.contains(&kind) {
            let message = format!("`{}` takes {described}, and the expression gives `{gives}`", sense::path(steps));
            self.reader.error(expression.span(), message);
        }
        Some(program)
    }

    fn leaf(&mut self, node: Node<'_>, steps: &[Step<'static>], field: Field, value: LeafValue) {
        self.leaves.push(Leaf {
            in_container: self.in_container,
            steps: steps.to_vec(),
            field,
            placement: fields::placement(self.in_container, steps),
            value,
            place: self.reader.place(node.title()),
        });
    }
}

/// The types that an expression for a field can give.
fn types(field: Field) -> (&'static [Type], &'static str) {
    if field.holds.is_list() {
        return (&[Type::List], "a list");
    }
    match field.holds.basic() {
        Some(Basic::Boolean) => (&[Type::Bool], "a boolean"),
        Some(Basic::Int32 | Basic::Int64) => (&[Type::Int, Type::Uint], "an integer"),
        Some(Basic::String | Basic::Time) => (&[Type::String], "a string"),
        Some(Basic::IntOrString) => (&[Type::Int, Type::Uint, Type::String], "an integer or a string"),
        Some(Basic::Quantity) => (&[Type::Quantity, Type::String, Type::Int, Type::Uint, Type::Double], "a quantity"),
        Some(Basic::Any) => (&[], "any value"),
        None => (&[Type::Map], "a map"),
    }
}

/// Where a field stands that was written in another place.
fn elsewhere(key: &str) -> Option<String> {
    let places: [(bool, &[&str]); 5] =
        [(true, &[]), (false, &["spec"]), (true, &["resources"]), (true, &["securityContext"]), (false, &["metadata"])];
    places.into_iter().find_map(|(in_container, parents)| {
        let steps: Vec<_> = parents.iter().map(|key| Step::key(key)).collect();
        Field::at(in_container, &steps)?.member(key).filter(|_| !matches!(key, "metadata" | "spec"))?;
        let section = if in_container { "container" } else { "pod" };
        let mut path = parents.join(".");
        if !path.is_empty() {
            path.push('.');
        }
        Some(format!("it stands at `{path}{key}` under `{section}`"))
    })
}
