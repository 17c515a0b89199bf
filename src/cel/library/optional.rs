//! Optional values.

use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::types::Type::{Bool, Dyn, Optional};
use crate::cel::value::Value;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("optional.none", &[], Optional, none),
    Overload::global("optional.of", &[Dyn], Optional, of),
    Overload::global("optional.ofNonZeroValue", &[Dyn], Optional, of_non_zero_value),
    Overload::method("hasValue", &[Optional], Bool, has_value),
    Overload::method("value", &[Optional], Dyn, value),
    Overload::method("or", &[Optional, Optional], Optional, lazy),
    Overload::method("orValue", &[Optional, Dyn], Dyn, lazy),
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
