//! Names and what is selected from them.

use std::ops::Range;

use crate::cel::ast::{self, Expression};
use crate::cel::compile::{Compiler, Typed, article, typed};
use crate::cel::library;
use crate::cel::node::{Constant, Index, Kind, Select};
use crate::cel::problem::Problem;
use crate::cel::types::Type;

impl Compiler<'_> {
    /// A name alone: the variable of a macro, a declared variable, or a type.
    pub(super) fn name(&mut self, name: &str, range: &Range<usize>) -> Typed {
        let name = name.trim_start_matches('.');
        if let Some(place) = self.locals.iter().rposition(|(local, _)| local == name) {
            let kind = self.locals.get(place).map_or(Type::Dyn, |(_, kind)| *kind);
            return typed(range, Kind::Local(place), kind);
        }
        if let Some((slot, kind)) = self.environment.find(name) {
            self.slots |= 1 << slot;
            return typed(range, Kind::Slot(slot), kind);
        }
        if let Some(kind) = type_named(name) {
            return typed(range, Kind::Constant(Constant::Type(kind)), Type::Type);
        }
        let problem = if self.environment.is_namespace(name) {
            Problem::new(range.clone(), format!("`{name}` alone is no value: write `{name}.NAME`"))
        } else {
            let locals = self.locals.iter().map(|(local, _)| local.as_str());
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
        let Typed { node, kind } = self.lower(operand);
        if !matches!(kind, Type::Dyn | Type::Map | Type::Optional) {
            let message = format!("{} has no field `{field}`", article(kind));
            return self.fail(Problem::new(whole.range.clone(), message));
        }
        let select = Select { operand: node, field: field.into(), optional };
        let kind = if optional || kind == Type::Optional { Type::Optional } else { Type::Dyn };
        typed(&whole.range, Kind::Select(Box::new(select)), kind)
    }

    /// `a[b]` and `a[?b]`.
    pub(super) fn index(
        &mut self,
        range: &Range<usize>,
        operand: &Expression,
        index: &Expression,
        optional: bool,
    ) -> Typed {
        let Typed { node, kind } = self.lower(operand);
        let Typed { node: index_node, kind: index_kind } = self.lower(index);
        match kind {
            Type::Dyn | Type::Map | Type::Optional => {}
            Type::List if index_kind == Type::Dyn || index_kind.is_number() => {}
            Type::List => {
                self.problem(&index.range, format!("a list is indexed by an int, not {}", article(index_kind)))
            }
            other => self.problem(range, format!("{} cannot be indexed", article(other))),
        }
        let known = if optional || kind == Type::Optional { Type::Optional } else { Type::Dyn };
        let index = Index { operand: node, index: index_node, optional };
        typed(range, Kind::Index(Box::new(index)), known)
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
        let Typed { node, kind } = self.lower(operand);
        if !matches!(kind, Type::Dyn | Type::Map | Type::Optional) {
            self.problem(&argument.range, format!("{} has no field `{field}`", article(kind)));
        }
        let select = Select { operand: node, field: field.as_str().into(), optional: false };
        typed(range, Kind::Has(Box::new(select)), Type::Bool)
    }

    fn composed(&mut self, namespace: &str, field: &str, range: &Range<usize>) -> Typed {
        match self.environment.find_composed(field) {
            Some((place, kind)) => typed(range, Kind::Composed(place), kind),
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
            ast::Kind::Name(name) if self.environment.is_namespace(name) && !self.is_local(name) => Some(name.clone()),
            _ => None,
        }
    }

    /// The dotted name that an expression spells, if its first part is no variable.
    pub(super) fn qualified(&self, expression: &Expression) -> Option<String> {
        match &expression.kind {
            ast::Kind::Name(name) => {
                let known = self.is_local(name) || self.environment.find(name).is_some();
                (!known).then(|| name.trim_start_matches('.').to_owned())
            }
            ast::Kind::Select { operand, field, optional: false } => {
                Some(format!("{}.{field}", self.qualified(operand)?))
            }
            _ => None,
        }
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|(local, _)| local == name)
    }

    /// The first part of a qualified function name, such as `optional`.
    pub(super) fn library(&self, receiver: &Expression) -> Option<String> {
        self.qualified(receiver).filter(|name| library::is_namespace(name))
    }
}

/// The type that a name stands for.
fn type_named(name: &str) -> Option<Type> {
    Type::NAMED.into_iter().find(|kind| kind.name() == name)
}
