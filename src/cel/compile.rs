//! Syntax to nodes: names become slots, calls become overloads, and every mistake that can be known before the
//! expression runs is reported, all of them at once.

mod calls;
mod doubts;
mod fold;
mod macros;
mod names;
mod operators;

#[cfg(test)]
pub(crate) use macros::METHODS;

use std::ops::Range;

use crate::cel::ast::{self, Element, Entry, Expression, Literal};
use crate::cel::environment::Environment;
use crate::cel::error::Part;
use crate::cel::node::{self, Constant, Kind, Node};
use crate::cel::problem::Problem;
use crate::cel::shape::Shape;
use crate::cel::types::Type;

/// What a source compiles to.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub node: Node,
    pub shape: Shape,
    /// One bit for each slot that is read.
    pub slots: u64,
    /// One bit for each composed variable that is read, by its place; the last one stands for all that are further on.
    pub composed: u64,
    /// Variables of macros inside one another.
    pub locals: usize,
    /// What is right and probably not meant.
    pub doubts: Vec<Problem>,
}

/// A node and what is known about its values.
struct Typed {
    node: Node,
    shape: Shape,
}

struct Compiler<'e> {
    environment: &'e Environment,
    source: &'e str,
    problems: Vec<Problem>,
    doubts: Vec<Problem>,
    slots: u64,
    composed: u64,
    /// Variables of the macros that the current part stands in.
    locals: Vec<Local>,
    most_locals: usize,
    /// Whether elements of a literal may be of several types: in a value for an object, and in the arguments of `format`.
    mixed: bool,
    /// Types of the elements of the list literal that was lowered last.
    elements: Vec<Shape>,
    /// Fields of open objects that the expression has asked for.
    asked: Vec<String>,
}

/// The variable of a macro.
struct Local {
    name: String,
    shape: Shape,
    is_read: bool,
}

/// Compiles an expression whose value is to be of type `expect`. Its literals may hold several types if they are `mixed`.
/// Messages quote its `source`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the source.
pub(crate) fn compile(
    environment: &Environment,
    source: &str,
    expression: &Expression,
    expect: Type,
    mixed: bool,
) -> Result<Compiled, Vec<Problem>> {
    let locals = Vec::new();
    let mut compiler = Compiler {
        environment,
        source,
        problems: Vec::new(),
        doubts: Vec::new(),
        slots: 0,
        composed: 0,
        locals,
        most_locals: 0,
        mixed,
        elements: Vec::new(),
        asked: Vec::new(),
    };
    let Typed { node, shape } = compiler.lower(expression);
    let Compiler { mut problems, mut doubts, slots, composed, most_locals, .. } = compiler;
    if problems.is_empty() && !Shape::from(expect).fits(&shape) {
        let expect = article(&Shape::from(expect));
        let message = format!("the expression must give {expect}, not {}", article(&shape));
        problems.push(Problem::new(expression.range.clone(), message));
    }
    if problems.is_empty() {
        doubts.sort_by_key(|doubt| doubt.range.start);
        return Ok(Compiled { node, shape, slots, composed, locals: most_locals, doubts });
    }
    problems.sort_by_key(|problem| problem.range.start);
    Err(problems)
}

impl Compiler<'_> {
    fn lower(&mut self, expression: &Expression) -> Typed {
        let range = &expression.range;
        match &expression.kind {
            ast::Kind::Literal(literal) => {
                let constant = constant_of(literal);
                let shape = match literal {
                    Literal::String(text) => Shape::written(text),
                    _ => Shape::from(constant.value().kind()),
                };
                typed(range, Kind::Constant(constant), shape)
            }
            ast::Kind::Name(name) => self.name(name, range),
            ast::Kind::Select { operand, field, optional } => self.select(expression, operand, field, *optional),
            ast::Kind::Index { operand, index, optional } => self.index(expression, operand, index, *optional),
            ast::Kind::Not(operand) => {
                let operand = self.lower_as(operand, Type::Bool, "`!`");
                self.folded(typed(range, Kind::Not(Box::new(operand)), Type::Bool))
            }
            ast::Kind::Negate(operand) => self.negate(range, operand),
            ast::Kind::Binary(operator, sides) => self.binary(range, *operator, &sides.0, &sides.1),
            ast::Kind::Conditional(parts) => self.conditional(range, &parts.0, &parts.1, &parts.2),
            ast::Kind::Call { function, receiver, arguments } => {
                self.call(range, function, receiver.as_deref(), arguments)
            }
            ast::Kind::List(elements) => self.list(range, elements),
            ast::Kind::Map(entries) => self.map(range, entries),
        }
    }

    /// The node of a part that must be of a type; `asker` is who wants it so.
    fn lower_as(&mut self, expression: &Expression, wanted: Type, asker: &str) -> Node {
        self.lower_fitting(expression, wanted, asker).node
    }

    /// The same with what is known of its type.
    fn lower_fitting(&mut self, expression: &Expression, wanted: Type, asker: &str) -> Typed {
        let typed = self.lower(expression);
        let wanted = Shape::from(wanted);
        if !wanted.fits(&typed.shape) {
            let message = format!("{asker} wants {}, not {}", article(&wanted), article(&typed.shape));
            self.problem(&expression.range, message);
        }
        typed
    }

    fn list(&mut self, range: &Range<usize>, elements: &[Element]) -> Typed {
        let mut common = Common::new("elements of a list");
        let mut nodes = Vec::with_capacity(elements.len());
        let mut shapes = Vec::with_capacity(elements.len());
        for Element { value, optional } in elements {
            let Typed { node, shape } = self.lower(value);
            let element = if *optional { self.unwrapped(value, &shape) } else { shape.clone() };
            self.alike(&mut common, &element, value);
            shapes.push(shape);
            nodes.push(node::Element { value: node, optional: *optional });
        }
        self.elements = shapes;
        self.folded(typed(range, Kind::List(nodes.into()), Shape::list(common.shape)))
    }

    fn map(&mut self, range: &Range<usize>, entries: &[Entry]) -> Typed {
        let (mut keys, mut values) = (Common::new("keys of a map"), Common::new("values of a map"));
        let mut nodes = Vec::with_capacity(entries.len());
        for Entry { key, value, optional } in entries {
            let Typed { node: key_node, shape: key_shape } = self.lower(key);
            if !matches!(key_shape.flat(), Type::Dyn | Type::String | Type::Int | Type::Uint | Type::Bool) {
                self.problem(&key.range, format!("{} cannot be the key of a map", article(&key_shape)));
            }
            self.alike(&mut keys, &key_shape, key);
            let Typed { node: value_node, shape } = self.lower(value);
            let shape = if *optional { self.unwrapped(value, &shape) } else { shape };
            self.alike(&mut values, &shape, value);
            nodes.push(node::Entry { key: key_node, value: value_node, optional: *optional });
        }
        typed(range, Kind::Map(nodes.into()), Shape::map(keys.shape, values.shape))
    }

    /// The type of what an optional may hold.
    fn unwrapped(&mut self, value: &Expression, shape: &Shape) -> Shape {
        match shape {
            Shape::Optional(inner) => Shape::clone(inner),
            shape if shape.is_dyn() => Shape::DYN,
            shape => {
                self.problem(&value.range, format!("after `?` stands an optional, not {}", article(shape)));
                Shape::DYN
            }
        }
    }

    /// Kubernetes wants the elements of a literal to be of one type, as far as their types are known.
    fn alike(&mut self, common: &mut Common, shape: &Shape, expression: &Expression) {
        if !(self.mixed || common.known.fits(shape)) {
            let (what, first) = (common.what, article(&common.known));
            let message = format!("the {what} must be of one type: this is {}, not {first}", article(shape));
            let problem = Problem::new(expression.range.clone(), message);
            self.problems.push(problem.help("`dyn(..)` around each lets it hold several"));
        }
        let known = std::mem::replace(&mut common.shape, Shape::Nothing);
        common.shape = if known.fits(shape) { known.join(shape) } else { known.either(shape.clone()) };
        if common.known.is_dyn() {
            common.known = shape.clone();
        }
    }

    fn problem(&mut self, range: &Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem::new(range.clone(), message));
    }

    /// Reports a problem and stands in for the part that has it.
    fn fail(&mut self, problem: Problem) -> Typed {
        let range = problem.range.clone();
        self.problems.push(problem);
        typed(&range, Kind::Constant(Constant::Null), Type::Dyn)
    }
}

/// The type of the elements of a literal.
struct Common {
    what: &'static str,
    /// Of all so far.
    shape: Shape,
    /// Of the first whose type is known.
    known: Shape,
}

impl Common {
    fn new(what: &'static str) -> Self {
        Common { what, shape: Shape::Nothing, known: Shape::Nothing }
    }
}

fn typed(range: &Range<usize>, kind: Kind, shape: impl Into<Shape>) -> Typed {
    Typed { node: Node { part: part(range), kind }, shape: shape.into() }
}

fn part(range: &Range<usize>) -> Part {
    let bound = |byte: usize| u16::try_from(byte).unwrap_or(u16::MAX);
    Part { start: bound(range.start), end: bound(range.end) }
}

fn constant_of(literal: &Literal) -> Constant {
    match literal {
        Literal::Null => Constant::Null,
        Literal::Bool(value) => Constant::Bool(*value),
        Literal::Int(value) => Constant::Int(*value),
        Literal::Uint(value) => Constant::Uint(*value),
        Literal::Double(value) => Constant::Double(*value),
        Literal::String(text) => Constant::String(text.as_str().into()),
        Literal::Bytes(bytes) => Constant::Bytes(bytes.as_slice().into()),
    }
}

/// A type with its article.
fn article(shape: &Shape) -> String {
    let kind = shape.flat();
    let has_parts = match shape {
        Shape::Object(object) => return format!("`{object}`"),
        Shape::List(inner) | Shape::Optional(inner) => !inner.is_dyn(),
        Shape::Map(parts) => parts.iter().any(|part| !part.is_dyn()),
        Shape::Basic(_) | Shape::Word(_) | Shape::Time | Shape::Nothing => false,
    };
    let named = if has_parts { format!("`{shape}`") } else { kind.to_string() };
    match kind {
        Type::Int | Type::Optional | Type::Image | Type::Ip => format!("an {named}"),
        Type::Null | Type::Bytes => named,
        Type::Dyn => "a value".to_owned(),
        _ => format!("a {named}"),
    }
}
