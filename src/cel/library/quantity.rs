//! The quantity library of Kubernetes, and `scale`. Numbers are taken too: in a file `cpu: 1` is one, and the API server would have
//! made a text of it.

use std::cmp::Ordering;

use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{BOOL, DOUBLE, INT, QUANTITY, STRING};
use crate::cel::value::Value;
use crate::document;
use crate::quantity::Quantity;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("quantity", &[STRING], QUANTITY, quantity).strict(),
    Overload::global("quantity", &[INT], QUANTITY, quantity),
    Overload::global("quantity", &[DOUBLE], QUANTITY, quantity),
    Overload::global("isQuantity", &[STRING], BOOL, is_quantity),
    Overload::global("isQuantity", &[INT], BOOL, is_quantity),
    Overload::global("isQuantity", &[DOUBLE], BOOL, is_quantity),
    Overload::method("sign", &[QUANTITY], INT, sign),
    Overload::method("isInteger", &[QUANTITY], BOOL, is_integer),
    Overload::method("asInteger", &[QUANTITY], INT, as_integer),
    Overload::method("asApproximateFloat", &[QUANTITY], DOUBLE, as_approximate_float),
    Overload::method("add", &[QUANTITY, QUANTITY], QUANTITY, add),
    Overload::method("add", &[QUANTITY, INT], QUANTITY, add),
    Overload::method("sub", &[QUANTITY, QUANTITY], QUANTITY, sub),
    Overload::method("sub", &[QUANTITY, INT], QUANTITY, sub),
    Overload::global("scale", &[QUANTITY, DOUBLE], QUANTITY, scale),
    Overload::global("scale", &[QUANTITY, INT], QUANTITY, scale),
    Overload::method("isGreaterThan", &[QUANTITY, QUANTITY], BOOL, is_greater_than),
    Overload::method("isLessThan", &[QUANTITY, QUANTITY], BOOL, is_less_than),
    Overload::method("compareTo", &[QUANTITY, QUANTITY], INT, compare_to),
];

/// The amount that a text or a number means.
fn read(value: Value<'_>) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text).ok(),
        Value::Int(number) => Quantity::of(document::Value::Int(number)).ok(),
        Value::Double(number) => Quantity::of(document::Value::Float(number)).ok(),
        Value::Quantity(quantity) => Some(*quantity),
        _ => None,
    }
}

fn quantity<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [text] => match read(*text) {
            Some(quantity) => Ok(Value::Quantity(context.arena.alloc(quantity))),
            None => context.refuse("not a quantity", *text),
        },
        _ => Err(context.mismatch("quantity", arguments)),
    }
}

fn is_quantity<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [text] => Ok(Value::Bool(read(*text).is_some())),
        _ => Err(context.mismatch("isQuantity", arguments)),
    }
}

fn sign<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Quantity(quantity)] => Ok(Value::Int(quantity.sign())),
        _ => Err(context.mismatch("sign", arguments)),
    }
}

fn is_integer<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Quantity(quantity)] => Ok(Value::Bool(quantity.is_integer())),
        _ => Err(context.mismatch("isInteger", arguments)),
    }
}

fn as_integer<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Quantity(quantity)] => match quantity.as_i64() {
            Some(number) => Ok(Value::Int(number)),
            None => context.refuse("not a whole number of 64 bits", Value::Quantity(quantity)),
        },
        _ => Err(context.mismatch("asInteger", arguments)),
    }
}

fn as_approximate_float<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Quantity(quantity)] => Ok(Value::Double(quantity.as_f64())),
        _ => Err(context.mismatch("asApproximateFloat", arguments)),
    }
}

fn add<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    combine(context, "add", Quantity::checked_add, arguments)
}

fn sub<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    combine(context, "sub", Quantity::checked_sub, arguments)
}

fn combine<'a>(
    context: Context<'_, 'a>,
    name: &'static str,
    combine: fn(Quantity, Quantity) -> Option<Quantity>,
    arguments: &[Value<'a>],
) -> Outcome<'a> {
    let [Value::Quantity(quantity), other] = arguments else { return Err(context.mismatch(name, arguments)) };
    let other = read(*other).ok_or_else(|| context.mismatch(name, arguments))?;
    let result = combine(**quantity, other).ok_or(Reason::Overflow)?;
    Ok(Value::Quantity(context.arena.alloc(result)))
}

/// Not of Kubernetes: `scale(quantity('128Mi'), 1.5)`, for a limit that follows from a request.
fn scale<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (quantity, factor) = match arguments {
        [Value::Quantity(quantity), Value::Double(factor)] => (quantity, *factor),
        #[expect(clippy::cast_precision_loss, reason = "a factor beyond what a double holds does not fit the result")]
        [Value::Quantity(quantity), Value::Int(factor)] => (quantity, *factor as f64),
        _ => return Err(context.mismatch("scale", arguments)),
    };
    match quantity.checked_scale(factor) {
        Some(scaled) => Ok(Value::Quantity(context.arena.alloc(scaled))),
        None => context.refuse("not a factor for this quantity", Value::Double(factor)),
    }
}

fn is_greater_than<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    order(context, "isGreaterThan", arguments).map(|order| Value::Bool(order.is_gt()))
}

fn is_less_than<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    order(context, "isLessThan", arguments).map(|order| Value::Bool(order.is_lt()))
}

fn compare_to<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    order(context, "compareTo", arguments).map(|order| Value::Int(i64::from(order as i8)))
}

fn order<'a>(context: Context<'_, 'a>, name: &'static str, arguments: &[Value<'a>]) -> Result<Ordering, Reason<'a>> {
    match arguments {
        [Value::Quantity(one), Value::Quantity(other)] => Ok(Quantity::cmp(one, other)),
        _ => Err(context.mismatch(name, arguments)),
    }
}
