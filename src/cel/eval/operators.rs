//! Arithmetic and order. Whole numbers never wrap, and nothing is converted on the way: `1 + 1.0` is an error.

use std::cmp::Ordering;

use crate::cel::ast::Operator;
use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome};
use crate::cel::value::{List, Value, compare};

/// `+`, `-`, `*`, `/` and `%`.
pub(crate) fn arithmetic<'a>(
    context: Context<'_, 'a>,
    operator: Operator,
    left: Value<'a>,
    right: Value<'a>,
) -> Outcome<'a> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => int(operator, left, right),
        (Value::Uint(left), Value::Uint(right)) => uint(operator, left, right),
        (Value::Double(left), Value::Double(right)) => match operator {
            Operator::Add => Ok(left + right),
            Operator::Subtract => Ok(left - right),
            Operator::Multiply => Ok(left * right),
            Operator::Divide => Ok(left / right),
            _ => Err(undefined(operator, Value::Double(left), Value::Double(right))),
        }
        .map(Value::Double),
        _ => match operator {
            Operator::Add => add(context, left, right),
            Operator::Subtract => subtract(left, right),
            _ => Err(undefined(operator, left, right)),
        },
    }
}

/// Unary minus.
pub(super) fn negate<'a>(value: Value<'a>) -> Outcome<'a> {
    match value {
        Value::Int(value) => value.checked_neg().map(Value::Int).ok_or(Reason::Overflow),
        Value::Double(value) => Ok(Value::Double(-value)),
        other => Err(Reason::Expected(crate::cel::types::Type::Int, other.kind())),
    }
}

/// `<`, `<=`, `>` and `>=`. A NaN has no order.
pub(super) fn ordered<'a>(operator: Operator, left: Value<'a>, right: Value<'a>) -> Result<bool, Reason<'a>> {
    let order = compare(left, right).ok_or_else(|| undefined(operator, left, right))?;
    let order: Ordering = order.ok_or(Reason::Other("a NaN has no order"))?;
    Ok(match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn undefined<'a>(operator: Operator, left: Value<'a>, right: Value<'a>) -> Reason<'a> {
    Reason::Operator(operator.symbol(), left.kind(), right.kind())
}

fn int<'a>(operator: Operator, left: i64, right: i64) -> Outcome<'a> {
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide | Operator::Remainder if right == 0 => return Err(Reason::DivisionByZero),
        Operator::Divide => left.checked_div(right),
        _ => left.checked_rem(right),
    };
    result.map(Value::Int).ok_or(Reason::Overflow)
}

fn uint<'a>(operator: Operator, left: u64, right: u64) -> Outcome<'a> {
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide | Operator::Remainder if right == 0 => return Err(Reason::DivisionByZero),
        Operator::Divide => left.checked_div(right),
        _ => left.checked_rem(right),
    };
    result.map(Value::Uint).ok_or(Reason::Overflow)
}

fn add<'a>(context: Context<'_, 'a>, left: Value<'a>, right: Value<'a>) -> Outcome<'a> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => {
            context.budget.spend_each(left.len() + right.len())?;
            let mut text = bumpalo::collections::String::with_capacity_in(left.len() + right.len(), context.arena);
            text.push_str(left);
            text.push_str(right);
            Ok(Value::String(text.into_bump_str()))
        }
        (Value::Bytes(left), Value::Bytes(right)) => {
            context.budget.spend_each(left.len() + right.len())?;
            let mut bytes = bumpalo::collections::Vec::with_capacity_in(left.len() + right.len(), context.arena);
            bytes.extend_from_slice_copy(left);
            bytes.extend_from_slice_copy(right);
            Ok(Value::Bytes(bytes.into_bump_slice()))
        }
        (Value::List(left), Value::List(right)) => concatenate(context, left, right),
        (Value::Duration(left), Value::Duration(right)) => {
            left.checked_add(right).map(Value::Duration).ok_or(Reason::TimeOutOfRange)
        }
        (Value::Timestamp(time), Value::Duration(duration)) | (Value::Duration(duration), Value::Timestamp(time)) => {
            time.checked_add(duration).map(Value::Timestamp).ok_or(Reason::TimeOutOfRange)
        }
        _ => Err(undefined(Operator::Add, left, right)),
    }
}

fn concatenate<'a>(context: Context<'_, 'a>, left: List<'a>, right: List<'a>) -> Outcome<'a> {
    if left.is_empty() {
        return Ok(Value::List(right));
    }
    if right.is_empty() {
        return Ok(Value::List(left));
    }
    let length = left.len() + right.len();
    context.budget.spend_values(length)?;
    let mut elements = bumpalo::collections::Vec::with_capacity_in(length, context.arena);
    elements.extend(left.iter().chain(right.iter()));
    Ok(Value::list(elements.into_bump_slice()))
}

fn subtract<'a>(left: Value<'a>, right: Value<'a>) -> Outcome<'a> {
    let result = match (left, right) {
        (Value::Duration(left), Value::Duration(right)) => left.checked_sub(right).map(Value::Duration),
        (Value::Timestamp(time), Value::Duration(duration)) => time.checked_sub(duration).map(Value::Timestamp),
        (Value::Timestamp(left), Value::Timestamp(right)) => left.since(right).map(Value::Duration),
        _ => return Err(undefined(Operator::Subtract, left, right)),
    };
    result.ok_or(Reason::TimeOutOfRange)
}
