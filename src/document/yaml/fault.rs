//! Why a document was refused, with its place in the file and what to do about it.

use granit_parser::{Marker, ScanError};

use crate::document::{Span, Step};

/// What to do about a template.
pub(super) const TEMPLATE: &str = "this looks like a Helm template: render it first (`helm template`)";

/// What to do about a tab.
pub(super) const TAB: &str = "indent with spaces: YAML forbids tabs there";

/// What to do about some of the parser's messages, by a part of the message.
const HELP: [(&str, &str); 9] = [
    ("tab", TAB),
    ("did not find expected key", "check the indentation of this line and of those before it"),
    ("mapping values are not allowed", "check the indentation, or quote the value if it holds `: `"),
    ("block sequence entries are not allowed", "start the list on the next line"),
    ("simple key expected", "write `key: value`, or check the indentation"),
    ("unknown anchor", "an alias needs an anchor before it in the same document"),
    ("directives are disallowed", "kubectl does not read them; take the line out"),
    ("unexpected character", "quote the value"),
    ("comments must be separated", "put a space before the `#`, or quote the value"),
];

/// Where a document starts in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// Bytes before it.
    pub(super) offset: usize,
    /// Lines before it.
    pub(super) line: u32,
    /// Characters before it in its line.
    pub(super) column: u32,
}

/// Why a document was refused.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) span: Span,
    /// The steps to it, innermost first.
    pub(super) steps: Vec<Step<'static>>,
    /// Whether a template that was not rendered may be the cause.
    pub(super) is_structural: bool,
}

impl Origin {
    /// A piece of the document as a piece of the file.
    pub(super) fn span(self, span: &granit_parser::Span) -> Span {
        let start = self.mark(&span.start);
        let end = self.offset + span.end.byte_offset().unwrap_or_default();
        Span { end: end.max(start.start), ..start }
    }

    fn mark(self, marker: &Marker) -> Span {
        let start = self.offset + marker.byte_offset().unwrap_or_default();
        let line = u32::try_from(marker.line()).unwrap_or(u32::MAX);
        let before = if line == 1 { self.column } else { 0 };
        let column = u32::try_from(marker.col()).unwrap_or(u32::MAX).saturating_add(before).saturating_add(1);
        Span { start, end: start, line: self.line.saturating_add(line), column }
    }
}

impl Fault {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Fault { message: message.into(), help: None, span, steps: Vec::new(), is_structural: false }
    }

    /// The parser's error about `text`, the document that starts at `origin`.
    pub(super) fn syntax(error: &ScanError, text: &str, origin: Origin) -> Self {
        let mut span = origin.mark(error.marker());
        let rest = text.get(span.start.saturating_sub(origin.offset)..).unwrap_or_default();
        if let Some(next) = rest.chars().next().filter(|next| *next != '\n') {
            span.end += next.len_utf8();
        }
        let info = error.info();
        let message = match info.strip_prefix("unexpected character: `") {
            Some(rest) => format!("unexpected character `{}`", rest.trim_end_matches('\'')),
            None => lower(&info),
        };
        let fault = Fault::new(span, message).structural();
        match HELP.iter().find(|(part, _)| info.contains(part)) {
            Some((_, help)) => fault.help(*help),
            None if rest.starts_with('\t') => fault.help(TAB),
            None => fault,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn structural(mut self) -> Self {
        self.is_structural = true;
        self
    }

    pub(super) fn at(mut self, step: Step<'static>) -> Self {
        self.steps.push(step);
        self
    }
}

/// Messages start in lower case here, unless with an abbreviation.
fn lower(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        Some(first) if chars.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => message.to_owned(),
    }
}
