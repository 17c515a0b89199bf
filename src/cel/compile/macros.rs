//! Macros: calls whose arguments are not values but expressions with a variable.

use std::ops::Range;

use crate::cel::ast::{self, Expression};
use crate::cel::compile::{Compiler, Typed, article, typed};
use crate::cel::node::{Kind, Loop, LoopKind, Node, OptionalMap};
use crate::cel::problem::Problem;
use crate::cel::types::Type;

/// The macros that are written behind a dot.
pub(super) const METHODS: &[&str] =
    &["all", "exists", "exists_one", "existsOne", "map", "filter", "optMap", "optFlatMap"];

impl Compiler<'_> {
    /// The node of a macro; [`None`] if the call is none.
    pub(super) fn expand(
        &mut self,
        range: &Range<usize>,
        function: &str,
        receiver: Option<&Expression>,
        arguments: &[Expression],
    ) -> Option<Typed> {
        let Some(receiver) = receiver else {
            return match (function, arguments) {
                ("has", [argument]) => Some(self.has(range, argument)),
                ("has", _) => Some(self.miscounted(range, "has", "1 argument", arguments.len())),
                _ => None,
            };
        };
        Some(match (function, arguments) {
            ("all", [name, test]) => self.each(range, LoopKind::All, receiver, name, Some(test), None),
            ("exists", [name, test]) => self.each(range, LoopKind::Exists, receiver, name, Some(test), None),
            ("exists_one" | "existsOne", [name, test]) => {
                self.each(range, LoopKind::ExistsOne, receiver, name, Some(test), None)
            }
            ("filter", [name, test]) => self.each(range, LoopKind::Filter, receiver, name, Some(test), None),
            ("map", [name, result]) => self.each(range, LoopKind::Map, receiver, name, None, Some(result)),
            ("map", [name, test, result]) => self.each(range, LoopKind::Map, receiver, name, Some(test), Some(result)),
            ("optMap", [name, body]) => self.optional_map(range, receiver, name, body, false),
            ("optFlatMap", [name, body]) => self.optional_map(range, receiver, name, body, true),
            ("all" | "exists" | "exists_one" | "existsOne", [_, _, _]) => {
                let message = format!("`{function}` with two variables is not supported yet");
                self.fail(Problem::new(range.clone(), message))
            }
            ("map", _) => self.miscounted(range, "map", "2 or 3 arguments", arguments.len()),
            (name, _) if METHODS.contains(&name) => self.miscounted(range, name, "2 arguments", arguments.len()),
            _ => return None,
        })
    }

    fn each(
        &mut self,
        range: &Range<usize>,
        kind: LoopKind,
        over: &Expression,
        name: &Expression,
        test: Option<&Expression>,
        result: Option<&Expression>,
    ) -> Typed {
        let Typed { node, kind: found } = self.lower(over);
        if !matches!(found, Type::Dyn | Type::List | Type::Map) {
            self.problem(&over.range, format!("a list or a map has elements, {} has none", article(found)));
        }
        let local = self.enter(name);
        let test = test.map(|test| self.lower_as(test, Type::Bool, "the test of each element"));
        let result = result.map(|result| self.lower(result).node);
        self.locals.pop();
        let of = if matches!(kind, LoopKind::Map | LoopKind::Filter) { Type::List } else { Type::Bool };
        typed(range, Kind::Loop(Box::new(Loop { kind, range: node, local, test, result })), of)
    }

    fn optional_map(
        &mut self,
        range: &Range<usize>,
        over: &Expression,
        name: &Expression,
        body: &Expression,
        flat: bool,
    ) -> Typed {
        let operand = self.lower_as(over, Type::Optional, if flat { "`optFlatMap`" } else { "`optMap`" });
        let local = self.enter(name);
        let body: Node = if flat { self.lower_as(body, Type::Optional, "`optFlatMap`") } else { self.lower(body).node };
        self.locals.pop();
        let map = OptionalMap { operand, local, body, flat };
        typed(range, Kind::OptionalMap(Box::new(map)), Type::Optional)
    }

    /// Declares the variable of a macro and returns its place.
    fn enter(&mut self, name: &Expression) -> usize {
        let local = match &name.kind {
            ast::Kind::Name(name) => name.clone(),
            _ => {
                self.problem(&name.range, "the first argument must be a plain name for the element");
                String::new()
            }
        };
        self.locals.push((local, Type::Dyn));
        self.most_locals = self.most_locals.max(self.locals.len());
        self.locals.len() - 1
    }

    fn miscounted(&mut self, range: &Range<usize>, name: &str, wanted: &str, found: usize) -> Typed {
        self.fail(Problem::new(range.clone(), format!("`{name}` takes {wanted}, not {found}")))
    }
}
