//! An expression ready to run: no names are left to look up, and what does not change is already worked out.

use std::net::IpAddr;

use regex::Regex;

use crate::cel::ast::Operator;
use crate::cel::error::Part;
use crate::cel::library::{Cidr, Format, Overload};
use crate::cel::time::{Duration, Timestamp};
use crate::cel::types::Type;
use crate::cel::value::{List, Value};
use crate::quantity::Quantity;

/// A part of an expression.
#[derive(Debug)]
pub(crate) struct Node {
    pub part: Part,
    pub kind: Kind,
}

/// What a part does. Its tag stands by itself: kept where a constant has room for it, it would have to be worked out anew
/// for every step.
#[derive(Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    Constant(Constant),
    /// A variable of the caller.
    Slot(u8),
    /// A composed variable of the caller.
    Composed(usize),
    /// A variable of a macro.
    Local(usize),
    /// Fields of fields of a variable.
    Path(Box<Path>),
    Select(Box<Select>),
    Has(Box<Select>),
    Index(Box<Index>),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// All of them must hold; more than two where more than two were written.
    And(Box<[Node]>),
    Or(Box<[Node]>),
    Binary(Operator, Box<[Node; 2]>),
    Conditional(Box<[Node; 3]>),
    List(Box<[Element]>),
    Map(Box<[Entry]>),
    Matches(Box<(Node, Regex)>),
    Call(Box<Call>),
    Loop(Box<Loop>),
    /// `or` and `orValue`: the second part only if the first has no value.
    Fallback(Box<Fallback>),
    /// `optMap` and `optFlatMap`: the body with the value, if there is one.
    OptionalMap(Box<OptionalMap>),
}

/// `object.spec.replicas`: what most expressions are made of, and so walked in one go.
#[derive(Debug)]
pub(crate) struct Path {
    pub start: Start,
    /// At least one.
    pub steps: Vec<Step>,
}

/// The variable that a path begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    Slot(u8),
    Local(usize),
}

#[derive(Debug)]
pub(crate) struct Step {
    /// The path as far as it goes before this step.
    pub from: Part,
    pub field: Box<str>,
}

/// A field of a value that is computed, or one that need not be there.
#[derive(Debug)]
pub(crate) struct Select {
    pub operand: Node,
    pub field: Box<str>,
    /// `a.?b`.
    pub optional: bool,
}

#[derive(Debug)]
pub(crate) struct Index {
    pub operand: Node,
    pub index: Node,
    /// `a[?b]`.
    pub optional: bool,
}

#[derive(Debug)]
pub(crate) struct Element {
    pub value: Node,
    pub optional: bool,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub key: Node,
    pub value: Node,
    pub optional: bool,
}

/// A call of a function. Which of its overloads is known only with the arguments.
#[derive(Debug)]
pub(crate) struct Call {
    pub overloads: Box<[&'static Overload]>,
    /// The receiver first.
    pub arguments: Box<[Node]>,
}

/// A macro over the elements of a list or the keys of a map.
#[derive(Debug)]
pub(crate) struct Loop {
    pub kind: LoopKind,
    pub range: Node,
    /// The element or key; with a second variable, the place or key.
    pub local: usize,
    /// The element or value, where the macro has two variables.
    pub second: Option<usize>,
    /// What must hold, or which elements are taken, if not all.
    pub test: Option<Node>,
    /// What is made of an element, or what it is sorted by.
    pub result: Option<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    /// `map` and `transformList`.
    Map,
    Filter,
    TransformMap,
    TransformMapEntry,
    SortBy,
}

impl LoopKind {
    /// Whether it gives a boolean.
    pub fn is_test(self) -> bool {
        matches!(self, LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne)
    }
}

#[derive(Debug)]
pub(crate) struct Fallback {
    pub optional: Node,
    pub fallback: Node,
    /// Whether the value is wanted, not an optional.
    pub unwrap: bool,
}

#[derive(Debug)]
pub(crate) struct OptionalMap {
    pub operand: Node,
    pub local: usize,
    pub body: Node,
    /// Whether the body is an optional already.
    pub flat: bool,
}

/// A value that borrows nothing.
#[derive(Clone, Debug)]
pub enum Constant {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number with sign.
    Int(i64),
    /// A whole number without sign.
    Uint(u64),
    /// A floating-point number.
    Double(f64),
    /// Text.
    String(Box<str>),
    /// Octets.
    Bytes(Box<[u8]>),
    /// A type.
    Type(Type),
    /// A span of time.
    Duration(Duration),
    /// A point in time.
    Timestamp(Timestamp),
    /// A resource quantity.
    Quantity(Box<Quantity>),
    /// An IP address.
    Ip(IpAddr),
    /// A range of IP addresses.
    Cidr(Cidr),
    /// A format of the Kubernetes API.
    Format(Format),
    /// Elements in order.
    List(Box<[Constant]>),
}

impl Constant {
    /// The value, borrowed.
    #[inline]
    pub fn value(&self) -> Value<'_> {
        match self {
            Constant::Null => Value::Null,
            Constant::Bool(value) => Value::Bool(*value),
            Constant::Int(value) => Value::Int(*value),
            Constant::Uint(value) => Value::Uint(*value),
            Constant::Double(value) => Value::Double(*value),
            Constant::String(text) => Value::String(text),
            Constant::Bytes(bytes) => Value::Bytes(bytes),
            Constant::Type(kind) => Value::Type(*kind),
            Constant::Duration(duration) => Value::Duration(*duration),
            Constant::Timestamp(timestamp) => Value::Timestamp(*timestamp),
            Constant::Quantity(quantity) => Value::Quantity(quantity),
            Constant::Ip(address) => Value::Ip(*address),
            Constant::Cidr(cidr) => Value::Cidr(*cidr),
            Constant::Format(format) => Value::Format(*format),
            Constant::List(elements) => Value::List(List::Constants(elements)),
        }
    }

    /// The value on its own; [`None`] for what is cheap to make again, or borrows by nature.
    pub(crate) fn of(value: Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Null => Constant::Null,
            Value::Bool(value) => Constant::Bool(value),
            Value::Int(value) => Constant::Int(value),
            Value::Uint(value) => Constant::Uint(value),
            Value::Double(value) => Constant::Double(value),
            Value::String(text) => Constant::String(text.into()),
            Value::Bytes(bytes) => Constant::Bytes(bytes.into()),
            Value::Type(kind) => Constant::Type(kind),
            Value::Duration(duration) => Constant::Duration(duration),
            Value::Timestamp(timestamp) => Constant::Timestamp(timestamp),
            Value::Quantity(quantity) => Constant::Quantity(Box::new(*quantity)),
            Value::List(list) => Constant::List(list.iter().map(Constant::of).collect::<Option<_>>()?),
            Value::Ip(address) => Constant::Ip(address),
            Value::Cidr(cidr) => Constant::Cidr(cidr),
            Value::Format(format) => Constant::Format(format),
            Value::Map(_) | Value::Optional(_) | Value::Image(_) | Value::Url(_) | Value::Semver(_) => return None,
        })
    }
}

impl Node {
    /// A field of what `operand` gives; `part` is both together.
    pub fn field(operand: Node, field: &str, part: Part) -> Self {
        let step = Step { from: operand.part, field: field.into() };
        let (start, mut steps) = match operand.kind {
            Kind::Slot(slot) => (Start::Slot(slot), Vec::new()),
            Kind::Local(local) => (Start::Local(local), Vec::new()),
            Kind::Path(path) => (path.start, path.steps),
            kind => {
                let operand = Node { kind, ..operand };
                let select = Select { operand, field: field.into(), optional: false };
                return Node { part, kind: Kind::Select(Box::new(select)) };
            }
        };
        steps.push(step);
        Node { part, kind: Kind::Path(Box::new(Path { start, steps })) }
    }

    /// The value, if it is known without running anything.
    pub fn constant(&self) -> Option<&Constant> {
        match &self.kind {
            Kind::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    /// The first of its parts that is `wanted`, of those that can be evaluated where it stands: the bodies of macros,
    /// which have variables of their own, are left out.
    pub fn first_of<'n>(&'n self, mut wanted: impl FnMut(&'n Node) -> bool) -> Option<&'n Node> {
        let mut pick = |child: &'n Node| if wanted(child) { Some(child) } else { None };
        match &self.kind {
            Kind::Constant(_) | Kind::Slot(_) | Kind::Composed(_) | Kind::Local(_) | Kind::Path(_) => None,
            Kind::Select(select) | Kind::Has(select) => pick(&select.operand),
            Kind::Index(index) => pick(&index.operand).or_else(|| pick(&index.index)),
            Kind::Not(operand) | Kind::Negate(operand) => pick(operand),
            Kind::And(terms) | Kind::Or(terms) => terms.iter().find_map(pick),
            Kind::Binary(_, sides) => sides.iter().find_map(pick),
            Kind::Conditional(parts) => parts.iter().find_map(pick),
            Kind::List(elements) => elements.iter().find_map(|element| pick(&element.value)),
            Kind::Map(entries) => entries.iter().find_map(|entry| pick(&entry.key).or_else(|| pick(&entry.value))),
            Kind::Matches(matches) => pick(&matches.0),
            Kind::Call(call) => call.arguments.iter().find_map(pick),
            Kind::Loop(each) => pick(&each.range),
            Kind::Fallback(fallback) => pick(&fallback.optional).or_else(|| pick(&fallback.fallback)),
            Kind::OptionalMap(map) => pick(&map.operand),
        }
    }
}
