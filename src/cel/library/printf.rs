//! `format` of the strings extension: a text with clauses, and a list of what to put there.

use std::fmt::Write;

use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::types::Type::{List, String as Text};
use crate::cel::value::Value;

pub(super) const OVERLOADS: &[Overload] = &[Overload::method("format", &[Text, List], Text, format)];

/// Digits behind the point where none are asked for.
const PRECISION: usize = 6;
/// Digits behind the point that may be asked for.
const MOST: usize = 100;

fn format<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(pattern), Value::List(list)] = arguments else {
        return Err(context.mismatch("format", arguments));
    };
    let mut text = String::with_capacity(pattern.len());
    let mut rest = *pattern;
    let mut used = 0;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            text.push('%');
            rest = after;
            continue;
        }
        let Some((precision, clause, after)) = clause(after) else {
            return context.refuse("not a format", arguments.first().copied().unwrap_or_default());
        };
        let value = list.get(used).ok_or(Reason::OutOfBounds(i64::try_from(used).unwrap_or(i64::MAX)))?;
        used += 1;
        let length = text.len();
        if put(&mut text, clause, precision, value).is_none() {
            return context.refuse("not a value for its place in the format", value);
        }
        context.budget.spend_each(text.len() - length)?;
        rest = after;
    }
    text.push_str(rest);
    if used < list.len() {
        return context.refuse("not as many places in the format as values", Value::List(*list));
    }
    context.string(&text)
}

/// The precision and the letter of a clause, and what follows it.
fn clause(text: &str) -> Option<(Option<usize>, char, &str)> {
    let (precision, text) = match text.strip_prefix('.') {
        Some(text) => {
            let end = text.find(|c: char| !c.is_ascii_digit())?;
            let (digits, text) = text.split_at_checked(end)?;
            (Some(digits.parse().ok().filter(|digits| *digits <= MOST)?), text)
        }
        None => (None, text),
    };
    let mut characters = text.chars();
    let clause = characters.next()?;
    Some((precision, clause, characters.as_str()))
}

/// Appends a value; [`None`] if the clause is not for values of its type.
fn put(text: &mut String, clause: char, precision: Option<usize>, value: Value<'_>) -> Option<()> {
    let precision = precision.unwrap_or(PRECISION);
    match (clause, value) {
        ('s', value) => plain(text, value),
        ('d', Value::Int(number)) => write!(text, "{number}").ok(),
        ('d', Value::Uint(number)) => write!(text, "{number}").ok(),
        ('f' | 'e', Value::Double(number)) if !number.is_finite() => {
            text.push_str(if number.is_nan() {
                "NaN"
            } else if number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            });
            Some(())
        }
        ('f', Value::Double(number)) => write!(text, "{number:.precision$}").ok(),
        ('f', Value::Int(number)) => write!(text, "{number}.{:0<precision$}", "").ok(),
        ('e', Value::Double(number)) => {
            let scientific = format!("{number:.precision$e}");
            let (digits, exponent) = scientific.split_once('e')?;
            let exponent: i32 = exponent.parse().ok()?;
            let sign = if exponent < 0 { '-' } else { '+' };
            write!(text, "{digits}e{sign}{:02}", exponent.unsigned_abs()).ok()
        }
        ('b', Value::Bool(value)) => write!(text, "{}", u8::from(value)).ok(),
        ('b' | 'o' | 'x' | 'X', Value::Int(number)) => {
            text.push_str(if number < 0 { "-" } else { "" });
            based(text, clause, number.unsigned_abs())
        }
        ('b' | 'o' | 'x' | 'X', Value::Uint(number)) => based(text, clause, number),
        ('x' | 'X', Value::String(value)) => octets(text, clause, value.as_bytes()),
        ('x' | 'X', Value::Bytes(value)) => octets(text, clause, value),
        _ => None,
    }
}

fn based(text: &mut String, clause: char, number: u64) -> Option<()> {
    match clause {
        'b' => write!(text, "{number:b}").ok(),
        'o' => write!(text, "{number:o}").ok(),
        'X' => write!(text, "{number:X}").ok(),
        _ => write!(text, "{number:x}").ok(),
    }
}

fn octets(text: &mut String, clause: char, octets: &[u8]) -> Option<()> {
    octets.iter().try_for_each(|octet| match clause {
        'X' => write!(text, "{octet:02X}").ok(),
        _ => write!(text, "{octet:02x}").ok(),
    })
}

/// `%s`: texts without quotes also inside lists, the entries of a map in the order of their keys.
fn plain(text: &mut String, value: Value<'_>) -> Option<()> {
    match value {
        Value::Bytes(bytes) => text.push_str(std::str::from_utf8(bytes).ok()?),
        Value::List(list) => {
            text.push('[');
            for (place, element) in list.iter().enumerate() {
                text.push_str(if place == 0 { "" } else { ", " });
                plain(text, element)?;
            }
            text.push(']');
        }
        Value::Map(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map.iter() {
                let mut entry = String::new();
                plain(&mut entry, key)?;
                let key = entry.clone();
                entry.push_str(": ");
                plain(&mut entry, value)?;
                entries.push((key, entry));
            }
            entries.sort_unstable();
            let entries: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
            write!(text, "{{{}}}", entries.join(", ")).ok()?;
        }
        other => write!(text, "{other}").ok()?,
    }
    Some(())
}
