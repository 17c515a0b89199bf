//! Functions of texts: the standard ones and version 2 of the strings extension. Places are counted in code points.

use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::signature::{BOOL, INT, LIST_OF_STRING, STRING};
use crate::cel::value::Value;

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::method("contains", &[STRING, STRING], BOOL, contains),
    Overload::method("startsWith", &[STRING, STRING], BOOL, starts_with),
    Overload::method("endsWith", &[STRING, STRING], BOOL, ends_with),
    Overload::method("charAt", &[STRING, INT], STRING, char_at),
    Overload::method("indexOf", &[STRING, STRING], INT, index_of),
    Overload::method("indexOf", &[STRING, STRING, INT], INT, index_of),
    Overload::method("lastIndexOf", &[STRING, STRING], INT, last_index_of),
    Overload::method("lastIndexOf", &[STRING, STRING, INT], INT, last_index_of),
    Overload::method("join", &[LIST_OF_STRING], STRING, join),
    Overload::method("join", &[LIST_OF_STRING, STRING], STRING, join),
    Overload::method("lowerAscii", &[STRING], STRING, lower_ascii),
    Overload::method("upperAscii", &[STRING], STRING, upper_ascii),
    Overload::method("replace", &[STRING, STRING, STRING], STRING, replace),
    Overload::method("replace", &[STRING, STRING, STRING, INT], STRING, replace),
    Overload::method("split", &[STRING, STRING], LIST_OF_STRING, split),
    Overload::method("split", &[STRING, STRING, INT], LIST_OF_STRING, split),
    Overload::method("substring", &[STRING, INT], STRING, substring),
    Overload::method("substring", &[STRING, INT, INT], STRING, substring),
    Overload::method("trim", &[STRING], STRING, trim),
    Overload::global("strings.quote", &[STRING], STRING, quote),
];

fn contains<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text), Value::String(part)] => Ok(Value::Bool(text.contains(part))),
        _ => Err(context.mismatch("contains", arguments)),
    }
}

fn starts_with<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text), Value::String(part)] => Ok(Value::Bool(text.starts_with(part))),
        _ => Err(context.mismatch("startsWith", arguments)),
    }
}

fn ends_with<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text), Value::String(part)] => Ok(Value::Bool(text.ends_with(part))),
        _ => Err(context.mismatch("endsWith", arguments)),
    }
}

fn char_at<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), Value::Int(place)] = arguments else {
        return Err(context.mismatch("charAt", arguments));
    };
    let start = byte_of(text, *place)?;
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.chars().next().map_or(0, char::len_utf8);
    Ok(Value::String(rest.get(..length).unwrap_or_default()))
}

fn index_of<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, from) = match arguments {
        [Value::String(text), Value::String(part)] => (*text, *part, 0),
        [Value::String(text), Value::String(part), Value::Int(from)] => (*text, *part, *from),
        _ => return Err(context.mismatch("indexOf", arguments)),
    };
    if from < 0 {
        return Err(Reason::OutOfBounds(from));
    }
    if part.is_empty() {
        return Ok(Value::Int(from.min(place_of(text, text.len()))));
    }
    let Ok(start) = byte_of(text, from) else { return Ok(Value::Int(-1)) };
    let found = text.get(start..).and_then(|rest| rest.find(part));
    Ok(Value::Int(found.map_or(-1, |at| place_of(text, start + at))))
}

fn last_index_of<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, from) = match arguments {
        [Value::String(text), Value::String(part)] => (*text, *part, None),
        [Value::String(text), Value::String(part), Value::Int(from)] => (*text, *part, Some(*from)),
        _ => return Err(context.mismatch("lastIndexOf", arguments)),
    };
    let size = place_of(text, text.len());
    if let Some(from) = from.filter(|from| *from < 0) {
        return Err(Reason::OutOfBounds(from));
    }
    if part.is_empty() {
        return Ok(Value::Int(from.unwrap_or(size).min(size)));
    }
    let end = match from {
        None => text.len(),
        Some(from) if from >= size => return Ok(Value::Int(-1)),
        // A match may begin at `from` and go on behind it.
        Some(from) => (byte_of(text, from)? + part.len()).min(text.len()),
    };
    // Off a boundary no match ends, so rounding down loses none.
    let end = (0..=end).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let found = text.get(..end).and_then(|before| before.rfind(part));
    Ok(Value::Int(found.map_or(-1, |at| place_of(text, at))))
}

fn join<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (list, separator) = match arguments {
        [Value::List(list)] => (*list, ""),
        [Value::List(list), Value::String(separator)] => (*list, *separator),
        _ => return Err(context.mismatch("join", arguments)),
    };
    let mut joined = String::new();
    for (place, element) in list.iter().enumerate() {
        let Value::String(text) = element else { return Err(context.mismatch("join", &[element])) };
        let separator = if place == 0 { "" } else { separator };
        context.budget.spend_each(1 + separator.len() + text.len())?;
        joined.push_str(separator);
        joined.push_str(text);
    }
    Ok(Value::String(context.arena.alloc_str(&joined)))
}

fn lower_ascii<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => context.string(&text.to_ascii_lowercase()),
        _ => Err(context.mismatch("lowerAscii", arguments)),
    }
}

fn upper_ascii<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => context.string(&text.to_ascii_uppercase()),
        _ => Err(context.mismatch("upperAscii", arguments)),
    }
}

fn replace<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, old, new, most) = match arguments {
        [Value::String(text), Value::String(old), Value::String(new)] => (*text, *old, *new, -1),
        [Value::String(text), Value::String(old), Value::String(new), Value::Int(most)] => (*text, *old, *new, *most),
        _ => return Err(context.mismatch("replace", arguments)),
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let count = text.matches(old).take(most).count();
    // Paid for before it is built: a short text can be replaced by a long one many times.
    context.budget.spend_each(text.len().saturating_add(count.saturating_mul(new.len())))?;
    Ok(Value::String(context.arena.alloc_str(&text.replacen(old, new, most))))
}

fn split<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, separator, most) = match arguments {
        [Value::String(text), Value::String(separator)] => (*text, *separator, -1),
        [Value::String(text), Value::String(separator), Value::Int(most)] => (*text, *separator, *most),
        _ => return Err(context.mismatch("split", arguments)),
    };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if separator.is_empty() {
        return characters(context, text, most);
    }
    context.collect(text.splitn(most, separator).map(Value::String))
}

/// A text by its code points; the last part is the rest.
fn characters<'a>(context: Context<'_, 'a>, text: &'a str, most: usize) -> Outcome<'a> {
    let last = most.saturating_sub(1);
    let starts = text.char_indices().enumerate().take(most);
    context.collect(starts.map(|(place, (start, character))| {
        let end = if place == last { text.len() } else { start + character.len_utf8() };
        Value::String(text.get(start..end).unwrap_or_default())
    }))
}

fn substring<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let (text, start, end) = match arguments {
        [Value::String(text), Value::Int(start)] => (*text, *start, None),
        [Value::String(text), Value::Int(start), Value::Int(end)] => (*text, *start, Some(*end)),
        _ => return Err(context.mismatch("substring", arguments)),
    };
    let from = byte_of(text, start)?;
    let to = end.map_or(Ok(text.len()), |end| byte_of(text, end))?;
    match text.get(from..to) {
        Some(part) => Ok(Value::String(part)),
        None => Err(Reason::OutOfBounds(start)),
    }
}

fn trim<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    match arguments {
        [Value::String(text)] => Ok(Value::String(text.trim())),
        _ => Err(context.mismatch("trim", arguments)),
    }
}

fn quote<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else { return Err(context.mismatch("strings.quote", arguments)) };
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    context.string(&quoted)
}

/// The byte at which a code point begins; the end of the text is one too.
fn byte_of(text: &str, place: i64) -> Result<usize, Reason<'static>> {
    let out = Reason::OutOfBounds(place);
    let place = usize::try_from(place).map_err(|_| out)?;
    if text.is_ascii() {
        return if place <= text.len() { Ok(place) } else { Err(out) };
    }
    let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    starts.nth(place).ok_or(out)
}

/// The code points before a byte.
fn place_of(text: &str, byte: usize) -> i64 {
    let count = text.get(..byte).map_or(0, |before| before.chars().count());
    i64::try_from(count).unwrap_or(i64::MAX)
}
