//! Macros: calls whose arguments are not values but expressions with a variable.

use std::ops::Range;

use crate::cel::ast::{self, Expression};
use crate::cel::compile::{Compiler, Local, Typed, article, typed};
use crate::cel::node::{Kind, Loop, LoopKind, OptionalMap};
use crate::cel::problem::Problem;
use crate::cel::shape::Shape;
use crate::cel::types::Type;

/// The macros that are written behind a dot.
pub(crate) const METHODS: &[&str] = &[
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "map",
    "filter",
    "transformList",
    "transformMap",
    "transformMapEntry",
    "sortBy",
    "optMap",
    "optFlatMap",
];

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
        let kind = match function {
            "all" => LoopKind::All,
            "exists" => LoopKind::Exists,
            "exists_one" | "existsOne" => LoopKind::ExistsOne,
            "filter" => LoopKind::Filter,
            "map" | "transformList" => LoopKind::Map,
            "transformMap" => LoopKind::TransformMap,
            "transformMapEntry" => LoopKind::TransformMapEntry,
            "sortBy" => LoopKind::SortBy,
            "optMap" | "optFlatMap" => {
                return Some(match arguments {
                    [name, body] => self.optional_map(range, receiver, name, body, function == "optFlatMap"),
                    _ => self.miscounted(range, function, "2 arguments", arguments.len()),
                });
            }
            _ => return None,
        };
        let two_variables = function.starts_with("transform");
        Some(match (kind, arguments) {
            (LoopKind::ExistsOne, [_, _]) if function == "existsOne" => {
                self.miscounted(range, function, "3 arguments", arguments.len())
            }
            (LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne | LoopKind::Filter, [name, test]) => {
                self.each(range, kind, receiver, &[name], Some(test), None)
            }
            (LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne, [first, second, test]) => {
                self.each(range, kind, receiver, &[first, second], Some(test), None)
            }
            (LoopKind::SortBy, [name, key]) => self.each(range, kind, receiver, &[name], None, Some(key)),
            (LoopKind::Map, [name, result]) if !two_variables => {
                self.each(range, kind, receiver, &[name], None, Some(result))
            }
            (LoopKind::Map, [name, test, result]) if !two_variables => {
                self.each(range, kind, receiver, &[name], Some(test), Some(result))
            }
            (_, [first, second, result]) if two_variables => {
                self.each(range, kind, receiver, &[first, second], None, Some(result))
            }
            (_, [first, second, test, result]) if two_variables => {
                self.each(range, kind, receiver, &[first, second], Some(test), Some(result))
            }
            _ => {
                let wanted = match kind {
                    LoopKind::Filter | LoopKind::SortBy => "2 arguments",
                    _ if two_variables => "3 or 4 arguments",
                    _ => "2 or 3 arguments",
                };
                self.miscounted(range, function, wanted, arguments.len())
            }
        })
    }

    fn each(
        &mut self,
        range: &Range<usize>,
        kind: LoopKind,
        over: &Expression,
        names: &[&Expression],
        test: Option<&Expression>,
        result: Option<&Expression>,
    ) -> Typed {
        let Typed { node, shape: over_shape } = self.lower(over);
        if kind == LoopKind::SortBy && over_shape.flat() == Type::Map {
            self.problem(&over.range, "a map has no order that could be another");
        }
        let [key, value] = self.entries(over, &over_shape);
        let known = self.locals.len();
        if let [ast::Kind::Name(first), ast::Kind::Name(second)] =
            names.iter().map(|name| &name.kind).collect::<Vec<_>>()[..]
            && first == second
        {
            self.problem(range, format!("both variables are named `{first}`"));
        }
        // The one variable of a macro over a list is the element, and over a map the key.
        let shapes = match (&over_shape, names) {
            (Shape::List(_), [_]) => [value.clone(), key.clone()],
            _ => [key.clone(), value.clone()],
        };
        let element = shapes.first().cloned().unwrap_or(Shape::DYN);
        let places: Vec<_> = names.iter().zip(shapes).map(|(name, shape)| self.enter(name, shape)).collect();
        let test = test.map(|test| self.lower_as(test, Type::Bool, "the test of each element"));
        let result = result.map(|result| match kind {
            LoopKind::TransformMapEntry => self.lower_fitting(result, Type::Map, "`transformMapEntry`"),
            LoopKind::SortBy => self.sort_key(result),
            _ => self.lower(result),
        });
        self.doubt_unused(names, known);
        self.locals.truncate(known);
        let (result, made) = result.map(|Typed { node, shape }| (node, shape)).unzip();
        let made = made.unwrap_or(element);
        let shape = match kind {
            LoopKind::Map | LoopKind::Filter => Shape::list(made),
            LoopKind::SortBy => over_shape,
            LoopKind::TransformMap => Shape::map(key, made),
            LoopKind::TransformMapEntry => made,
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => Shape::Basic(Type::Bool),
        };
        let (local, second) = (places.first().copied().unwrap_or(known), places.get(1).copied());
        typed(range, Kind::Loop(Box::new(Loop { kind, range: node, local, second, test, result })), shape)
    }

    /// The types of the keys and values that a macro goes through; a list has places for keys.
    fn entries(&mut self, over: &Expression, shape: &Shape) -> [Shape; 2] {
        match shape {
            Shape::List(element) => [Shape::Basic(Type::Int), Shape::clone(element)],
            Shape::Map(parts) => (**parts).clone(),
            Shape::Object(object) => [Shape::STRING, object.any_value()],
            shape if shape.is_dyn() => [Shape::DYN, Shape::DYN],
            shape => {
                self.problem(&over.range, format!("a list or a map has elements, {} has none", article(shape)));
                [Shape::DYN, Shape::DYN]
            }
        }
    }

    fn sort_key(&mut self, key: &Expression) -> Typed {
        let typed = self.lower(key);
        if !typed.shape.flat().is_ordered() {
            self.problem(&key.range, format!("nothing can be sorted by {}", article(&typed.shape)));
        }
        typed
    }

    fn optional_map(
        &mut self,
        range: &Range<usize>,
        over: &Expression,
        name: &Expression,
        body: &Expression,
        flat: bool,
    ) -> Typed {
        let asker = if flat { "`optFlatMap`" } else { "`optMap`" };
        let Typed { node: operand, shape } = self.lower_fitting(over, Type::Optional, asker);
        let value = match shape {
            Shape::Optional(value) => Shape::clone(&value),
            _ => Shape::DYN,
        };
        let local = self.enter(name, value);
        let Typed { node: body, shape } =
            if flat { self.lower_fitting(body, Type::Optional, asker) } else { self.lower(body) };
        self.doubt_unused(&[name], local);
        self.locals.truncate(local);
        let map = OptionalMap { operand, local, body, flat };
        let shape = if flat { shape } else { Shape::optional(shape) };
        typed(range, Kind::OptionalMap(Box::new(map)), shape)
    }

    /// Declares the variable of a macro and returns its place.
    fn enter(&mut self, name: &Expression, shape: Shape) -> usize {
        let name = match &name.kind {
            ast::Kind::Name(name) => name.clone(),
            _ => {
                self.problem(&name.range, "a variable must be a plain name");
                String::new()
            }
        };
        self.locals.push(Local { name, shape, is_read: false });
        self.most_locals = self.most_locals.max(self.locals.len());
        self.locals.len() - 1
    }

    fn miscounted(&mut self, range: &Range<usize>, name: &str, wanted: &str, found: usize) -> Typed {
        self.fail(Problem::new(range.clone(), format!("`{name}` takes {wanted}, not {found}")))
    }
}
