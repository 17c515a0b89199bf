//! Policies with a piece missing or wrong.

use super::loaded::HOUSE_RULES;
use super::read;
use crate::diagnostic::Severity;
use crate::diagnostic::render::render;

/// A text loads as a whole or is refused with an error, and each place is one in the text.
fn holds(text: &str) {
    let loaded = read(text);
    let has_errors = loaded.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(has_errors, !loaded.refused.is_empty(), "{text}");
    for diagnostic in loaded.diagnostics {
        let span = diagnostic.place.as_ref().unwrap().span;
        let before = text.get(..span.start).unwrap_or_else(|| panic!("{diagnostic:?}\n{text}"));
        assert!(text.get(span.start..span.end).is_some(), "{diagnostic:?}\n{text}");
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let line = before.matches('\n').count() + 1;
        assert_eq!((span.line as usize, span.column as usize), (line, column), "{diagnostic:?}\n{text}");
        render(&diagnostic, Some(text), true);
    }
}

#[test]
fn whatever_is_left_out_is_noticed_at_a_place_in_the_text() {
    let text = HOUSE_RULES;
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    for missing in 0..lines.len() {
        let left: String =
            lines.iter().enumerate().filter(|(line, _)| *line != missing).map(|(_, line)| *line).collect();
        holds(&left);
    }
    for end in (0..text.len()).step_by(5) {
        holds(text.get(..end).unwrap());
    }
}

#[test]
fn whatever_is_put_in_is_noticed_at_a_place_in_the_text() {
    let text = HOUSE_RULES;
    for (at, piece) in
        (0..text.len()).step_by(7).zip(["\u{e9}", "'", "\"", ": ", "]", "{", "null", "\n", "|\n", "$"].iter().cycle())
    {
        let (before, after) = text.split_at(at);
        holds(&format!("{before}{piece}{after}"));
    }
}
