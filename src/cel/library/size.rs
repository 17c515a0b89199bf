//! `size`: code points of a text, octets, elements or entries.

use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::types::Type::{Bytes, Int, List, Map, String};
use crate::cel::value::Value;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("size", &[String], Int, size),
    Overload::global("size", &[Bytes], Int, size),
    Overload::global("size", &[List], Int, size),
    Overload::global("size", &[Map], Int, size),
    Overload::method("size", &[String], Int, size),
    Overload::method("size", &[Bytes], Int, size),
    Overload::method("size", &[List], Int, size),
    Overload::method("size", &[Map], Int, size),
];

fn size<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let size = match arguments {
        [Value::String(text)] => text.chars().count(),
        [Value::Bytes(bytes)] => bytes.len(),
        [Value::List(list)] => list.len(),
        [Value::Map(map)] => map.len(),
        _ => return Err(context.mismatch("size", arguments)),
    };
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}
