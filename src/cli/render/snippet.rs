//! A message about a place in a file, drawn with its line as compilers do.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, Title};

use crate::cli::render::Palette;
use crate::diagnostic::line::Line;
use crate::diagnostic::render::render;
use crate::diagnostic::{Diagnostic, Place};
use crate::document::print::visible;

/// A longer line, in bytes, is not shown: it is no line that somebody wrote.
const LONGEST: usize = 400;

/// Draws messages.
#[derive(Debug)]
pub struct Snippets {
    renderer: Renderer,
    is_coloured: bool,
}

/// What a rule says about a place.
#[derive(Debug)]
pub struct Message<'m> {
    /// How bad it is.
    pub level: Level<'static>,
    /// Which rule.
    pub id: &'m str,
    /// What is wrong.
    pub title: &'m str,
    /// Where.
    pub place: &'m Place,
    /// A word for the underlined piece.
    pub label: &'m str,
    /// More about it.
    pub notes: &'m [&'m str],
    /// What to do about it.
    pub help: Option<&'m str>,
    /// Where in a policy it comes from.
    pub origin: Option<Source<'m>>,
}

/// A piece of another file, with what it has to do with the message.
#[derive(Debug)]
pub struct Source<'m> {
    /// What it is.
    pub title: &'m str,
    /// Where.
    pub place: Place,
    /// The text of its file.
    pub text: &'m str,
}

impl Snippets {
    /// Drawn in these colours.
    pub fn new(palette: Palette) -> Self {
        let Palette { is_coloured, .. } = palette;
        Snippets { renderer: if is_coloured { Renderer::styled() } else { Renderer::plain() }, is_coloured }
    }

    /// Draws a diagnostic.
    pub fn diagnostic(&self, diagnostic: &Diagnostic, source: Option<&str>) -> String {
        match diagnostic {
            // Drawn below a place, help hangs on the margin of its line; here there is no margin.
            Diagnostic { place: None, help: Some(help), .. } => {
                let bare = Diagnostic { help: None, ..diagnostic.clone() };
                format!("{}\n  = help: {}", render(&bare, source, self.is_coloured), visible(help))
            }
            _ => render(diagnostic, source, self.is_coloured),
        }
    }

    /// Draws what a rule says about a place in `text`. There is no line break at the end.
    pub fn message(&self, message: &Message<'_>, text: &str) -> String {
        let Message { level, id, title, place, label, notes, help, origin } = message;
        let title = level.clone().primary_title(visible(title)).id(visible(id));
        let notes = notes.iter().map(|note| Level::NOTE.message(visible(note)));
        let help = help.map(|help| Level::HELP.message(visible(help)));
        let group = drawn(title, text, place, label).elements(notes.chain(help));
        let origin = origin
            .as_ref()
            .map(|Source { title, place, text }| drawn(Level::NOTE.secondary_title(visible(title)), text, place, ""));
        self.renderer.render(&[group].into_iter().chain(origin).collect::<Vec<_>>())
    }
}

/// A title with the line that it is about. Where the line is not shown, what is underlined there is named below.
fn drawn<'m>(title: Title<'m>, text: &'m str, place: &'m Place, label: &'m str) -> Group<'m> {
    let Place { file, span } = place;
    match Line::of(text, *span, LONGEST) {
        Some(Line { text: line, start, end }) => {
            let annotation = AnnotationKind::Primary.span(start..end).label(visible(label));
            let snippet = Snippet::source(line).line_start(usize_of(span.line)).path(visible(file));
            title.element(snippet.annotation(annotation))
        }
        None => {
            let origin = Origin::path(visible(file)).line(usize_of(span.line));
            let group = title.element(origin.char_column(usize_of(span.column)));
            let label = Some(label).filter(|label| !label.is_empty());
            group.elements(label.map(|label| Level::NOTE.message(visible(label))))
        }
    }
}

fn usize_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Span;

    fn place(start: usize, end: usize, line: u32, column: u32) -> Place {
        Place { file: "a.yaml".into(), span: Span { start, end, line, column } }
    }

    #[test]
    fn the_first_line_of_the_place_is_drawn() {
        let text = "kind: Pod\nspec:\n  a: \u{1b}[2Jb\r\n  c: d\n";
        let message = Message {
            level: Level::ERROR,
            id: "house/rule",
            title: "must not \u{7}ring",
            place: &place(18, 32, 3, 3),
            label: "spec.a",
            notes: &[],
            help: Some("leave it out"),
            origin: None,
        };
        let expected = "\
error[house/rule]: must not \\u0007ring
 --> a.yaml:3:3
  |
3 |   a: ?[2Jb
  |   ^^^^^^^^ spec.a
  |
  = help: leave it out";
        assert_eq!(Snippets::new(Palette::default()).message(&message, text), expected);
    }

    #[test]
    fn a_line_that_nobody_wrote_is_not_drawn() {
        let text = "x".repeat(1000);
        let message = Message {
            level: Level::WARNING,
            id: "house/rule",
            title: "no",
            place: &place(700, 701, 1, 701),
            label: "spec.a",
            notes: &["it has it already"],
            help: None,
            origin: None,
        };
        let drawn = Snippets::new(Palette::default()).message(&message, &text);
        assert_eq!(drawn, "warning[house/rule]: no\n--> a.yaml:1:701\n = note: spec.a\n = note: it has it already");
    }

    #[test]
    fn help_without_a_place_stands_below() {
        let diagnostic = Diagnostic::error(None, "there is nothing").help("name `a.yaml`");
        let drawn = Snippets::new(Palette::default()).diagnostic(&diagnostic, None);
        assert_eq!(drawn, "error: there is nothing\n  = help: name `a.yaml`");
    }
}
