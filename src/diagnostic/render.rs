//! A diagnostic as a picture: the line of the file with the piece underlined, in the style of rustc.
//!
//! What comes from a file or a name may hold terminal control characters; none of them gets through.

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Report, Snippet};

use crate::diagnostic::line::Line;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::print::visible;

/// A line longer than this many bytes is not shown.
const LONGEST_LINE: usize = 4096;

/// The picture of `diagnostic`, without a final line break. `source` is the text of its file, if it is at hand;
/// without it the place is only named.
pub fn render(diagnostic: &Diagnostic, source: Option<&str>, colour: bool) -> String {
    let message = visible(&diagnostic.message);
    let label = diagnostic.label.as_deref().map(visible);
    let help = diagnostic.help.as_deref().map(visible);
    let file = diagnostic.place.as_ref().map(|place| visible(&place.file)).unwrap_or_default();
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(&*message);
    let mut group = match &diagnostic.place {
        None => annotate_snippets::Group::with_title(title),
        Some(place) => match source.and_then(|source| Line::of(source, place.span, LONGEST_LINE)) {
            Some(Line { text, start, end }) => {
                let annotation = AnnotationKind::Primary.span(start..end).label(label);
                let snippet = Snippet::source(text).line_start(place.span.line as usize).path(&*file);
                title.element(snippet.annotation(annotation))
            }
            None => {
                let origin = Origin::path(&*file).line(place.span.line as usize);
                title.element(origin.char_column(place.span.column as usize))
            }
        },
    };
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(&**help));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let report: Report<'_> = &[group];
    renderer.render(report)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::Place;
    use crate::document::Span;

    fn place(file: &str, start: usize, end: usize, line: u32, column: u32) -> Option<Place> {
        Some(Place { file: Arc::from(file), span: Span { start, end, line, column } })
    }

    #[test]
    fn the_line_of_the_place_is_shown_with_label_and_help() {
        let source = "spec:\n  mode: enforce\n  rules: []\n";
        let diagnostic = Diagnostic::error(place("house.yaml", 14, 21, 2, 9), "`enforce` is not a mode")
            .label("a mode")
            .help("did you mean `Enforce`?");
        let expected = "\
error: `enforce` is not a mode
 --> house.yaml:2:9
  |
2 |   mode: enforce
  |         ^^^^^^^ a mode
  |
  = help: did you mean `Enforce`?";
        assert_eq!(render(&diagnostic, Some(source), false), expected);
    }

    #[test]
    fn only_the_first_line_of_a_place_is_shown() {
        let source = "a:\n  - b\n  - c\n";
        let diagnostic = Diagnostic::warning(place("a.yaml", 5, 13, 2, 3), "too much");
        let expected = "\
warning: too much
 --> a.yaml:2:3
  |
2 |   - b
  |   ^^^";
        assert_eq!(render(&diagnostic, Some(source), false), expected);
    }

    #[test]
    fn without_the_text_the_place_is_named() {
        let diagnostic = Diagnostic::error(place("a.yaml", 500, 510, 20, 3), "too much").help("less");
        let expected = "\
error: too much
--> a.yaml:20:3
 = help: less";
        assert_eq!(render(&diagnostic, None, false), expected);
        assert_eq!(render(&diagnostic, Some("another text"), false), expected);
        assert_eq!(render(&Diagnostic::error(None, "no place"), None, false), "error: no place");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let source = "mode: \"\u{1b}[2J\u{202e}\"\n";
        let diagnostic = Diagnostic::error(place("\u{1b}]0;x.yaml", 6, 14, 1, 7), "`\u{1b}[2J`\nis\u{200b} not a mode")
            .label("\u{7}")
            .help("\u{9b}31m");
        let rendered = render(&diagnostic, Some(source), false);
        assert!(
            !rendered.chars().any(|char| (char.is_control() && char != '\n') || char == '\u{202e}'),
            "{rendered:?}"
        );
        assert!(rendered.starts_with("error: `\\u001b[2J`\\nis\\u200b not a mode\n"), "{rendered}");
        assert!(render(&diagnostic, Some(source), true).contains("\u{1b}["));
    }
}
