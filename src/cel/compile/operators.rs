//! Operators: what they are defined for, as far as types are known.

use std::ops::Range;

use crate::cel::ast::{self, Expression, Operator};
use crate::cel::compile::{Compiler, Typed, article, typed};
use crate::cel::node::{Kind, Node};
use crate::cel::shape::Shape;
use crate::cel::types::Type;

impl Compiler<'_> {
    pub(super) fn negate(&mut self, range: &Range<usize>, operand: &Expression) -> Typed {
        let Typed { node, shape } = self.lower(operand);
        if !matches!(shape.flat(), Type::Dyn | Type::Int | Type::Double) {
            self.problem(range, format!("`-` is not defined for {}", article(&shape)));
        }
        self.folded(typed(range, Kind::Negate(Box::new(node)), shape))
    }

    pub(super) fn conditional(
        &mut self,
        range: &Range<usize>,
        condition: &Expression,
        then: &Expression,
        otherwise: &Expression,
    ) -> Typed {
        let place = &condition.range;
        let condition = self.lower_as(condition, Type::Bool, "the condition before `?`");
        self.doubt_constant(place, &condition);
        let Typed { node: then_node, shape: first } = self.lower(then);
        let Typed { node: otherwise_node, shape: second } = self.lower(otherwise);
        let fits = first.fits(&second);
        if !fits {
            let (first, second) = (article(&first), article(&second));
            self.problem(range, format!("both outcomes must be of one type: one is {first}, the other {second}"));
        }
        let shape = if fits { first.join(&second) } else { Shape::DYN };
        typed(range, Kind::Conditional(Box::new([condition, then_node, otherwise_node])), shape)
    }

    pub(super) fn binary(
        &mut self,
        range: &Range<usize>,
        operator: Operator,
        left: &Expression,
        right: &Expression,
    ) -> Typed {
        if matches!(operator, Operator::And | Operator::Or) {
            let mut parts = Vec::new();
            terms(operator, left, &mut parts);
            terms(operator, right, &mut parts);
            let asker = format!("`{}`", operator.symbol());
            let terms: Box<[Node]> = parts.iter().map(|term| self.lower_as(term, Type::Bool, &asker)).collect();
            self.doubt_terms(operator, &parts, &terms);
            let kind = if operator == Operator::And { Kind::And(terms) } else { Kind::Or(terms) };
            return typed(range, kind, Type::Bool);
        }
        let sides = (left, right);
        let Typed { node: left, shape: first } = self.lower(left);
        let Typed { node: right, shape: second } = self.lower(right);
        if let (Operator::In, Shape::Object(object)) = (operator, &second) {
            self.named_member(sides.0, object);
        }
        self.doubt_comparison(range, operator, (sides.0, &first), (sides.1, &second));
        let result = match operator {
            Operator::Equal | Operator::NotEqual => first.fits(&second).then_some(Shape::Basic(Type::Bool)),
            Operator::In => can_be_in(&first, &second).then_some(Shape::Basic(Type::Bool)),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let (one, other) = (first.flat(), second.flat());
                let alike = first.fits(&second) || (one.is_number() && other.is_number());
                (alike && one.is_ordered() && other.is_ordered()).then_some(Shape::Basic(Type::Bool))
            }
            _ => arithmetic(operator, &first, &second),
        };
        if result.is_none() {
            let symbol = operator.symbol();
            self.problem(range, format!("`{symbol}` is not defined for {} and {}", article(&first), article(&second)));
        }
        let shape = result.unwrap_or(Shape::DYN);
        self.folded(typed(range, Kind::Binary(operator, Box::new([left, right])), shape))
    }
}

/// The terms of a chain of `&&` or `||`, which the parser has made a tree of.
fn terms<'x>(operator: Operator, expression: &'x Expression, found: &mut Vec<&'x Expression>) {
    match &expression.kind {
        ast::Kind::Binary(inner, sides) if *inner == operator => {
            terms(operator, &sides.0, found);
            terms(operator, &sides.1, found);
        }
        _ => found.push(expression),
    }
}

/// Whether a value may be an element of a list, or a key of a map.
fn can_be_in(value: &Shape, container: &Shape) -> bool {
    match container {
        Shape::List(element) => element.fits(value),
        Shape::Map(parts) => {
            let [key, _] = &**parts;
            key.fits(value)
        }
        Shape::Object(_) => value.fits(&Shape::STRING),
        other => other.is_dyn(),
    }
}

/// The type of the result, if the operator is defined.
fn arithmetic(operator: Operator, left: &Shape, right: &Shape) -> Option<Shape> {
    let add = operator == Operator::Add;
    let subtract = operator == Operator::Subtract;
    let result = match (left.flat(), right.flat()) {
        (Type::List, Type::List) => return (add && left.fits(right)).then(|| left.join(right)),
        (Type::List, Type::Dyn) => return add.then(|| left.clone()),
        (Type::Dyn, Type::List) => return add.then(|| right.clone()),
        (Type::Dyn, Type::Dyn) => Type::Dyn,
        (Type::Dyn, known) | (known, Type::Dyn) => match known {
            Type::String | Type::Bytes if add => known,
            Type::Duration | Type::Timestamp if add || subtract => Type::Dyn,
            Type::Double if operator == Operator::Remainder => return None,
            known if known.is_number() => known,
            _ => return None,
        },
        (Type::Double, Type::Double) if operator != Operator::Remainder => Type::Double,
        (Type::Int, Type::Int) => Type::Int,
        (Type::Uint, Type::Uint) => Type::Uint,
        (Type::Duration, Type::Duration) if add || subtract => Type::Duration,
        (Type::Timestamp, Type::Duration) if add || subtract => Type::Timestamp,
        (Type::Duration, Type::Timestamp) if add => Type::Timestamp,
        (Type::Timestamp, Type::Timestamp) if subtract => Type::Duration,
        (Type::String, Type::String) if add => Type::String,
        (Type::Bytes, Type::Bytes) if add => Type::Bytes,
        _ => return None,
    };
    Some(Shape::Basic(result))
}
