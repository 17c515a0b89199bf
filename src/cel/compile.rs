//! Syntax to nodes: names become slots, calls become overloads, and every mistake that can be known before the
//! expression runs is reported, all of them at once.

mod calls;
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
use crate::cel::types::Type;

/// What a source compiles to.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub node: Node,
    pub kind: Type,
    /// One bit for each slot that is read.
    pub slots: u64,
    /// Variables of macros inside one another.
    pub locals: usize,
}

/// A node and what is known about its values.
struct Typed {
    node: Node,
    kind: Type,
}

struct Compiler<'e> {
    environment: &'e Environment,
    problems: Vec<Problem>,
    slots: u64,
    /// Variables of the macros that the current part stands in.
    locals: Vec<(String, Type)>,
    most_locals: usize,
    /// Whether the current part stands in the arguments of `format`, where elements may be of several types.
    mixed: bool,
    /// Types of the elements of the list literal that was lowered last.
    elements: Vec<Type>,
}

/// Compiles an expression whose value is to be of type `expect`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the source.
pub(crate) fn compile(
    environment: &Environment,
    expression: &Expression,
    expect: Type,
) -> Result<Compiled, Vec<Problem>> {
    let locals = Vec::new();
    let mut compiler = Compiler {
        environment,
        problems: Vec::new(),
        slots: 0,
        locals,
        most_locals: 0,
        mixed: false,
        elements: Vec::new(),
    };
    let Typed { node, kind } = compiler.lower(expression);
    let Compiler { mut problems, slots, most_locals, .. } = compiler;
    if problems.is_empty() && !expect.accepts(kind) {
        let message = format!("the expression must give {}, not {}", article(expect), article(kind));
        problems.push(Problem::new(expression.range.clone(), message));
    }
    if problems.is_empty() {
        return Ok(Compiled { node, kind, slots, locals: most_locals });
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
                let kind = constant.value().kind();
                typed(range, Kind::Constant(constant), kind)
            }
            ast::Kind::Name(name) => self.name(name, range),
            ast::Kind::Select { operand, field, optional } => self.select(expression, operand, field, *optional),
            ast::Kind::Index { operand, index, optional } => self.index(range, operand, index, *optional),
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
        let Typed { node, kind } = self.lower(expression);
        if !wanted.accepts(kind) {
            self.problem(&expression.range, format!("{asker} wants {}, not {}", article(wanted), article(kind)));
        }
        node
    }

    fn list(&mut self, range: &Range<usize>, elements: &[Element]) -> Typed {
        let mut common = Type::Dyn;
        let mut nodes = Vec::with_capacity(elements.len());
        let mut kinds = Vec::with_capacity(elements.len());
        for Element { value, optional } in elements {
            let Typed { node, kind } = self.lower(value);
            kinds.push(kind);
            if *optional {
                self.wants_optional(value, kind);
            } else {
                self.alike(&mut common, kind, value, "elements of a list");
            }
            nodes.push(node::Element { value: node, optional: *optional });
        }
        self.elements = kinds;
        self.folded(typed(range, Kind::List(nodes.into()), Type::List))
    }

    fn map(&mut self, range: &Range<usize>, entries: &[Entry]) -> Typed {
        let (mut keys, mut values) = (Type::Dyn, Type::Dyn);
        let mut nodes = Vec::with_capacity(entries.len());
        for Entry { key, value, optional } in entries {
            let Typed { node: key_node, kind: key_kind } = self.lower(key);
            if !matches!(key_kind, Type::Dyn | Type::String | Type::Int | Type::Uint | Type::Bool) {
                self.problem(&key.range, format!("{} cannot be the key of a map", article(key_kind)));
            }
            self.alike(&mut keys, key_kind, key, "keys of a map");
            let Typed { node: value_node, kind: value_kind } = self.lower(value);
            if *optional {
                self.wants_optional(value, value_kind);
            } else {
                self.alike(&mut values, value_kind, value, "values of a map");
            }
            nodes.push(node::Entry { key: key_node, value: value_node, optional: *optional });
        }
        typed(range, Kind::Map(nodes.into()), Type::Map)
    }

    fn wants_optional(&mut self, value: &Expression, kind: Type) {
        if !Type::Optional.accepts(kind) {
            self.problem(&value.range, format!("after `?` stands an optional, not {}", article(kind)));
        }
    }

    /// Kubernetes wants the elements of a literal to be of one type, as far as their types are known.
    fn alike(&mut self, common: &mut Type, kind: Type, expression: &Expression, what: &str) {
        match (*common, kind) {
            (_, Type::Dyn) => {}
            _ if self.mixed => {}
            (Type::Dyn, _) => *common = kind,
            (first, second) if first == second => {}
            (first, second) => {
                let message =
                    format!("the {what} must be of one type: this is {}, not {}", article(second), article(first));
                self.problem(&expression.range, message);
            }
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

fn typed(range: &Range<usize>, kind: Kind, of: Type) -> Typed {
    Typed { node: Node { part: part(range), kind }, kind: of }
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
fn article(kind: Type) -> String {
    match kind {
        Type::Int | Type::Optional | Type::Image | Type::Ip => format!("an {kind}"),
        Type::Null | Type::Bytes => kind.to_string(),
        Type::Dyn => "a value".to_owned(),
        _ => format!("a {kind}"),
    }
}
