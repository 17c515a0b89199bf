//! Indented JSON.

use std::fmt::Write;

use crate::document::Value;
use crate::document::print::text::is_visible;

/// Indented JSON from the current column on; `indent` is that of the closing bracket.
pub(super) fn json(out: &mut String, value: Value<'_>, indent: usize) {
    let (open, close, is_empty) = match value {
        Value::Array(elements) => ('[', ']', elements.is_empty()),
        Value::Object(members) => ('{', '}', members.is_empty()),
        _ => return json_leaf(out, value),
    };
    out.push(open);
    let mut separator = "\n";
    let mut next = |out: &mut String, key: Option<&str>, value| {
        out.push_str(separator);
        separator = ",\n";
        super::pad(out, indent + 2);
        if let Some(key) = key {
            json_leaf(out, Value::String(key));
            out.push_str(": ");
        }
        json(out, value, indent + 2);
    };
    value.elements().iter().for_each(|element| next(out, None, *element));
    value.members().iter().for_each(|member| next(out, Some(member.key), member.value));
    if !is_empty {
        out.push('\n');
        super::pad(out, indent);
    }
    out.push(close);
}

fn json_leaf(out: &mut String, value: Value<'_>) {
    let text = value.to_string();
    for char in text.chars() {
        if is_visible(char) {
            out.push(char);
        } else {
            for unit in char.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}
