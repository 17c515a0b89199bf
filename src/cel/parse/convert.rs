//! The parser's tree to podgate's own, with the place of every part.

use std::ops::Range;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};

use super::tokens::Tokens;
use crate::cel::ast::{Element, Entry, Expression, Kind, Literal, Operator};
use crate::cel::problem::Problem;

/// Parts inside one another. Everything behind the parser recurses, on the stack of whoever calls.
pub(super) const DEPTH: u32 = 128;

/// What is known about the source.
pub(super) struct Converter<'s> {
    pub source: &'s str,
    pub tokens: &'s Tokens,
    pub places: &'s SourceInfo,
}

impl Converter<'_> {
    /// The whole expression.
    pub fn expression(&self, expression: &IdedExpr) -> Result<Expression, Problem> {
        self.part(expression, 0)
    }

    fn part(&self, part: &IdedExpr, depth: u32) -> Result<Expression, Problem> {
        let (token, own) = self.token(part.id);
        if depth > DEPTH {
            let message = format!("more than {DEPTH} parts inside one another");
            return Err(Problem::new(own, message).help("split it up with `variables`"));
        }
        match &part.expr {
            Expr::Literal(literal) => {
                Ok(Expression { range: self.signed(own, token, literal), kind: literal_of(literal) })
            }
            Expr::Ident(name) => Ok(Expression { range: own, kind: Kind::Name(name.clone()) }),
            Expr::Select(select) => {
                let operand = self.part(&select.operand, depth + 1)?;
                Ok(self.select(operand, token, own, select.field.clone(), false))
            }
            Expr::Call(call) => self.call(call, token, own, depth),
            Expr::List(list) => {
                let elements = list.elements.iter().enumerate().map(|(place, element)| {
                    let optional = list.optional_indices.contains(&place);
                    Ok(Element { value: self.part(element, depth + 1)?, optional })
                });
                let elements = elements.collect::<Result<_, Problem>>()?;
                Ok(Expression { range: self.tokens.bracketed(token).unwrap_or(own), kind: Kind::List(elements) })
            }
            Expr::Map(map) => {
                let range = self.tokens.bracketed(token).unwrap_or(own);
                let entries = map.entries.iter().map(|entry| match &entry.expr {
                    EntryExpr::MapEntry(entry) => Ok(Entry {
                        key: self.part(&entry.key, depth + 1)?,
                        value: self.part(&entry.value, depth + 1)?,
                        optional: entry.optional,
                    }),
                    EntryExpr::StructField(_) => Err(Problem::new(range.clone(), "a map has no fields")),
                });
                let entries = entries.collect::<Result<_, Problem>>()?;
                Ok(Expression { range, kind: Kind::Map(entries) })
            }
            Expr::Struct(message) => {
                let end = self.tokens.bracketed(token).unwrap_or_else(|| own.clone()).end;
                let start = token.checked_sub(1).and_then(|place| self.tokens.range(place)).unwrap_or(own).start;
                let message = format!("`{}{{..}}` makes a message, which there are none of", message.type_name);
                Err(Problem::new(start..end, message).help("a map is written `{'key': value}`"))
            }
            Expr::Comprehension(_) | Expr::Unspecified => {
                Err(Problem::new(0..self.source.len(), "the expression cannot be parsed"))
            }
        }
    }

    fn call(&self, call: &CallExpr, token: usize, own: Range<usize>, depth: u32) -> Result<Expression, Problem> {
        let argument = |place: usize| match call.args.get(place) {
            Some(argument) => self.part(argument, depth + 1),
            None => Err(Problem::new(own.clone(), "an operand is missing")),
        };
        if let Some(operator) = operator_of(&call.func_name) {
            let (left, right) = (argument(0)?, argument(1)?);
            let left_range = self.tokens.operand_before(token, left.range.clone());
            let right_range = self.tokens.operand_behind(token, right.range.clone());
            let range = left_range.start..right_range.end;
            let sides = (Expression { range: left_range, ..left }, Expression { range: right_range, ..right });
            return Ok(Expression { range, kind: Kind::Binary(operator, Box::new(sides)) });
        }
        match call.func_name.as_str() {
            operators::LOGICAL_NOT | operators::NEGATE => {
                let operand = argument(0)?;
                let inner = self.tokens.operand_behind(token, operand.range.clone());
                let range = own.start..inner.end;
                let operand = Box::new(Expression { range: inner, ..operand });
                let not = call.func_name == operators::LOGICAL_NOT;
                Ok(Expression { range, kind: if not { Kind::Not(operand) } else { Kind::Negate(operand) } })
            }
            operators::CONDITIONAL => {
                let (condition, then, otherwise) = (argument(0)?, argument(1)?, argument(2)?);
                let start = self.tokens.operand_before(token, condition.range.clone()).start;
                let end = self.closed_behind(&then, &otherwise);
                Ok(Expression { range: start..end, kind: Kind::Conditional(Box::new((condition, then, otherwise))) })
            }
            operators::INDEX | operators::OPT_INDEX => {
                let (operand, index) = (argument(0)?, argument(1)?);
                let before = self.tokens.operand_before(token, operand.range.clone());
                let end = self.tokens.bracketed(token).unwrap_or(own).end;
                let range = before.start..end;
                let operand = Box::new(Expression { range: before, ..operand });
                let optional = call.func_name == operators::OPT_INDEX;
                Ok(Expression { range, kind: Kind::Index { operand, index: Box::new(index), optional } })
            }
            operators::OPT_SELECT => {
                let operand = argument(0)?;
                match call.args.get(1).map(|field| &field.expr) {
                    Some(Expr::Literal(LiteralValue::String(field))) => {
                        Ok(self.select(operand, token, own, field.inner().to_owned(), true))
                    }
                    _ => Err(Problem::new(own, "a field name is missing")),
                }
            }
            _ => {
                let arguments = call.args.iter().map(|argument| self.part(argument, depth + 1));
                let arguments = arguments.collect::<Result<_, Problem>>()?;
                let name = token.checked_sub(1);
                let end = self.tokens.bracketed(token).unwrap_or_else(|| own.clone()).end;
                let named = name.and_then(|name| self.tokens.range(name)).unwrap_or_else(|| own.clone());
                let (start, receiver) = match &call.target {
                    None => (named.start, None),
                    Some(target) => {
                        let target = self.part(target, depth + 1)?;
                        let dot = name.and_then(|name| name.checked_sub(1)).unwrap_or_default();
                        let before = self.tokens.operand_before(dot, target.range.clone());
                        (before.start, Some(Box::new(Expression { range: before, ..target })))
                    }
                };
                let function = call.func_name.trim_start_matches('.').to_owned();
                Ok(Expression { range: start..end, kind: Kind::Call { function, receiver, arguments } })
            }
        }
    }

    fn select(&self, operand: Expression, dot: usize, own: Range<usize>, field: String, optional: bool) -> Expression {
        let before = self.tokens.operand_before(dot, operand.range.clone());
        let name = if optional { dot + 2 } else { dot + 1 };
        let end = self.tokens.range(name).unwrap_or(own).end;
        let range = before.start..end;
        let operand = Box::new(Expression { range: before, ..operand });
        Expression { range, kind: Kind::Select { operand, field, optional } }
    }

    /// Where a conditional ends: behind the brackets around its last part. The colon before it has no place of its own.
    fn closed_behind(&self, then: &Expression, otherwise: &Expression) -> usize {
        let between = self.source.get(then.range.end..otherwise.range.start).unwrap_or_default();
        let colon = between.find(':').and_then(|at| self.tokens.at(then.range.end + at));
        match colon {
            Some(colon) => self.tokens.operand_behind(colon, otherwise.range.clone()).end,
            None => otherwise.range.end,
        }
    }

    /// The place of the part's token, and its bytes.
    fn token(&self, id: u64) -> (usize, Range<usize>) {
        let (start, stop) = self.places.offset_for(id).unwrap_or((0, 0));
        let start = usize::try_from(start).unwrap_or_default();
        let place = self.tokens.at(start).unwrap_or_default();
        let end = usize::try_from(stop).unwrap_or_default() + 1;
        (place, self.tokens.range(place).filter(|range| range.start == start).unwrap_or(start..end))
    }

    /// The bytes of a literal: a minus is part of a number and not of its token.
    fn signed(&self, own: Range<usize>, token: usize, literal: &LiteralValue) -> Range<usize> {
        let negative = match literal {
            LiteralValue::Int(value) => *value.inner() < 0,
            LiteralValue::Double(value) => value.inner().is_sign_negative(),
            _ => false,
        };
        let sign = token.checked_sub(1).and_then(|place| self.tokens.range(place));
        match sign {
            Some(sign) if negative && self.source.get(sign.clone()) == Some("-") => sign.start..own.end,
            _ => own,
        }
    }
}

fn literal_of(literal: &LiteralValue) -> Kind {
    Kind::Literal(match literal {
        LiteralValue::Boolean(value) => Literal::Bool(*value.inner()),
        LiteralValue::Int(value) => Literal::Int(*value.inner()),
        LiteralValue::UInt(value) => Literal::Uint(*value.inner()),
        LiteralValue::Double(value) => Literal::Double(*value.inner()),
        LiteralValue::String(value) => Literal::String(value.inner().to_owned()),
        LiteralValue::Bytes(value) => Literal::Bytes(value.inner().to_vec()),
        LiteralValue::Null => Literal::Null,
    })
}

fn operator_of(name: &str) -> Option<Operator> {
    Some(match name {
        operators::LOGICAL_OR => Operator::Or,
        operators::LOGICAL_AND => Operator::And,
        operators::EQUALS => Operator::Equal,
        operators::NOT_EQUALS => Operator::NotEqual,
        operators::LESS => Operator::Less,
        operators::LESS_EQUALS => Operator::LessOrEqual,
        operators::GREATER => Operator::Greater,
        operators::GREATER_EQUALS => Operator::GreaterOrEqual,
        operators::IN => Operator::In,
        operators::ADD => Operator::Add,
        operators::SUBSTRACT => Operator::Subtract,
        operators::MULTIPLY => Operator::Multiply,
        operators::DIVIDE => Operator::Divide,
        operators::MODULO => Operator::Remainder,
        _ => return None,
    })
}
