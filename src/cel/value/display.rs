//! Values as text: what `string()` makes of them, and how messages show them.

use std::fmt::{self, Display};

use bumpalo::Bump;

use crate::cel::value::Value;

impl<'a> Value<'a> {
    /// The text of a scalar as `string()` gives it; [`None`] for a list, a map and what else has no text.
    pub(crate) fn text(self, arena: &'a Bump) -> Option<&'a str> {
        let text = match self {
            Value::String(text) => return Some(text),
            Value::Bytes(bytes) => return std::str::from_utf8(bytes).ok(),
            Value::Bool(true) => return Some("true"),
            Value::Bool(false) => return Some("false"),
            Value::Type(kind) => return Some(kind.name()),
            Value::Int(value) => value.to_string(),
            Value::Uint(value) => value.to_string(),
            Value::Double(value) => Double(value).to_string(),
            Value::Duration(duration) => duration.to_string(),
            Value::Timestamp(timestamp) => timestamp.to_string(),
            Value::Quantity(quantity) => quantity.to_string(),
            Value::Image(image) => return Some(image.full_name_in(arena)),
            Value::Format(format) => return Some(format.name()),
            Value::Ip(address) => address.to_string(),
            Value::Cidr(cidr) => cidr.to_string(),
            Value::Url(url) => url.to_string(),
            Value::Semver(version) => version.to_string(),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Optional(_) => return None,
        };
        Some(arena.alloc_str(&text))
    }
}

/// A text stands for itself; inside a list or a map it is quoted.
impl Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::String(text) => f.write_str(text),
            other => write(*other, f),
        }
    }
}

fn write(value: Value<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Null => f.write_str("null"),
        Value::Bool(value) => value.fmt(f),
        Value::Int(value) => value.fmt(f),
        Value::Uint(value) => value.fmt(f),
        Value::Double(value) => Double(value).fmt(f),
        Value::String(text) => f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?),
        Value::Bytes(bytes) => write!(f, "b\"{}\"", bytes.escape_ascii()),
        Value::List(list) => {
            f.write_str("[")?;
            for (place, element) in list.iter().enumerate() {
                f.write_str(if place == 0 { "" } else { ", " })?;
                write(element, f)?;
            }
            f.write_str("]")
        }
        Value::Map(map) => {
            f.write_str("{")?;
            for (place, (key, value)) in map.iter().enumerate() {
                f.write_str(if place == 0 { "" } else { ", " })?;
                write(key, f)?;
                f.write_str(": ")?;
                write(value, f)?;
            }
            f.write_str("}")
        }
        Value::Type(kind) => f.write_str(kind.name()),
        Value::Duration(duration) => duration.fmt(f),
        Value::Timestamp(timestamp) => timestamp.fmt(f),
        Value::Optional(None) => f.write_str("optional.none()"),
        Value::Optional(Some(value)) => {
            f.write_str("optional.of(")?;
            write(*value, f)?;
            f.write_str(")")
        }
        Value::Quantity(quantity) => quantity.fmt(f),
        Value::Image(image) => image.fmt(f),
        Value::Ip(address) => address.fmt(f),
        Value::Cidr(cidr) => cidr.fmt(f),
        Value::Url(url) => url.fmt(f),
        Value::Semver(version) => version.fmt(f),
        Value::Format(format) => f.write_str(format.name()),
    }
}

/// A double as Go prints it with `%g`: the fewest digits that say it, an exponent below 1e-4 and from 1e6 on.
struct Double(f64);

impl Display for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0;
        if number.is_nan() {
            return f.write_str("NaN");
        }
        if number.is_infinite() {
            return f.write_str(if number > 0.0 { "+Inf" } else { "-Inf" });
        }
        let scientific = format!("{number:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        match exponent.parse::<i32>() {
            Ok(-4..=5) | Err(_) => write!(f, "{number}"),
            Ok(exponent) => {
                let sign = if exponent < 0 { '-' } else { '+' };
                write!(f, "{digits}e{sign}{:02}", exponent.unsigned_abs())
            }
        }
    }
}
