//! Operators: what they are defined for, as far as types are known.

use std::ops::Range;

use crate::cel::ast::{self, Expression, Operator};
use crate::cel::compile::{Compiler, Typed, article, typed};
use crate::cel::node::{Kind, Node};
use crate::cel::types::Type;

impl Compiler<'_> {
    pub(super) fn negate(&mut self, range: &Range<usize>, operand: &Expression) -> Typed {
        let Typed { node, kind } = self.lower(operand);
        if !matches!(kind, Type::Dyn | Type::Int | Type::Double) {
            self.problem(range, format!("`-` is not defined for {}", article(kind)));
        }
        self.folded(typed(range, Kind::Negate(Box::new(node)), kind))
    }

    pub(super) fn conditional(
        &mut self,
        range: &Range<usize>,
        condition: &Expression,
        then: &Expression,
        otherwise: &Expression,
    ) -> Typed {
        let condition = self.lower_as(condition, Type::Bool, "the condition before `?`");
        let Typed { node: then_node, kind: first } = self.lower(then);
        let Typed { node: otherwise_node, kind: second } = self.lower(otherwise);
        if !first.accepts(second) {
            let message =
                format!("both outcomes must be of one type: one is {}, the other {}", article(first), article(second));
            self.problem(range, message);
        }
        let kind = if first == second { first } else { Type::Dyn };
        typed(range, Kind::Conditional(Box::new([condition, then_node, otherwise_node])), kind)
    }

    pub(super) fn binary(
        &mut self,
        range: &Range<usize>,
        operator: Operator,
        left: &Expression,
        right: &Expression,
    ) -> Typed {
        if matches!(operator, Operator::And | Operator::Or) {
            let mut terms = Vec::new();
            self.terms(operator, left, &mut terms);
            self.terms(operator, right, &mut terms);
            let terms: Box<[Node]> = terms.into();
            let kind = if operator == Operator::And { Kind::And(terms) } else { Kind::Or(terms) };
            return typed(range, kind, Type::Bool);
        }
        let Typed { node: left, kind: first } = self.lower(left);
        let Typed { node: right, kind: second } = self.lower(right);
        let defined = match operator {
            Operator::Equal | Operator::NotEqual => first.comparable(second).then_some(Type::Bool),
            Operator::In => matches!(second, Type::Dyn | Type::List | Type::Map).then_some(Type::Bool),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let alike = first.accepts(second) || (first.is_number() && second.is_number());
                (alike && first.is_ordered() && second.is_ordered()).then_some(Type::Bool)
            }
            _ => arithmetic(operator, first, second),
        };
        if defined.is_none() {
            let symbol = operator.symbol();
            self.problem(range, format!("`{symbol}` is not defined for {} and {}", article(first), article(second)));
        }
        let kind = defined.unwrap_or(Type::Dyn);
        self.folded(typed(range, Kind::Binary(operator, Box::new([left, right])), kind))
    }

    /// The terms of a chain of `&&` or `||`, which the parser has made a tree of.
    fn terms(&mut self, operator: Operator, expression: &Expression, terms: &mut Vec<Node>) {
        match &expression.kind {
            ast::Kind::Binary(inner, sides) if *inner == operator => {
                self.terms(operator, &sides.0, terms);
                self.terms(operator, &sides.1, terms);
            }
            _ => {
                let asker = if operator == Operator::And { "`&&`" } else { "`||`" };
                terms.push(self.lower_as(expression, Type::Bool, asker));
            }
        }
    }
}

/// The type of the result, if the operator is defined.
fn arithmetic(operator: Operator, left: Type, right: Type) -> Option<Type> {
    let texts = |kind| matches!(kind, Type::String | Type::Bytes | Type::List);
    match (left, right) {
        (Type::Dyn, Type::Dyn) => Some(Type::Dyn),
        (Type::Dyn, known) | (known, Type::Dyn) => {
            let times = matches!(known, Type::Duration | Type::Timestamp);
            match operator {
                Operator::Add if texts(known) => Some(known),
                Operator::Add | Operator::Subtract if times => Some(Type::Dyn),
                Operator::Remainder if known == Type::Double => None,
                _ => known.is_number().then_some(known),
            }
        }
        (Type::Double, Type::Double) => (operator != Operator::Remainder).then_some(Type::Double),
        (Type::Int, Type::Int) | (Type::Uint, Type::Uint) => Some(left),
        (Type::Duration, Type::Duration) => match operator {
            Operator::Add | Operator::Subtract => Some(Type::Duration),
            _ => None,
        },
        (Type::Timestamp, Type::Duration) => match operator {
            Operator::Add | Operator::Subtract => Some(Type::Timestamp),
            _ => None,
        },
        (Type::Duration, Type::Timestamp) => (operator == Operator::Add).then_some(Type::Timestamp),
        (Type::Timestamp, Type::Timestamp) => (operator == Operator::Subtract).then_some(Type::Duration),
        (first, second) => (operator == Operator::Add && first == second && texts(first)).then_some(first),
    }
}
