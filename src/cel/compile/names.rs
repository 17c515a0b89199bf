//! Names and what is selected from them.

use std::ops::Range;

use crate::cel::ast::{self, Expression, Literal};
use crate::cel::compile::{Compiler, Typed, article, part, typed};
use crate::cel::environment::bit;
use crate::cel::library;
use crate::cel::node::{Constant, Index, Kind, Node, Select};
use crate::cel::problem::Problem;
use crate::cel::shape::{Object, Shape};
use crate::cel::types::Type;

/// What the API server has and nobody else: it asks the cluster.
const AUTHORIZER: &str = "authorizer";

impl Compiler<'_> {
    /// Whether a part begins with `authorizer`, which is not there.
    pub(super) fn asks_authorizer(&self, expression: &Expression) -> bool {
        match &root(expression).kind {
            ast::Kind::Name(name) => {
                name == AUTHORIZER && !self.is_local(name) && self.environment.find(name).is_none()
            }
            _ => false,
        }
    }

    /// A name alone: the variable of a macro, a declared variable, or a type. Behind a dot it is no variable of a macro.
    pub(super) fn name(&mut self, name: &str, range: &Range<usize>) -> Typed {
        if let Some((place, local)) = self.locals.iter_mut().enumerate().rfind(|(_, local)| local.name == name) {
            local.is_read = true;
            return typed(range, Kind::Local(place), local.shape.clone());
        }
        let is_global = name.starts_with('.');
        let name = name.trim_start_matches('.');
        if let Some((slot, shape)) = self.environment.find(name) {
            self.slots |= 1 << slot;
            return typed(range, Kind::Slot(slot), shape.clone());
        }
        if let Some(kind) = type_named(name) {
            return typed(range, Kind::Constant(Constant::Type(kind)), Type::Type);
        }
        let problem = if name == AUTHORIZER {
            Problem::new(range.clone(), "there is no `authorizer` here: only the API server knows who may do what")
        } else if self.environment.is_namespace(name) {
            Problem::new(range.clone(), format!("`{name}` alone is no value: write `{name}.NAME`"))
        } else {
            let locals = self.locals.iter().filter(|_| !is_global).map(|local| local.name.as_str());
            let names: Vec<_> = self.environment.names().chain(locals).map(str::to_owned).collect();
            Problem::new(range.clone(), format!("there is no variable `{name}`")).suggest(name, names)
        };
        self.fail(problem)
    }

    /// `a.b` and `a.?b`.
    pub(super) fn select(&mut self, whole: &Expression, operand: &Expression, field: &str, optional: bool) -> Typed {
        if let Some(namespace) = self.namespace(operand) {
            if optional {
                let message = format!("`{namespace}.{field}` is always there: write it without `?`");
                return self.fail(Problem::new(whole.range.clone(), message));
            }
            return self.composed(&namespace, field, &whole.range);
        }
        if let Some(kind) = self.qualified(whole).and_then(|name| type_named(&name)) {
            return typed(&whole.range, Kind::Constant(Constant::Type(kind)), Type::Type);
        }
        let Typed { node, shape } = self.lower(operand);
        let found = self.member(whole, &shape, field, optional);
        let is_optional = optional || matches!(shape, Shape::Optional(_));
        let shape = if is_optional { Shape::optional(found) } else { found };
        if !optional {
            return Typed { node: Node::field(node, field, part(&whole.range)), shape };
        }
        let select = Select { operand: node, field: field.into(), optional };
        typed(&whole.range, Kind::Select(Box::new(select)), shape)
    }

    /// The type of the field that `whole` selects. `asks` if it need not be there.
    fn member(&mut self, whole: &Expression, shape: &Shape, field: &str, asks: bool) -> Shape {
        match shape {
            Shape::Map(parts) => {
                let [_, value] = &**parts;
                value.clone()
            }
            Shape::Object(object) => match object.find(field) {
                Some(found) => found,
                None if object.is_open() && (asks || self.asked.iter().any(|asked| asked == field)) => {
                    self.asked.push(field.to_owned());
                    Shape::DYN
                }
                None => {
                    // A name in backticks is as long as it is, and two.
                    let is_plain = field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                    let length = field.len() + if is_plain { 0 } else { 2 };
                    let Range { start, end } = whole.range;
                    self.unknown_field(end.saturating_sub(length).max(start)..end, object, field)
                }
            },
            Shape::Optional(inner) => self.member(whole, inner, field, true),
            shape if shape.is_dyn() => Shape::DYN,
            shape => {
                self.problem(&whole.range, format!("{} has no field `{field}`", article(shape)));
                Shape::DYN
            }
        }
    }

    fn unknown_field(&mut self, range: Range<usize>, object: &Object, field: &str) -> Shape {
        let mut problem = Problem::new(range, object.lacks(field)).suggest(field, object.names());
        if problem.help.is_none() && object.is_of_the_api() {
            problem =
                problem.help(format!("what only another version of Kubernetes knows is reached by `dyn(..).{field}`"));
        }
        self.problems.push(problem);
        Shape::DYN
    }

    /// `a[b]` and `a[?b]`.
    pub(super) fn index(
        &mut self,
        whole: &Expression,
        operand: &Expression,
        index: &Expression,
        optional: bool,
    ) -> Typed {
        let Typed { node, shape } = self.lower(operand);
        let Typed { node: index_node, shape: key } = self.lower(index);
        let (container, from_optional) = match &shape {
            Shape::Optional(inner) => (&**inner, true),
            shape => (shape, false),
        };
        let found = match container {
            Shape::List(element) => {
                if !Shape::Basic(Type::Int).fits(&key) {
                    self.problem(&index.range, format!("a list is indexed by an int, not {}", article(&key)));
                }
                Shape::clone(element)
            }
            Shape::Map(parts) => {
                let [known, value] = &**parts;
                if !known.fits(&key) {
                    let message = format!("{} has no key that is {}", article(container), article(&key));
                    self.problem(&index.range, message);
                }
                value.clone()
            }
            Shape::Object(object) => {
                if !Shape::STRING.fits(&key) {
                    let message = format!("the fields of `{object}` have names, and this is {}", article(&key));
                    self.problem(&index.range, message);
                }
                self.named_member(index, object)
            }
            shape if shape.is_dyn() => Shape::DYN,
            other => {
                self.problem(&whole.range, format!("{} cannot be indexed", article(other)));
                Shape::DYN
            }
        };
        let shape = if optional || from_optional { Shape::optional(found) } else { found };
        let index = Index { operand: node, index: index_node, optional };
        typed(&whole.range, Kind::Index(Box::new(index)), shape)
    }

    /// The field of an object whose name is the value of an expression: in brackets, or before `in`.
    pub(super) fn named_member(&mut self, name: &Expression, object: &Object) -> Shape {
        let ast::Kind::Literal(Literal::String(field)) = &name.kind else { return object.any_value() };
        match object.find(field) {
            Some(found) => found,
            None if object.is_open() => Shape::DYN,
            None => self.unknown_field(name.range.clone(), object, field),
        }
    }

    /// `has(a.b)`.
    pub(super) fn has(&mut self, range: &Range<usize>, argument: &Expression) -> Typed {
        let ast::Kind::Select { operand, field, optional: false } = &argument.kind else {
            let problem = Problem::new(argument.range.clone(), "`has` wants a field, as in `has(object.spec)`");
            return self.fail(problem.help("whether a map has a key says `'key' in map`"));
        };
        if let Some(namespace) = self.namespace(operand) {
            self.composed(&namespace, field, &argument.range);
            return typed(range, Kind::Constant(Constant::Bool(true)), Type::Bool);
        }
        let Typed { node, shape } = self.lower(operand);
        self.member(argument, &shape, field, true);
        let select = Select { operand: node, field: field.as_str().into(), optional: false };
        typed(range, Kind::Has(Box::new(select)), Type::Bool)
    }

    fn composed(&mut self, namespace: &str, field: &str, range: &Range<usize>) -> Typed {
        match self.environment.find_composed(field) {
            Some((place, shape)) => {
                self.composed |= bit(place);
                typed(range, Kind::Composed(place), shape.clone())
            }
            None => {
                let whole = format!("{namespace}.{field}");
                let names: Vec<_> =
                    self.environment.composed_names().map(|name| format!("{namespace}.{name}")).collect();
                let problem = Problem::new(range.clone(), format!("there is no variable `{whole}`"));
                self.fail(problem.suggest(&whole, names))
            }
        }
    }

    /// The name of the composed variables, if the expression is it.
    fn namespace(&self, expression: &Expression) -> Option<String> {
        match &expression.kind {
            ast::Kind::Name(name) if !self.is_local(name) => {
                let name = name.trim_start_matches('.');
                self.environment.is_namespace(name).then(|| name.to_owned())
            }
            _ => None,
        }
    }

    /// The dotted name that an expression spells, if its first part is no variable.
    pub(super) fn qualified(&self, expression: &Expression) -> Option<String> {
        match &expression.kind {
            ast::Kind::Name(name) => {
                let global = name.trim_start_matches('.');
                let known = self.is_local(name) || self.environment.find(global).is_some();
                (!known).then(|| global.to_owned())
            }
            ast::Kind::Select { operand, field, optional: false } => {
                Some(format!("{}.{field}", self.qualified(operand)?))
            }
            _ => None,
        }
    }

    /// Whether a name means something by itself.
    pub(super) fn is_known(&self, name: &str) -> bool {
        let global = name.trim_start_matches('.');
        let is_variable = self.environment.find(global).is_some() || self.environment.is_namespace(global);
        is_variable || self.is_local(name) || type_named(global).is_some() || global == AUTHORIZER
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|local| local.name == name)
    }

    /// The first part of a qualified function name, such as `optional`.
    pub(super) fn library(&self, receiver: &Expression) -> Option<String> {
        self.qualified(receiver).filter(|name| library::is_namespace(name))
    }
}

/// What a chain of selections and methods begins with.
pub(super) fn root(expression: &Expression) -> &Expression {
    let mut part = expression;
    while let ast::Kind::Select { operand: inner, .. }
    | ast::Kind::Index { operand: inner, .. }
    | ast::Kind::Call { receiver: Some(inner), .. } = &part.kind
    {
        part = inner;
    }
    part
}

/// The type that a name stands for.
fn type_named(name: &str) -> Option<Type> {
    Type::NAMED.into_iter().find(|kind| kind.name() == name)
}
