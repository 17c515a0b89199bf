//! One text in YAML: bare, in quotes, or as a block of lines.

use std::borrow::Cow;
use std::fmt::Write;

use crate::document::{Value, yaml};

/// The text with everything escaped that a terminal would act on or hide, line feeds included.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_visible) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if is_visible(char) { out.push(char) } else { escape(&mut out, char) }
    }
    Cow::Owned(out)
}

/// Characters of a bad word that stand in a message.
const SHOWN: usize = 64;

/// The beginning of a text from outside, as it stands in a message about it.
pub fn shown(text: &str) -> String {
    visible(&shortened(text, SHOWN)).into_owned()
}

/// The text, or its first `longest` characters with `…` after them.
pub fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    if text.len() <= longest {
        return Cow::Borrowed(text);
    }
    match text.char_indices().nth(longest).and_then(|(end, _)| text.get(..end)) {
        Some(short) => Cow::Owned(format!("{short}…")),
        None => Cow::Borrowed(text),
    }
}

/// A text on one line: bare where every reader agrees, in quotes elsewhere.
pub(super) fn string(out: &mut String, text: &str, in_flow: bool) {
    if !means_itself(text) || !text.chars().all(is_visible) {
        return quote(out, text);
    }
    if is_bare(text, in_flow) {
        return out.push_str(text);
    }
    out.push('\'');
    out.push_str(&text.replace('\'', "''"));
    out.push('\'');
}

/// In double quotes.
pub(super) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            char if is_visible(char) => out.push(char),
            char => escape(out, char),
        }
    }
    out.push('"');
}

fn escape(out: &mut String, char: char) {
    let _ = match char {
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        char if u32::from(char) > 0xffff => write!(out, "\\U{:08x}", u32::from(char)),
        char => write!(out, "\\u{:04x}", u32::from(char)),
    };
}

/// Whether no reader takes the bare text for a number, a boolean, a date or something else that is not a text.
fn means_itself(text: &str) -> bool {
    matches!(yaml::resolve(text), Ok(Value::String(_))) && !matches!(text, "=" | "<<") && !is_date(text)
}

/// `2024-1-31`, alone or with a time after it.
fn is_date(text: &str) -> bool {
    let digits = |part: &str, least| part.len() >= least && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    year.len() == 4 && digits(year, 4) && digits(month, 1) && day.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether the text needs no quotes to be one plain word or phrase of YAML.
fn is_bare(text: &str, in_flow: bool) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    let second = chars.next();
    let starts_well = match first {
        '-' | '?' | ':' => second.is_some_and(|second| second.is_ascii_alphanumeric() || second == '-'),
        _ => !",[]{}#&*!|>'\"%@` ".contains(first),
    };
    starts_well
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !(in_flow && (first == ':' || text.contains([',', '[', ']', '{', '}', '?'])))
}

/// Whether a block of text says it faithfully: several lines, nothing to escape, no space at a beginning or an end
/// where it would count as indentation or be lost to the eye.
pub(super) fn is_literal(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    text.contains('\n')
        && !body.is_empty()
        && !body.starts_with(['\n', ' ', '\t'])
        && !body.ends_with('\n')
        && body.split('\n').all(|line| !line.ends_with([' ', '\t']))
        && body.chars().all(|char| matches!(char, '\n' | '\t') || is_visible(char))
}

/// The text as a block of lines that start at `indent`.
pub(super) fn literal(out: &mut String, text: &str, indent: usize) {
    let body = text.strip_suffix('\n');
    out.push_str(if body.is_some() { "|" } else { "|-" });
    for line in body.unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
}

/// Whether a character can be seen, and neither moves a cursor nor turns the direction of the text.
pub fn is_visible(char: char) -> bool {
    match char {
        ' '..='~' => true,
        '\u{00}'..='\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => false,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => false,
        '\u{fff0}'..='\u{fffc}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'.. => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::print;

    #[test]
    fn words_that_a_reader_could_mistake_are_quoted() {
        let bare =
            ["a", "100m", "1Ki", "-v", "--x", "a:b", "a#b", "~x", "/tmp", "$(A)", "1.2.3", "é", "tRue", "8080:80"];
        for text in bare {
            assert_eq!(print::yaml(Value::String(text)), format!("{text}\n"));
        }
        let double = [
            "",
            "yes",
            "No",
            "on",
            "y",
            "true",
            "null",
            "~",
            "012",
            "0o7",
            "1_0",
            "1:30",
            "1e3",
            ".inf",
            ".5",
            "0x1f",
            "2024-01-01",
            "2024-1-1 10:00:00",
            "=",
            "<<",
            "0b1",
            "18446744073709551616",
        ];
        for text in double {
            assert_eq!(print::yaml(Value::String(text)), format!("\"{text}\"\n"));
        }
        for text in [" a", "a ", "a: b", "a:", "#x", "- a", "-", "?", "---", "...", "@a", "%a", "*a", "[a", "{a", "\"a"]
        {
            assert_eq!(print::yaml(Value::String(text)), format!("'{text}'\n"));
        }
        assert_eq!(print::yaml(Value::String("it's 'x'")), "it's 'x'\n");
        assert_eq!(print::yaml(Value::String("'x'")), "'''x'''\n");
    }

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        let text = "\u{1b}[2J\u{7}\u{9b}\u{202e}\u{200b}\u{feff}\u{e0041}\u{0}é😀";
        let escaped = "\\u001b[2J\\u0007\\u009b\\u202e\\u200b\\ufeff\\U000e0041\\u0000é😀";
        assert_eq!(print::yaml(Value::String(text)), format!("\"{escaped}\"\n"));
        assert_eq!(visible(text), escaped);
        assert_eq!(visible("a b"), "a b");
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        for (longest, short) in [(0, "…"), (1, "a…"), (2, "aé…"), (3, "aé😀"), (4, "aé😀")] {
            assert_eq!(shortened("aé😀", longest), short);
        }
    }
}
