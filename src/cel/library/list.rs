//! The list library of Kubernetes.

use std::cmp::Ordering;

use crate::cel::ast::Operator;
use crate::cel::error::Reason;
use crate::cel::eval::arithmetic;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{A, BOOL, Declared, INT, LIST_OF_A, ORDERED, SUMMABLE};
use crate::cel::value::{Value, compare};

const LIST_OF_ORDERED: Declared = Declared::List(&ORDERED);
const LIST_OF_SUMMABLE: Declared = Declared::List(&SUMMABLE);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::method("isSorted", &[LIST_OF_ORDERED], BOOL, is_sorted),
    Overload::method("sum", &[LIST_OF_SUMMABLE], SUMMABLE, sum),
    Overload::method("min", &[LIST_OF_ORDERED], ORDERED, min),
    Overload::method("max", &[LIST_OF_ORDERED], ORDERED, max),
    Overload::method("indexOf", &[LIST_OF_A, A], INT, index_of),
    Overload::method("lastIndexOf", &[LIST_OF_A, A], INT, last_index_of),
    Overload::method("includes", &[LIST_OF_A, A], BOOL, includes),
];

fn is_sorted<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else { return Err(context.mismatch("isSorted", arguments)) };
    context.budget.spend_each(list.len())?;
    let mut before = None;
    for element in list.iter() {
        context.compare(element, before.unwrap_or_default())?;
        if before.map_or(Ok(false), |before| precedes(element, before))? {
            return Ok(Value::Bool(false));
        }
        before = Some(element);
    }
    Ok(Value::Bool(true))
}

/// The sum of nothing is the whole number 0: of which type it would have been, nobody can say.
fn sum<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else { return Err(context.mismatch("sum", arguments)) };
    context.budget.spend_each(list.len())?;
    let mut total: Option<Value<'a>> = None;
    for element in list.iter() {
        if !matches!(element, Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_)) {
            return Err(context.mismatch("sum", &[element]));
        }
        total = Some(match total {
            None => element,
            Some(total) => arithmetic(context, Operator::Add, total, element)?,
        });
    }
    Ok(total.unwrap_or(Value::Int(0)))
}

fn min<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    first_by(context, "min", arguments, precedes)
}

fn max<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    first_by(context, "max", arguments, |one, other| precedes(other, one))
}

fn first_by<'a>(
    context: Context<'_, 'a>,
    name: &'static str,
    arguments: &[Value<'a>],
    before: fn(Value<'a>, Value<'a>) -> Result<bool, Reason<'a>>,
) -> Outcome<'a> {
    let [Value::List(list)] = arguments else { return Err(context.mismatch(name, arguments)) };
    context.budget.spend_each(list.len())?;
    let mut best: Option<Value<'a>> = None;
    for element in list.iter() {
        context.compare(element, best.unwrap_or_default())?;
        best = match best {
            Some(best) if !before(element, best)? => Some(best),
            _ => Some(element),
        };
    }
    best.ok_or(Reason::Other("the list has no elements"))
}

fn index_of<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), wanted] = arguments else { return Err(context.mismatch("indexOf", arguments)) };
    context.budget.spend_each(list.len())?;
    let place = context.position(list.iter(), *wanted)?;
    Ok(Value::Int(place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)))
}

fn last_index_of<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), wanted] = arguments else { return Err(context.mismatch("lastIndexOf", arguments)) };
    context.budget.spend_each(list.len())?;
    let place = context.position(list.iter().rev(), *wanted)?.map(|place| list.len() - 1 - place);
    Ok(Value::Int(place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)))
}

fn includes<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), wanted] = arguments else { return Err(context.mismatch("includes", arguments)) };
    context.budget.spend_each(list.len())?;
    context.position(list.iter(), *wanted).map(|place| Value::Bool(place.is_some()))
}

/// Whether one element comes before another. Elements of different types do not, those of a type without an order are
/// an error.
fn precedes<'a>(one: Value<'a>, other: Value<'a>) -> Result<bool, Reason<'a>> {
    if compare(one, one).is_none() {
        return Err(Reason::Operator("<", one.kind(), other.kind()));
    }
    Ok(compare(one, other) == Some(Some(Ordering::Less)))
}
