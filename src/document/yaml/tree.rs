//! One YAML document from the parser's events to a tree with its places.
//!
//! An alias shares the nodes of its anchor but is counted and measured as if they were written out, so that a few
//! lines cannot become a billion values.

use std::borrow::Cow;
use std::collections::HashSet;

use bumpalo::Bump;
use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, StrInput, StructureStyle, Tag};

use crate::document::yaml::scalar;
use crate::document::{Limits, Member, Places, Span, Step, Value, json};

/// What to do about a template.
pub(super) const TEMPLATE: &str = "this looks like a Helm template: render it first (`helm template`)";

const TAB: &str = "indent with spaces: YAML forbids tabs there";

/// What to do about some of the parser's messages, by a part of the message.
const HELP: [(&str, &str); 8] = [
    ("tab", TAB),
    ("did not find expected key", "check the indentation of this line and of those before it"),
    ("mapping values are not allowed", "check the indentation, or quote the value if it holds `: `"),
    ("block sequence entries are not allowed", "start the list on the next line"),
    ("simple key expected", "write `key: value`, or check the indentation"),
    ("unknown anchor", "an alias needs an anchor before it in the same document"),
    ("directives are disallowed", "kubectl does not read them; take the line out"),
    ("unexpected character", "quote the value"),
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

/// A value, where it stands, and what it costs.
#[derive(Clone, Copy)]
struct Node<'a> {
    value: Value<'a>,
    places: Places<'a>,
    /// Values in it, aliases written out.
    nodes: u32,
    /// Arrays and objects inside one another.
    height: u32,
}

struct Reader<'a, 'l> {
    arena: &'a Bump,
    limits: &'l Limits,
    parser: Parser<'a, StrInput<'a>>,
    text: &'a str,
    origin: Origin,
    nodes: u32,
    /// The tag of the last event, if it had one.
    tag: Option<Span>,
    /// By the parser's number; empty while the anchored value is being read.
    anchors: Vec<Option<Node<'a>>>,
    /// Of the arrays that are being read, innermost last; `members`, `keys` and `places` likewise.
    elements: Vec<Value<'a>>,
    members: Vec<Member<'a>>,
    keys: Vec<Span>,
    places: Vec<Places<'a>>,
}

impl Fault {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Fault { message: message.into(), help: None, span, steps: Vec::new(), is_structural: false }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn structural(mut self) -> Self {
        self.is_structural = true;
        self
    }

    fn at(mut self, step: Step<'static>) -> Self {
        self.steps.push(step);
        self
    }
}

/// The one document of `text`, if there is one; `null` counts as none.
pub(super) fn read<'a>(
    arena: &'a Bump,
    text: &'a str,
    origin: Origin,
    limits: &Limits,
) -> Result<Option<(Value<'a>, Places<'a>)>, Fault> {
    let depth = limits.depth as usize;
    let mut options = granit_parser::options! {
        disallow_directives: true,
        flow_nesting_limit: depth,
        block_nesting_limit: depth,
    };
    Options::set_emit_comments(&mut options, false);
    let mut reader = Reader {
        arena,
        limits,
        parser: Parser::new_from_str_with_options(text, options),
        text,
        origin,
        nodes: 0,
        tag: None,
        anchors: Vec::new(),
        elements: Vec::new(),
        members: Vec::with_capacity(32),
        keys: Vec::with_capacity(32),
        places: Vec::with_capacity(32),
    };
    let mut root = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentEnd => {}
            Event::StreamEnd => break,
            Event::DocumentStart(..) if root.is_some() => {
                let fault = Fault::new(span, "kubectl does not read what follows the end of a document");
                return Err(fault.help("start a new document with `---`"));
            }
            Event::DocumentStart(..) => {
                let (event, span) = reader.next()?;
                root = Some(reader.node(event, span, 0)?);
            }
            _ => return Err(Fault::new(span, "unexpected structure")),
        }
    }
    Ok(root.filter(|root| !root.value.is_null()).map(|root| (root.value, root.places)))
}

impl<'a> Reader<'a, '_> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok((mut event, span))) => {
                self.tag = span.tag_span().map(|tag| self.span(&tag));
                let span = self.span(&span);
                if let Event::Scalar(text, ScalarStyle::Plain, ..) = &mut event
                    && span.start == span.end
                {
                    // The parser writes a missing value as `~`.
                    *text = Cow::Borrowed("");
                }
                Ok((event, span))
            }
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        let offset = |marker: &granit_parser::Marker| self.origin.offset + marker.byte_offset().unwrap_or_default();
        let (start, end) = (offset(&span.start), offset(&span.end));
        Span { start, end: end.max(start), ..self.mark(&span.start) }
    }

    fn mark(&self, marker: &granit_parser::Marker) -> Span {
        let start = self.origin.offset + marker.byte_offset().unwrap_or_default();
        let line = u32::try_from(marker.line()).unwrap_or(u32::MAX);
        let before = if line == 1 { self.origin.column } else { 0 };
        let column = u32::try_from(marker.col()).unwrap_or(u32::MAX).saturating_add(before).saturating_add(1);
        Span { start, end: start, line: self.origin.line.saturating_add(line), column }
    }

    fn syntax(&self, error: &ScanError) -> Fault {
        let mut span = self.mark(error.marker());
        let rest = self.text.get(span.start.saturating_sub(self.origin.offset)..).unwrap_or_default();
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

    /// kubectl forbids tabs before a key or an element, where the parser takes some.
    fn check_indent(&self, span: Span) -> Result<(), Fault> {
        let before = self.text.get(..span.start.saturating_sub(self.origin.offset)).unwrap_or_default();
        let indent = before.bytes().rev().take_while(|byte| *byte != b'\n');
        let Some(distance) = indent.enumerate().filter(|(_, byte)| *byte == b'\t').map(|(distance, _)| distance).last()
        else {
            return Ok(());
        };
        let start = span.start - distance - 1;
        let column = span.column.saturating_sub(u32::try_from(distance + 1).unwrap_or(u32::MAX)).max(1);
        Err(Fault::new(Span { start, end: start + 1, column, ..span }, "a tab in the indentation").help(TAB))
    }

    fn count(&mut self, nodes: u32, span: Span) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.limits.nodes {
            return Err(Fault::new(span, format!("more than {} values", self.limits.nodes)));
        }
        Ok(())
    }

    fn deeper(&self, depth: u32, span: Span) -> Result<u32, Fault> {
        let depth = depth.saturating_add(1);
        if depth > self.limits.depth {
            let message = format!("more than {} arrays and objects inside one another", self.limits.depth);
            return Err(Fault::new(span, message));
        }
        Ok(depth)
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: u32) -> Result<Node<'a>, Fault> {
        let before = self.nodes;
        let (anchor, mut node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, span)?;
                (anchor, self.scalar(text, style, tag.as_deref(), span)?)
            }
            Event::Alias(id) => (0, self.alias(id, span, depth)?),
            Event::SequenceStart(style, anchor, tag) => {
                self.count(1, span)?;
                self.check_tag(tag.as_deref(), "seq", span)?;
                self.reserve(anchor);
                (anchor, self.array(style, span, self.deeper(depth, span)?)?)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.count(1, span)?;
                self.check_tag(tag.as_deref(), "map", span)?;
                self.reserve(anchor);
                (anchor, self.object(style, span, self.deeper(depth, span)?)?)
            }
            _ => return Err(Fault::new(span, "unexpected structure")),
        };
        node.nodes = self.nodes - before;
        self.define(anchor, node);
        Ok(node)
    }

    fn reserve(&mut self, anchor: usize) {
        if anchor >= self.anchors.len() && anchor > 0 {
            self.anchors.resize(anchor + 1, None);
        }
    }

    fn define(&mut self, anchor: usize, node: Node<'a>) {
        if anchor > 0 {
            self.reserve(anchor);
            if let Some(slot) = self.anchors.get_mut(anchor) {
                *slot = Some(node);
            }
        }
    }

    fn alias(&mut self, id: usize, span: Span, depth: u32) -> Result<Node<'a>, Fault> {
        let Some(mut node) = self.anchors.get(id).copied().flatten() else {
            return Err(Fault::new(span, "an alias inside the value that it stands for"));
        };
        self.count(node.nodes, span)?;
        if node.height > 0 {
            self.deeper(depth.saturating_add(node.height - 1), span)?;
        }
        node.places.value = span;
        Ok(node)
    }

    fn array(&mut self, style: StructureStyle, start: Span, depth: u32) -> Result<Node<'a>, Fault> {
        let (first, first_place) = (self.elements.len(), self.places.len());
        let mut height = 0;
        let end = loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                break span;
            }
            let index = self.elements.len() - first;
            if style == StructureStyle::Block {
                self.check_indent(span).map_err(|fault| fault.at(Step::Index(index)))?;
            }
            let node = self.node(event, span, depth).map_err(|fault| fault.at(Step::Index(index)))?;
            height = height.max(node.height);
            self.elements.push(node.value);
            self.places.push(node.places);
        };
        let children = self.arena.alloc_slice_copy(self.places.get(first_place..).unwrap_or_default());
        let value = self.arena.alloc_slice_copy(self.elements.get(first..).unwrap_or_default());
        self.elements.truncate(first);
        self.places.truncate(first_place);
        let begin = children.first().map(|child| child.value);
        let span = extent(style, start, end, begin, children.last().map(|child| child.value));
        let places = Places { value: span, keys: &[], children };
        Ok(Node { value: Value::Array(value), places, nodes: 0, height: height + 1 })
    }

    fn object(&mut self, style: StructureStyle, start: Span, depth: u32) -> Result<Node<'a>, Fault> {
        let (first, first_key, first_place) = (self.members.len(), self.keys.len(), self.places.len());
        let mut height = 0;
        let mut seen: Option<HashSet<&'a str>> = None;
        let end = loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break span;
            }
            if style == StructureStyle::Block {
                self.check_indent(span)?;
            }
            let (key, span) = self.key(event, span)?;
            let step = || Step::Key(Cow::Owned(key.to_owned()));
            if json::is_duplicate(self.members.get(first..).unwrap_or_default(), key, &mut seen) {
                let fault = Fault::new(span, format!("duplicate key `{}`", key.escape_debug()));
                return Err(fault.help("kubectl keeps only the last one; remove the others").at(step()));
            }
            let (event, place) = self.next()?;
            let mut node = self.node(event, place, depth).map_err(|fault| fault.at(step()))?;
            if node.value.is_null() && node.places.value.start == node.places.value.end {
                node.places.value = Span { start: span.end, end: span.end, ..span };
            }
            height = height.max(node.height);
            self.members.push(Member { key, value: node.value });
            self.keys.push(span);
            self.places.push(node.places);
        };
        let children = self.arena.alloc_slice_copy(self.places.get(first_place..).unwrap_or_default());
        let keys = self.arena.alloc_slice_copy(self.keys.get(first_key..).unwrap_or_default());
        let value = self.arena.alloc_slice_copy(self.members.get(first..).unwrap_or_default());
        self.members.truncate(first);
        self.keys.truncate(first_key);
        self.places.truncate(first_place);
        let last = children.last().map(|child| child.value);
        let span = extent(style, start, end, keys.first().copied(), last);
        let places = Places { value: span, keys, children };
        Ok(Node { value: Value::Object(value), places, nodes: 0, height: height + 1 })
    }

    fn key(&mut self, event: Event<'a>, span: Span) -> Result<(&'a str, Span), Fault> {
        let node = match event {
            Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<" => {
                let fault = Fault::new(span, "a merge key `<<`");
                return Err(fault.help("not every reader merges it; write the keys out, or quote it: `\"<<\"`"));
            }
            Event::Scalar(text, ScalarStyle::Plain, anchor, None) => match scalar::resolve(&text) {
                Ok(Value::String(_)) => {
                    let node = self.leaf(Value::String(self.keep(text)), span);
                    self.define(anchor, node);
                    node
                }
                _ if text.is_empty() => return Err(Fault::new(span, "a value without a key").structural()),
                _ => return Err(not_text(&text, span)),
            },
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(text, style, tag.as_deref(), span)?;
                self.define(anchor, node);
                node
            }
            Event::Alias(id) => self.alias(id, span, 0)?,
            _ => return Err(Fault::new(span, "a key that is not a string").structural()),
        };
        match node.value {
            Value::String(key) => Ok((key, node.places.value)),
            other => Err(not_text(&other.to_string(), span)),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'a, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Node<'a>, Fault> {
        let span = self.trim(style, span);
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if is_block && text.trim_start_matches('\n').starts_with('\t') {
            return Err(Fault::new(span, "a block of text that starts with a tab").help(TAB));
        }
        let value = match tag {
            None if style == ScalarStyle::Plain => self.plain(text, span)?,
            None => Value::String(self.keep(text)),
            Some(tag) => {
                let kind = self.core_tag(tag, span)?;
                let whole = self.tag.unwrap_or(span);
                let value = if kind == "str" { Value::String(self.keep(text)) } else { self.plain(text, span)? };
                let fits = match kind {
                    "str" => true,
                    "int" => matches!(value, Value::Int(_) | Value::Uint(_)),
                    "float" => matches!(value, Value::Int(_) | Value::Uint(_) | Value::Float(_)),
                    "bool" => matches!(value, Value::Bool(_)),
                    "null" => value.is_null(),
                    _ => false,
                };
                if !fits {
                    return Err(Fault::new(whole, format!("the tag `{}` on something else", tag.original())));
                }
                value
            }
        };
        Ok(self.leaf(value, span))
    }

    fn leaf(&self, value: Value<'a>, span: Span) -> Node<'a> {
        Node { value, places: Places { value: span, ..Places::default() }, nodes: 1, height: 0 }
    }

    fn plain(&self, text: Cow<'a, str>, span: Span) -> Result<Value<'a>, Fault> {
        match scalar::resolve(&text) {
            Ok(Value::String(_)) => Ok(Value::String(self.keep(text))),
            Ok(Value::Null) => Ok(Value::Null),
            Ok(Value::Bool(value)) => Ok(Value::Bool(value)),
            Ok(Value::Int(value)) => Ok(Value::Int(value)),
            Ok(Value::Uint(value)) => Ok(Value::Uint(value)),
            Ok(Value::Float(value)) => Ok(Value::Float(value)),
            Ok(Value::Array(_) | Value::Object(_)) => Err(Fault::new(span, "unexpected structure")),
            Err(ambiguity) => Err(Fault::new(span, format!("`{text}` {}", ambiguity.complaint)).help(ambiguity.help)),
        }
    }

    fn keep(&self, text: Cow<'a, str>) -> &'a str {
        match text {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => self.arena.alloc_str(&text),
        }
    }

    /// The parser ends a block scalar after its empty lines.
    fn trim(&self, style: ScalarStyle, span: Span) -> Span {
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return span;
        }
        let start = span.start - self.origin.offset;
        let end = span.end - self.origin.offset;
        let written = self.text.get(start..end).unwrap_or_default().trim_end();
        Span { end: span.start + written.len(), ..span }
    }

    fn core_tag<'t>(&self, tag: &'t Tag, span: Span) -> Result<&'t str, Fault> {
        tag.core_suffix().ok_or_else(|| {
            let span = self.tag.unwrap_or(span);
            let fault = Fault::new(span, format!("the tag `{}`", tag.original().escape_debug()));
            fault.help("only YAML's own tags have a meaning in a manifest: `!!str`, `!!int`, `!!bool` and the like")
        })
    }

    fn check_tag(&self, tag: Option<&Tag>, expected: &str, span: Span) -> Result<(), Fault> {
        match tag {
            Some(tag) if self.core_tag(tag, span)? != expected => {
                let span = self.tag.unwrap_or(span);
                Err(Fault::new(span, format!("the tag `{}` on something else", tag.original())))
            }
            _ => Ok(()),
        }
    }
}

/// The span of a collection: its brackets, or else from its first to its last part.
fn extent(style: StructureStyle, start: Span, end: Span, first: Option<Span>, last: Option<Span>) -> Span {
    match (style, first, last) {
        (StructureStyle::Block, Some(first), Some(last)) => Span { end: last.end.max(first.end), ..first },
        _ => Span { end: end.end.max(start.end), ..start },
    }
}

fn not_text(key: &str, span: Span) -> Fault {
    Fault::new(span, format!("the key `{key}` is not a string")).help(format!("quote it: `\"{key}\"`"))
}

/// Messages start in lower case here.
fn lower(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars.next();
    match first {
        Some(first) if chars.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => message.to_owned(),
    }
}
