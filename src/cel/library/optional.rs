//! Optional values.

use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{A, BOOL, Declared, LIST_OF_A, OPTIONAL_OF_A};
use crate::cel::value::Value;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("optional.none", &[], OPTIONAL_OF_A, none),
    Overload::global("optional.of", &[A], OPTIONAL_OF_A, of),
    Overload::global("optional.ofNonZeroValue", &[A], OPTIONAL_OF_A, of_non_zero_value),
    Overload::global("optional.unwrap", &[Declared::List(&OPTIONAL_OF_A)], LIST_OF_A, unwrap),
    Overload::method("unwrapOpt", &[Declared::List(&OPTIONAL_OF_A)], LIST_OF_A, unwrap),
    Overload::method("hasValue", &[OPTIONAL_OF_A], BOOL, has_value),
    Overload::method("value", &[OPTIONAL_OF_A], A, value),
    Overload::method("or", &[OPTIONAL_OF_A, OPTIONAL_OF_A], OPTIONAL_OF_A, lazy),
    Overload::method("orValue", &[OPTIONAL_OF_A, A], A, lazy),
];

fn none<'a>(_: Context<'_, 'a>, _: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Optional(None))
}

fn of<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [value] => Ok(Value::Optional(Some(context.arena.alloc(*value)))),
        _ => Err(context.mismatch("optional.of", arguments)),
    }
}

fn of_non_zero_value<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [value] if value.is_zero() => Ok(Value::Optional(None)),
        _ => of(context, arguments),
    }
}

/// The values of those that have one.
fn unwrap<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = arguments else { return Err(context.mismatch("optional.unwrap", arguments)) };
    context.budget.spend_each(list.len())?;
    let mut values = Vec::new();
    for element in list.iter() {
        match element {
            Value::Optional(value) => values.extend(value.copied()),
            other => return Err(context.mismatch("optional.unwrap", &[other])),
        }
    }
    context.collect(values.into_iter())
}

fn has_value<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Optional(optional)] => Ok(Value::Bool(optional.is_some())),
        _ => Err(context.mismatch("hasValue", arguments)),
    }
}

fn value<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Optional(optional)] => optional.copied().ok_or(Reason::NoValue),
        _ => Err(context.mismatch("value", arguments)),
    }
}

/// Never called: the second argument is an expression that may not be run. See `eval::optional`.
fn lazy<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Err(context.mismatch("or", arguments))
}
