//! `jsonpatch.escapeKey`: a key as it stands in a JSON pointer.

use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::STRING;
use crate::cel::value::Value;

pub(super) const OVERLOADS: &[Overload] = &[Overload::global("jsonpatch.escapeKey", &[STRING], STRING, escape_key)];

fn escape_key<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(key)] => context.string(&key.replace('~', "~0").replace('/', "~1")),
        _ => Err(context.mismatch("jsonpatch.escapeKey", arguments)),
    }
}
