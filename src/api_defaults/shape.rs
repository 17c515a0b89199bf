//! The tables' language: what the API server fills in, row by row, and the walk that does it.
//!
//! Rows of one object run in order, each on what the rows before it left, as the API server's own code does: a row may
//! depend on one above it. The walk goes down the tables, never down the data, so its depth is that of the tables.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use crate::api_defaults::Version;
use crate::api_defaults::quantities;
use crate::document::{Member, Step, Value, edit};

/// The rows of one kind of object, in order.
pub type Shape = &'static [Field];

/// Whether a row holds for an object as it is now.
pub type Guard = for<'v> fn(Value<'v>) -> bool;

/// A value that follows from the object it goes into.
pub type Computed = for<'v> fn(Value<'v>) -> Option<Value<'v>>;

/// One row: a field, what is filled in there, and what is inside.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name of the field.
    pub key: &'static str,
    when: When,
    /// What is filled in.
    pub fill: Fill,
    /// Where the row holds.
    pub only: Only,
    guard: Option<Guard>,
    since: u32,
    /// What the field's own value is made of.
    pub then: Then,
}

/// When the API server writes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// If it is absent: its Go type is a pointer.
    Missing,
    /// If it is absent, empty or zero: its Go type is none.
    Zero,
    /// Whatever stands there.
    Always,
}

/// What the API server writes.
#[derive(Clone, Copy, Debug)]
pub enum Fill {
    /// Nothing; the row is there for what is inside.
    Nothing,
    /// This text.
    Text(&'static str),
    /// This number.
    Int(i64),
    /// This truth.
    Bool(bool),
    /// An empty object, where an absent one would mean something else.
    Empty,
    /// An empty object that means nothing: the Go type is a struct, which is always written.
    Struct,
    /// What follows from the fields beside it.
    Computed(Computed),
    /// A copy of what stands beside it, kept equal.
    Copy(Computed),
    /// Each limit that has no request.
    Limits,
}

/// In which objects a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// In Pods and in templates.
    Everywhere,
    /// In Pods.
    Pods,
    /// In Pods on the host's network.
    HostNetworkPods,
}

/// What a field's value is made of.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    /// Nothing that the API server touches.
    Plain,
    /// An object with rows of its own.
    Object(Shape),
    /// A list of such objects.
    List(Shape),
    /// A quantity.
    Quantity,
    /// Quantities by resource name, rounded up to thousandths.
    ResourceList,
    /// Seconds that a Pod, but not a template, may not count below zero.
    Grace,
}

/// What the walk knows about the object around the rows.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Whether the object is a Pod, not a template.
    pub pod: bool,
    /// Whether it is a Pod on the host's network.
    pub host_network: bool,
    /// Whose defaulting.
    pub version: Version,
}

/// An object under the rows: what was filled in so far, and not copied before it must be.
struct Edit<'a> {
    arena: &'a Bump,
    value: Value<'a>,
    pending: Option<BumpVec<'a, Member<'a>>>,
}

impl Field {
    /// A row that fills in nothing yet.
    pub const fn new(key: &'static str) -> Self {
        Field {
            key,
            when: When::Missing,
            fill: Fill::Nothing,
            only: Only::Everywhere,
            guard: None,
            since: 0,
            then: Then::Plain,
        }
    }

    /// Filled in if the field is absent.
    pub const fn missing(self, fill: Fill) -> Self {
        Field { when: When::Missing, fill, ..self }
    }

    /// Filled in if the field is absent, empty or zero.
    pub const fn zero(self, fill: Fill) -> Self {
        Field { when: When::Zero, fill, ..self }
    }

    /// Written whatever stands there.
    pub const fn always(self, fill: Fill) -> Self {
        Field { when: When::Always, fill, ..self }
    }

    /// Holds only there.
    pub const fn only(self, only: Only) -> Self {
        Field { only, ..self }
    }

    /// Holds only for such an object.
    pub const fn given(self, guard: Guard) -> Self {
        Field { guard: Some(guard), ..self }
    }

    /// Holds from this minor version of Kubernetes on.
    pub const fn since(self, minor: u32) -> Self {
        Field { since: minor, ..self }
    }

    /// The value is such an object.
    pub const fn object(self, shape: Shape) -> Self {
        Field { then: Then::Object(shape), ..self }
    }

    /// The value is a list of such objects.
    pub const fn list(self, shape: Shape) -> Self {
        Field { then: Then::List(shape), ..self }
    }

    /// The value is made of this.
    pub const fn then(self, then: Then) -> Self {
        Field { then, ..self }
    }

    /// Whether the row holds for `parent`, an object in `scope`.
    pub fn holds(&self, parent: Value<'_>, scope: Scope) -> bool {
        let here = match self.only {
            Only::Everywhere => true,
            Only::Pods => scope.pod,
            Only::HostNetworkPods => scope.host_network,
        };
        here && scope.version.minor >= self.since && self.guard.is_none_or(|guard| guard(parent))
    }

    /// What the row writes into `parent`, where it holds.
    pub fn value<'a>(&self, arena: &'a Bump, parent: Value<'a>) -> Option<Value<'a>> {
        match self.fill {
            Fill::Nothing => None,
            Fill::Text(text) => Some(Value::String(text)),
            Fill::Int(number) => Some(Value::Int(number)),
            Fill::Bool(truth) => Some(Value::Bool(truth)),
            Fill::Empty | Fill::Struct => Some(Value::Object(&[])),
            Fill::Computed(compute) | Fill::Copy(compute) => compute(parent),
            Fill::Limits => quantities::requests_from_limits(arena, parent),
        }
    }

    fn writes(&self, current: Option<Value<'_>>) -> bool {
        match (self.fill, self.when, current) {
            (Fill::Nothing, _, _) => false,
            (_, When::Always, _) | (_, _, None) => true,
            (_, When::Zero, Some(value)) => matches!(value, Value::String("") | Value::Int(0)),
            (_, When::Missing, Some(_)) => false,
        }
    }

    /// Whether the row must see the object with all that the rows before it did.
    fn looks_around(&self) -> bool {
        self.guard.is_some() || matches!(self.fill, Fill::Computed(_) | Fill::Copy(_) | Fill::Limits)
    }
}

impl<'a> Edit<'a> {
    fn field(&self, key: &str) -> Option<Value<'a>> {
        match &self.pending {
            None => self.value.field(key),
            Some(members) => {
                let found = members.iter().find(|member| member.key == key).map(|member| member.value);
                found.filter(|value| !value.is_null())
            }
        }
    }

    fn set(&mut self, key: &'static str, value: Value<'a>) {
        let (arena, old) = (self.arena, self.value);
        let members = self.pending.get_or_insert_with(|| {
            let mut members = BumpVec::with_capacity_in(old.members().len() + 8, arena);
            members.extend_from_slice(old.members());
            members
        });
        match members.iter_mut().find(|member| member.key == key) {
            Some(member) => member.value = value,
            None => members.push(Member { key, value }),
        }
    }

    fn current(&mut self) -> Value<'a> {
        if let Some(members) = self.pending.take() {
            self.value = Value::Object(members.into_bump_slice());
        }
        self.value
    }
}

impl Scope {
    /// `value` with what `shape` says; the same value if that is nothing.
    pub fn object<'a>(self, arena: &'a Bump, shape: Shape, value: Value<'a>) -> Value<'a> {
        if !matches!(value, Value::Object(_)) {
            return value;
        }
        let mut edit = Edit { arena, value, pending: None };
        for field in shape {
            let parent = if field.looks_around() { edit.current() } else { edit.value };
            if !field.holds(parent, self) {
                continue;
            }
            let mut current = edit.field(field.key);
            if field.writes(current)
                && let Some(filled) = field.value(arena, parent)
                && current.is_none_or(|current| !same(current, filled))
            {
                edit.set(field.key, filled);
                current = Some(filled);
            }
            if let Some(current) = current {
                let inside = self.inside(arena, field.then, current);
                if !same(inside, current) {
                    edit.set(field.key, inside);
                }
            }
        }
        edit.current()
    }

    fn inside<'a>(self, arena: &'a Bump, then: Then, value: Value<'a>) -> Value<'a> {
        match then {
            Then::Plain => value,
            Then::Object(shape) => self.object(arena, shape, value),
            Then::List(shape) => each(arena, value, |element| self.object(arena, shape, element)),
            Then::Quantity => quantities::canonical(arena, value),
            Then::ResourceList => quantities::resource_list(arena, value),
            Then::Grace => match value {
                Value::Int(seconds) if self.pod && seconds < 0 => Value::Int(1),
                _ => value,
            },
        }
    }
}

/// The list with every element mapped; the same list if no element changes. Anything else as it is.
pub fn each<'a>(arena: &'a Bump, list: Value<'a>, mut map: impl FnMut(Value<'a>) -> Value<'a>) -> Value<'a> {
    let mut mapped: Option<BumpVec<'a, Value<'a>>> = None;
    for (index, element) in list.elements().iter().enumerate() {
        let new = map(*element);
        if mapped.is_none() && !same(new, *element) {
            let before = list.elements().iter().take(index).copied();
            mapped = Some(BumpVec::from_iter_in(before, arena));
        }
        if let Some(mapped) = &mut mapped {
            mapped.push(new);
        }
    }
    mapped.map_or(list, |mapped| Value::Array(mapped.into_bump_slice()))
}

/// The tree `root` with every element of the list at `keys` mapped; the same tree if no element changes.
pub fn each_at<'a>(
    arena: &'a Bump,
    root: Value<'a>,
    keys: [&'a str; 2],
    map: impl FnMut(Value<'a>) -> Value<'a>,
) -> Value<'a> {
    let Some(list) = root.fields(&keys) else { return root };
    let new = each(arena, list, map);
    if same(new, list) { root } else { edit::set(arena, root, &keys.map(Step::key), new).unwrap_or(root) }
}

/// The object at `key`, without members if there is none.
pub fn object<'a>(owner: Value<'a>, key: &str) -> Value<'a> {
    owner.field(key).unwrap_or(Value::Object(&[]))
}

/// The object with `value` at `key`; the same object if that stands there.
pub fn put<'a>(arena: &'a Bump, object: Value<'a>, key: &'static str, value: Value<'a>) -> Value<'a> {
    if object.field(key).is_some_and(|old| same(old, value)) {
        return object;
    }
    edit::set(arena, object, &[Step::key(key)], value).unwrap_or(object)
}

/// Whether two values are one: the same node, or the same scalar. Cheap, and never looks inside.
pub fn same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => std::ptr::eq(a, b),
        (Value::Object(a), Value::Object(b)) => std::ptr::eq(a, b),
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => false,
        (a, b) => a == b,
    }
}
