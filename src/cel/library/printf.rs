//! `format` of the strings extension: a text with clauses, and a list of what to put there.
//!
//! Version 2 of the extension, which the API server has, writes numbers as a typesetter would: `%e` gives `1.5×10⁰³`,
//! with the precision as the least width, and what is infinite is `∞`.

use std::fmt::Write;

use crate::cel::budget::Budget;
use crate::cel::error::Reason;
use crate::cel::library::{Context, Outcome, Overload};
use crate::cel::shape::Shape;
use crate::cel::signature::{LIST_OF_DYN, STRING};
use crate::cel::types::Type;
use crate::cel::value::Value;
use crate::document::print::push_quoted;

pub(super) const OVERLOADS: &[Overload] = &[Overload::method("format", &[STRING, LIST_OF_DYN], STRING, format)];

/// Digits behind the point where none are asked for.
const PRECISION: usize = 6;
/// Digits behind the point that may be asked for.
const MOST: usize = 1000;

/// What is wrong with a format, and with which of its values.
pub(crate) struct Flaw {
    pub message: String,
    pub value: Option<usize>,
}

/// Checks a format for values of these types.
///
/// # Errors
/// The first thing that is wrong with it.
pub(crate) fn check(pattern: &str, shapes: &[Shape]) -> Result<(), Flaw> {
    let mut rest = pattern;
    let mut used = 0;
    while let Some((_, after)) = rest.split_once('%') {
        if let Some(after) = after.strip_prefix('%') {
            rest = after;
            continue;
        }
        let Some((_, letter, after)) = clause(after) else {
            return Err(Flaw { message: format!("the format has an incomplete clause: `%{after}`"), value: None });
        };
        if !"sdfeboxX".contains(letter) {
            return Err(Flaw { message: format!("there is no clause `%{letter}` of formats"), value: None });
        }
        let Some(shape) = shapes.get(used) else {
            return Err(Flaw { message: format!("the format wants more than {used} values"), value: None });
        };
        if !fits(letter, shape) {
            let message = format!("`%{letter}` does not take a value of type {}", shape.flat());
            return Err(Flaw { message, value: Some(used) });
        }
        used += 1;
        rest = after;
    }
    if used < shapes.len() {
        let message = format!("the format has {used} clauses for {} values", shapes.len());
        return Err(Flaw { message, value: Some(used) });
    }
    Ok(())
}

/// Whether a clause is for values of a type.
fn fits(letter: char, shape: &Shape) -> bool {
    match (letter, shape.flat()) {
        (_, Type::Dyn)
        | ('d' | 'o' | 'b' | 'x' | 'X', Type::Int | Type::Uint)
        // The names of what is no number.
        | ('f' | 'e', Type::Double | Type::String)
        | ('b', Type::Bool)
        | ('x' | 'X', Type::String | Type::Bytes) => true,
        ('s', kind) => match shape {
            Shape::List(element) => fits('s', element),
            Shape::Map(parts) => parts.iter().all(|part| fits('s', part)),
            _ => Type::NAMED.contains(&kind) || kind == Type::Image,
        },
        _ => false,
    }
}

fn format<'a>(context: Context<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(pattern), Value::List(list)] = arguments else {
        return Err(context.mismatch("format", arguments));
    };
    let mut text = Text { text: String::with_capacity(pattern.len()), budget: context.budget, is_spent: false };
    let mut rest = *pattern;
    let mut used = 0;
    while let Some((before, after)) = rest.split_once('%') {
        // The pattern was paid for when it was made.
        text.text.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            text.text.push('%');
            rest = after;
            continue;
        }
        let Some((precision, clause, after)) = clause(after) else {
            return context.refuse("not a format", arguments.first().copied().unwrap_or_default());
        };
        let value = list.get(used).ok_or(Reason::OutOfBounds(i64::try_from(used).unwrap_or(i64::MAX)))?;
        used += 1;
        if put(&mut text, clause, precision, value).is_none() {
            if text.is_spent {
                return Err(Reason::Exhausted);
            }
            return context.refuse("not a value for its place in the format", value);
        }
        rest = after;
    }
    text.text.push_str(rest);
    context.string(&text.text)
}

/// What is written, and paid for as it is: a value may be longer than any text that a budget allows.
struct Text<'b> {
    text: String,
    budget: &'b Budget,
    is_spent: bool,
}

impl Text<'_> {
    /// Takes the steps for so many bytes; [`None`] if there are not enough.
    fn pay(&mut self, bytes: usize) -> Option<()> {
        self.is_spent = self.budget.spend_each(bytes).is_err();
        (!self.is_spent).then_some(())
    }

    fn push(&mut self, piece: &str) -> Option<()> {
        self.pay(piece.len())?;
        self.text.push_str(piece);
        Some(())
    }

    fn push_quoted(&mut self, piece: &str) -> Option<()> {
        self.pay(piece.len())?;
        let before = self.text.len();
        push_quoted(&mut self.text, piece);
        self.pay((self.text.len() - before).saturating_sub(piece.len()))
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, piece: &str) -> std::fmt::Result {
        self.push(piece).ok_or(std::fmt::Error)
    }
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

/// Appends a value; [`None`] if the clause is not for values of its type, or the budget is spent.
fn put(text: &mut Text<'_>, clause: char, precision: Option<usize>, value: Value<'_>) -> Option<()> {
    let precision = precision.unwrap_or(PRECISION);
    match (clause, value) {
        ('s', Value::String(value)) => text.push(value)?,
        ('s', Value::Double(number)) => write!(text, "{}", Value::Double(number)).ok()?,
        ('s', Value::Bytes(bytes)) => text.push(std::str::from_utf8(bytes).ok()?)?,
        ('s', value @ (Value::Duration(_) | Value::Timestamp(_) | Value::Image(_))) => write!(text, "{value}").ok()?,
        ('s', value) => plain(text, value)?,
        ('d', Value::Int(number)) => write!(text, "{number}").ok()?,
        ('d', Value::Uint(number)) => write!(text, "{number}").ok()?,
        ('f' | 'e', Value::String("NaN")) => real(text, clause, precision, f64::NAN)?,
        ('f' | 'e', Value::String("Infinity")) => real(text, clause, precision, f64::INFINITY)?,
        ('f' | 'e', Value::String("-Infinity")) => real(text, clause, precision, f64::NEG_INFINITY)?,
        ('f' | 'e', Value::Double(number)) => real(text, clause, precision, number)?,
        ('b', Value::Bool(value)) => write!(text, "{}", u8::from(value)).ok()?,
        ('b' | 'o' | 'x' | 'X', Value::Int(number)) => {
            text.push(if number < 0 { "-" } else { "" })?;
            based(text, clause, number.unsigned_abs())?;
        }
        ('b' | 'o' | 'x' | 'X', Value::Uint(number)) => based(text, clause, number)?,
        ('x' | 'X', Value::String(value)) => octets(text, clause, value.as_bytes())?,
        ('x' | 'X', Value::Bytes(value)) => octets(text, clause, value)?,
        _ => return None,
    }
    Some(())
}

/// `%f` and `%e`.
fn real(text: &mut Text<'_>, clause: char, precision: usize, number: f64) -> Option<()> {
    let digits = match number {
        number if number.is_nan() => "NaN".to_owned(),
        number if number.is_infinite() => if number > 0.0 { "∞" } else { "-∞" }.to_owned(),
        number if clause == 'f' => grouped(&format!("{:.precision$}", if number == 0.0 { 0.0 } else { number })),
        number => {
            let scientific = format!("{:.PRECISION$e}", if number == 0.0 { 0.0 } else { number });
            let (digits, exponent) = scientific.split_once('e')?;
            let exponent: i32 = exponent.parse().ok()?;
            let sign = if exponent < 0 { "⁻" } else { "" };
            format!("{digits}×10{sign}{}", raised(exponent.unsigned_abs()))
        }
    };
    let width = if clause == 'e' { precision } else { 0 };
    write!(text, "{digits:>width$}").ok()
}

/// Digits with a comma before each three, as far as the point.
fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_at_checked(number.find('.').unwrap_or(number.len())).unwrap_or_default();
    let mut text = String::with_capacity(number.len() + whole.len() / 3);
    for (place, digit) in whole.chars().enumerate() {
        let left = whole.len() - place;
        if left.is_multiple_of(3) && text.ends_with(|before: char| before.is_ascii_digit()) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(fraction);
    text
}

/// A number of at least two digits as an exponent.
fn raised(number: u32) -> String {
    let digit = |digit: char| digit.to_digit(10).and_then(|digit| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize));
    format!("{number:02}").chars().filter_map(digit).collect()
}

fn based(text: &mut Text<'_>, clause: char, number: u64) -> Option<()> {
    match clause {
        'b' => write!(text, "{number:b}").ok(),
        'o' => write!(text, "{number:o}").ok(),
        'X' => write!(text, "{number:X}").ok(),
        _ => write!(text, "{number:x}").ok(),
    }
}

fn octets(text: &mut Text<'_>, clause: char, octets: &[u8]) -> Option<()> {
    octets.iter().try_for_each(|octet| match clause {
        'X' => write!(text, "{octet:02X}").ok(),
        _ => write!(text, "{octet:02x}").ok(),
    })
}

/// Inside a list or a map: texts and times are written as an expression would, doubles with their six digits.
fn plain(text: &mut Text<'_>, value: Value<'_>) -> Option<()> {
    match value {
        Value::String(value) => text.push_quoted(value)?,
        Value::Bytes(bytes) => {
            text.push("b")?;
            text.push_quoted(std::str::from_utf8(bytes).ok()?)?;
        }
        Value::Double(number) if number.is_nan() => text.push("\"NaN\"")?,
        Value::Double(number) if number.is_infinite() => {
            text.push(if number > 0.0 { "\"+Inf\"" } else { "\"-Inf\"" })?;
        }
        Value::Double(number) => write!(text, "{number:.PRECISION$}").ok()?,
        Value::Duration(duration) => write!(text, "duration(\"{duration}\")").ok()?,
        Value::Timestamp(timestamp) => write!(text, "timestamp(\"{timestamp}\")").ok()?,
        Value::List(list) => {
            text.push("[")?;
            for (place, element) in list.iter().enumerate() {
                text.push(if place == 0 { "" } else { ", " })?;
                plain(text, element)?;
            }
            text.push("]")?;
        }
        Value::Map(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map.iter() {
                let mut name = Text { text: String::new(), budget: text.budget, is_spent: false };
                let named = plain(&mut name, key);
                text.is_spent = name.is_spent;
                named?;
                entries.push((name.text, value));
            }
            // No two keys are written alike.
            entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            text.push("{")?;
            for (place, (name, value)) in entries.iter().enumerate() {
                text.push(if place == 0 { "" } else { ", " })?;
                // Paid for when it was made.
                text.text.push_str(name);
                text.push(":")?;
                plain(text, *value)?;
            }
            text.push("}")?;
        }
        value @ (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Type(_)) => {
            write!(text, "{value}").ok()?;
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::value::Map;
    use crate::document::{Member, Value as Document};

    #[test]
    fn no_more_is_written_than_is_paid_for() {
        let long = "x".repeat(1000);
        let elements = [Document::String(&long); 1000];
        let members = [Member { key: "a", value: Document::Array(&elements) }];
        let values: [Value<'_>; 3] =
            [Document::Array(&elements).into(), Document::Object(&members).into(), Value::String(&long)];
        for value in values {
            let budget = Budget::new(2500);
            budget.enter().unwrap();
            let mut text = Text { text: String::new(), budget: &budget, is_spent: false };
            let inner = [value; 3];
            let nested = Value::List(crate::cel::value::List::Values(&inner));
            assert!(put(&mut text, 's', None, nested).is_none());
            assert!(text.is_spent && text.text.len() <= 2500, "{}", text.text.len());
        }
        let budget = Budget::default();
        budget.enter().unwrap();
        let mut text = Text { text: String::new(), budget: &budget, is_spent: false };
        let map: Value<'_> = Document::Object(&members).into();
        assert!(matches!(map, Value::Map(Map::Document(_))));
        assert!(put(&mut text, 's', None, map).is_none() && text.is_spent, "a text of a million bytes, and its quotes");
        assert!(put(&mut text, 'd', None, Value::Bool(true)).is_none());
    }
}
