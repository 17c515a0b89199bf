//! Conversions between types, and `type` itself.

use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP, TYPE, UINT};
use crate::cel::time;
use crate::cel::value::Value;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("dyn", &[DYN], DYN, same),
    Overload::global("type", &[DYN], TYPE, kind),
    Overload::global("bool", &[BOOL], BOOL, same),
    Overload::global("bool", &[STRING], BOOL, boolean).strict(),
    Overload::global("int", &[INT], INT, same),
    Overload::global("int", &[UINT], INT, int).strict(),
    Overload::global("int", &[DOUBLE], INT, int).strict(),
    Overload::global("int", &[STRING], INT, int).strict(),
    Overload::global("int", &[TIMESTAMP], INT, int).strict(),
    Overload::global("int", &[DURATION], INT, int).strict(),
    Overload::global("uint", &[UINT], UINT, same),
    Overload::global("uint", &[INT], UINT, uint).strict(),
    Overload::global("uint", &[DOUBLE], UINT, uint).strict(),
    Overload::global("uint", &[STRING], UINT, uint).strict(),
    Overload::global("double", &[DOUBLE], DOUBLE, same),
    Overload::global("double", &[INT], DOUBLE, double).strict(),
    Overload::global("double", &[UINT], DOUBLE, double).strict(),
    Overload::global("double", &[STRING], DOUBLE, double).strict(),
    Overload::global("string", &[STRING], STRING, same),
    Overload::global("string", &[BOOL], STRING, string).strict(),
    Overload::global("string", &[INT], STRING, string).strict(),
    Overload::global("string", &[UINT], STRING, string).strict(),
    Overload::global("string", &[DOUBLE], STRING, string).strict(),
    Overload::global("string", &[BYTES], STRING, string).strict(),
    Overload::global("string", &[DURATION], STRING, string).strict(),
    Overload::global("string", &[TIMESTAMP], STRING, string).strict(),
    Overload::global("bytes", &[BYTES], BYTES, same),
    Overload::global("bytes", &[STRING], BYTES, bytes),
    Overload::global("duration", &[DURATION], DURATION, same),
    Overload::global("duration", &[STRING], DURATION, duration).strict(),
    Overload::global("timestamp", &[TIMESTAMP], TIMESTAMP, same),
    Overload::global("timestamp", &[INT], TIMESTAMP, timestamp).strict(),
    Overload::global("timestamp", &[STRING], TIMESTAMP, timestamp).strict(),
];

/// 2^63 and 2^64: the first doubles that are too large.
const INT_END: f64 = 9_223_372_036_854_775_808.0;
const UINT_END: f64 = 18_446_744_073_709_551_616.0;

fn same<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [value] => Ok(*value),
        _ => Err(context.mismatch("dyn", arguments)),
    }
}

fn kind<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [value] => Ok(Value::Type(value.kind())),
        _ => Err(context.mismatch("type", arguments)),
    }
}

fn boolean<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String("1" | "t" | "T" | "true" | "TRUE" | "True")] => Ok(Value::Bool(true)),
        [Value::String("0" | "f" | "F" | "false" | "FALSE" | "False")] => Ok(Value::Bool(false)),
        [text] => context.refuse("not a boolean", *text),
        _ => Err(context.mismatch("bool", arguments)),
    }
}

fn int<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let number = match arguments {
        [Value::Uint(number)] => i64::try_from(*number).map_err(|_| Reason::Overflow)?,
        #[expect(clippy::cast_possible_truncation, reason = "towards zero is what the conversion means")]
        [Value::Double(number)] if *number > -INT_END && *number < INT_END => *number as i64,
        [Value::Double(_)] => return Err(Reason::Overflow),
        [Value::String(text)] => match text.parse() {
            Ok(number) => number,
            Err(_) => return context.refuse("not a whole number of 64 bits", Value::String(text)),
        },
        [Value::Timestamp(timestamp)] => timestamp.second(),
        [Value::Duration(duration)] => duration.as_nanos(),
        _ => return Err(context.mismatch("int", arguments)),
    };
    Ok(Value::Int(number))
}

fn uint<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let number = match arguments {
        [Value::Int(number)] => u64::try_from(*number).map_err(|_| Reason::Overflow)?,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the bounds are checked")]
        [Value::Double(number)] if *number >= 0.0 && *number < UINT_END => *number as u64,
        [Value::Double(_)] => return Err(Reason::Overflow),
        [Value::String(text)] => match text.parse() {
            Ok(number) if !text.starts_with('+') => number,
            _ => return context.refuse("not a whole number of 64 bits without sign", Value::String(text)),
        },
        _ => return Err(context.mismatch("uint", arguments)),
    };
    Ok(Value::Uint(number))
}

fn double<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let number = match arguments {
        #[expect(clippy::cast_precision_loss, reason = "the nearest double is what the conversion means")]
        [Value::Int(number)] => *number as f64,
        #[expect(clippy::cast_precision_loss, reason = "the nearest double is what the conversion means")]
        [Value::Uint(number)] => *number as f64,
        [Value::String(text)] => match parse_double(text) {
            Some(number) => number,
            None => return context.refuse("not a number", Value::String(text)),
        },
        _ => return Err(context.mismatch("double", arguments)),
    };
    Ok(Value::Double(number))
}

/// A number as Go reads it: underscores between digits do not count, what is too large is none.
fn parse_double(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let digit = |place: Option<usize>| place.and_then(|place| bytes.get(place)).is_some_and(u8::is_ascii_digit);
    let places = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_').map(|(place, _)| place);
    for place in places {
        if !(digit(place.checked_sub(1)) && digit(place.checked_add(1))) {
            return None;
        }
    }
    let number: f64 = text.replace('_', "").parse().ok()?;
    let named = text.contains(['i', 'I']);
    (named || !number.is_infinite()).then_some(number)
}

fn string<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [value] => match value.text(context.arena) {
            Some(text) => {
                context.budget.spend_each(text.len())?;
                Ok(Value::String(text))
            }
            None => context.refuse("not text in UTF-8", *value),
        },
        _ => Err(context.mismatch("string", arguments)),
    }
}

fn bytes<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => Ok(Value::Bytes(text.as_bytes())),
        _ => Err(context.mismatch("bytes", arguments)),
    }
}

fn duration<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => match time::Duration::parse(text) {
            Some(duration) => Ok(Value::Duration(duration)),
            None => context.refuse("not a duration", Value::String(text)),
        },
        _ => Err(context.mismatch("duration", arguments)),
    }
}

fn timestamp<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::Int(second)] => time::Timestamp::new(*second, 0).map(Value::Timestamp).ok_or(Reason::TimeOutOfRange),
        [Value::String(text)] => match time::Timestamp::parse(text) {
            Some(timestamp) => Ok(Value::Timestamp(timestamp)),
            None => context.refuse("not a timestamp", Value::String(text)),
        },
        _ => Err(context.mismatch("timestamp", arguments)),
    }
}
