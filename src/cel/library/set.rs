//! Lists as sets: order and repetition do not count.

use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{BOOL, LIST_OF_A};
use crate::cel::value::{List, Value};

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("sets.contains", &[LIST_OF_A, LIST_OF_A], BOOL, contains),
    Overload::global("sets.equivalent", &[LIST_OF_A, LIST_OF_A], BOOL, equivalent),
    Overload::global("sets.intersects", &[LIST_OF_A, LIST_OF_A], BOOL, intersects),
];

fn contains<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::List(set), Value::List(part)] => includes(context, *set, *part).map(Value::Bool),
        _ => Err(context.mismatch("sets.contains", arguments)),
    }
}

fn equivalent<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::List(one), Value::List(other)] => {
            Ok(Value::Bool(includes(context, *one, *other)? && includes(context, *other, *one)?))
        }
        _ => Err(context.mismatch("sets.equivalent", arguments)),
    }
}

fn intersects<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(one), Value::List(other)] = arguments else {
        return Err(context.mismatch("sets.intersects", arguments));
    };
    for element in one.iter() {
        if has(context, *other, element)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn includes<'a>(context: Context<'_, 'a>, set: List<'a>, part: List<'a>) -> Result<bool, Reason<'a>> {
    for element in part.iter() {
        if !has(context, set, element)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn has<'a>(context: Context<'_, 'a>, set: List<'a>, wanted: Value<'a>) -> Result<bool, Reason<'a>> {
    context.budget.spend_each(set.len())?;
    context.position(set.iter(), wanted).map(|place| place.is_some())
}
