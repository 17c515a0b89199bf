//! `size`: code points of a text, octets, elements or entries.

use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{A, B, BYTES, Declared, INT, LIST_OF_A, STRING};
use crate::cel::value::Value;

const MAP: Declared = Declared::Map(&[A, B]);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::global("size", &[STRING], INT, size),
    Overload::global("size", &[BYTES], INT, size),
    Overload::global("size", &[LIST_OF_A], INT, size),
    Overload::global("size", &[MAP], INT, size),
    Overload::method("size", &[STRING], INT, size),
    Overload::method("size", &[BYTES], INT, size),
    Overload::method("size", &[LIST_OF_A], INT, size),
    Overload::method("size", &[MAP], INT, size),
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
