//! One YAML document from the parser's events to a tree with its places.
//!
//! An alias shares the nodes of its anchor but is counted and measured as if they were written out, so that a few
//! lines cannot become a billion values.

mod leaf;

use std::borrow::Cow;

use bumpalo::Bump;
use granit_parser::{Event, Options, Parser, ScalarStyle, StrInput, StructureStyle};

use crate::document::yaml::fault::{Fault, Origin, TAB};
use crate::document::yaml::{Read, Tree, scalar};
use crate::document::{Limits, Member, Places, Span, Step, Value, json};

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
    /// The values that an alias stands for, where they were written.
    aliased: Vec<Span>,
    /// Of the arrays that are being read, innermost last; `members`, `keys` and `places` likewise.
    elements: Vec<Value<'a>>,
    members: Vec<Member<'a>>,
    keys: Vec<Span>,
    places: Vec<Places<'a>>,
}

/// The one document of `text`, if there is one; `null` counts as none.
pub(super) fn read<'a>(arena: &'a Bump, text: &'a str, origin: Origin, limits: &Limits) -> Read<'a> {
    let depth = limits.depth as usize;
    let mut options = granit_parser::options! {
        disallow_directives: true,
        emit_anchor_events: true,
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
        aliased: Vec::new(),
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
    let aliased = &*arena.alloc_slice_copy(&reader.aliased);
    let tree = |root: Node<'a>| Tree { root: root.value, places: root.places, is_json: false, aliased };
    Ok(root.filter(|root| !root.value.is_null()).map(tree))
}

impl<'a> Reader<'a, '_> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        loop {
            let (mut event, marked) = match self.parser.next_event() {
                Some(Ok(event)) => event,
                Some(Err(error)) => return Err(Fault::syntax(&error, self.text, self.origin)),
                None => return Ok((Event::StreamEnd, Span::default())),
            };
            self.tag = marked.tag_span().map(|tag| self.origin.span(&tag));
            let span = self.origin.span(&marked);
            match &mut event {
                Event::Anchor(_, name) => check_anchor(name, span)?,
                // The parser writes a missing value as `~`.
                Event::Scalar(text, ScalarStyle::Plain, ..) if span.start == span.end => {
                    *text = Cow::Borrowed("");
                    return Ok((event, span));
                }
                _ => return Ok((event, span)),
            }
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

    /// In brackets kubectl ends a bare key only at a colon with space after it, on the same line.
    fn check_flow_key(&self, event: &Event<'a>, span: Span) -> Result<(), Fault> {
        check_flow(event, span)?;
        let at = |offset: usize| offset.saturating_sub(self.origin.offset);
        let written = self.text.get(at(span.start)..at(span.end)).unwrap_or_default();
        let after = self.text.get(at(span.end)..).unwrap_or_default();
        let is_bare = matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..)) && !written.is_empty();
        let is_tight = after.strip_prefix(':').is_some_and(|after| !after.starts_with([' ', '\t', '\n', '\r']));
        if is_bare && is_tight {
            return Err(Fault::new(span, "no space after the colon").help("write `key: value`").structural());
        }
        if written.contains('\n') || after.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']) {
            let is_alone = after.trim_start().starts_with(['}', ',', ']', '#']);
            if written.contains('\n') || !is_alone {
                return Err(Fault::new(span, "a key on more than one line").structural());
            }
        }
        Ok(())
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
        self.aliased.push(node.places.value);
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
            let checked = match style {
                StructureStyle::Block => self.check_indent(span),
                StructureStyle::Flow => check_flow(&event, span),
            };
            checked.map_err(|fault| fault.at(Step::Index(index)))?;
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
        let mut seen = json::Seen::default();
        let end = loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break span;
            }
            match style {
                StructureStyle::Block => self.check_indent(span)?,
                StructureStyle::Flow => self.check_flow_key(&event, span)?,
            }
            let (key, span) = self.key(event, span)?;
            let step = || Step::Key(Cow::Owned(key.to_owned()));
            if seen.has(self.members.get(first..).unwrap_or_default(), key) {
                let fault = Fault::new(span, format!("duplicate key `{}`", key.escape_debug()));
                return Err(fault.help("kubectl keeps only the last one; remove the others").at(step()));
            }
            let (event, place) = self.next()?;
            if style == StructureStyle::Flow {
                check_flow(&event, place).map_err(|fault| fault.at(step()))?;
            }
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

/// In brackets kubectl takes `?` and a colon at the start of a bare word for something else.
fn check_flow(event: &Event<'_>, span: Span) -> Result<(), Fault> {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) if text.starts_with(':') || text.contains('?') => {
            let text = text.escape_debug();
            Err(Fault::new(span, format!("`{text}` without quotes inside brackets"))
                .help(format!("write `\"{text}\"`")))
        }
        _ => Ok(()),
    }
}

/// kubectl ends an anchor's name at the first other character.
fn check_anchor(name: &str, span: Span) -> Result<(), Fault> {
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Ok(());
    }
    let fault = Fault::new(span, format!("the anchor `{}`", name.escape_debug()));
    Err(fault.help("kubectl allows only letters, digits, `-` and `_` in the name of an anchor"))
}

#[cfg(test)]
mod tests {
    use crate::document::yaml::tests::{error, read};

    #[test]
    fn values_are_what_kubectl_reads() {
        let table = [
            ("a: 1e3\nb: 2.0\nc: 0x1F\nd: 1.50\n", r#"{"a":1000,"b":2,"c":31,"d":1.5}"#),
            ("a: !!str 1\nb: !!int \"1\"\nc: !!str\nd: !!null ''\n", r#"{"a":"1","b":1,"c":"","d":null}"#),
            ("a: !!map {b: !!seq [!!float 1, !!bool \"true\"]}\n", r#"{"a":{"b":[1,true]}}"#),
            (
                "a: 2024-01-01\nb: <<\nc: =\n'<<': 1\n!!str 1: d\n",
                r#"{"a":"2024-01-01","b":"<<","c":"=","<<":1,"1":"d"}"#,
            ),
            ("a: &x {b: [1, 2]}\nc: *x\nd: &y k\n*y : 1\n", r#"{"a":{"b":[1,2]},"c":{"b":[1,2]},"d":"k","k":1}"#),
            ("a: &x 1\nb: &x 2\nc: *x\n", r#"{"a":1,"b":2,"c":2}"#),
            ("a: >\n  x\n  y\n\n    z\nb: |-\n  x\nc: |+\n  x\n\n", r#"{"a":"x y\n\n  z\n","b":"x","c":"x\n\n"}"#),
            ("a: 'it''s'\nb: \"x\\ty\\u00e9\"\nc: x\n  y\n", r#"{"a":"it's","b":"x\tyé","c":"x y"}"#),
            ("a: {b}\nc: {d: }\ne:\n- \n- x\n", r#"{"a":{"b":null},"c":{"d":null},"e":[null,"x"]}"#),
            (
                "a: {\"b\":1, \"c\":[d], e: http://f:80/g, h}\n",
                r#"{"a":{"b":1,"c":["d"],"e":"http://f:80/g","h":null}}"#,
            ),
            ("a: {\n  b: 1,\n  c\n  }\n", r#"{"a":{"b":1,"c":null}}"#),
            ("a:\tb\t# c\n\n", r#"{"a":"b"}"#),
            ("? a\n: b\n", r#"{"a":"b"}"#),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), [expected], "{text}");
        }
    }

    #[test]
    fn what_readers_disagree_on_is_refused_at_its_place() {
        let table = [
            ("a:\n  - b: Off\n", "! 2:8 `Off` is a boolean to kubectl and a string to other readers"),
            ("mode: 0777\n", "! 1:7 `0777` is a number to kubectl and something else to other readers"),
            ("a: 1\n<<: {b: 2}\n", "! 2:1 a merge key `<<`"),
            ("a: 1\nb: {c: 1, c: 2}\n", "! 2:11 duplicate key `c`"),
            ("1: a\n", "! 1:1 the key `1` is not a string"),
            ("y: a\n", "! 1:1 the key `y` is not a string"),
            ("true: a\n", "! 1:1 the key `true` is not a string"),
            ("null: a\n", "! 1:1 the key `null` is not a string"),
            ("!!int '1': a\n", "! 1:7 the key `1` is not a string"),
            (": a\n", "! 1:1 a value without a key"),
            ("? [a]\n: b\n", "! 1:3 a key that is not a string"),
            ("a: !foo b\n", "! 1:4 the tag `!foo`"),
            ("a: !!binary aGk=\n", "! 1:4 the tag `!!binary`"),
            ("a: !!python/none x\n", "! 1:4 the tag `!!python/none`"),
            ("a: ! x\n", "! 1:4 the tag `!`"),
            ("a: !!int x\n", "! 1:4 the tag `!!int` on something else"),
            ("a: !!map [1]\n", "! 1:4 the tag `!!map` on something else"),
            ("a: &x [*x]\n", "! 1:8 an alias inside the value that it stands for"),
            ("a: &b: c\n", "! 1:4 the anchor `b:`"),
            ("a: {b:}\n", "! 1:5 no space after the colon"),
            ("a: [b:, c]\n", "! 1:5 no space after the colon"),
            ("a: {b:[c]}\n", "! 1:6 ':' may not precede any of `[{` in flow mapping"),
            ("a: {b\n  : c}\n", "! 1:5 a key on more than one line"),
            ("a: [x, http://b/?c=d]\n", "! 1:8 `http://b/?c=d` without quotes inside brackets"),
            ("a: {b: :c}\n", "! 1:8 `:c` without quotes inside brackets"),
            ("a: 'x'#c\n", "! 1:7 comments must be separated from other tokens by whitespace"),
            ("a: é\u{2028}\n", "! 1:5 a character that ends a line for some readers only"),
            ("a: 1\nb: \0\n", "! 2:4 a NUL byte"),
            ("a: \u{1b}[31m\n", "! 1:4 a control character"),
            ("a: 1\rb: 2\n", "! 1:5 a carriage return without a line feed"),
            ("a:\n  - \tb: 1\n", "! 2:5 a tab in the indentation"),
            ("\ta: 1\n", "! 1:1 a tab in the indentation"),
            ("a: |\n  \tx\n", "! 1:4 a block of text that starts with a tab"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), [expected], "{text}");
        }
    }

    #[test]
    fn limits_hold_for_aliases_too_and_are_found_at_once() {
        let laughs = (0..30)
            .fold("a0: &a0 [x, x]\n".to_owned(), |text, i| format!("{text}a{}: &a{} [*a{i}, *a{i}]\n", i + 1, i + 1));
        let wide = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(500), "*a, ".repeat(10));
        let nested = |count: usize| (0..count).fold(String::new(), |text, i| format!("{text}{}a:\n", " ".repeat(i)));
        let high = format!("a: &a {}{}\nb: {}*a{}\n", "[".repeat(15), "]".repeat(15), "[".repeat(15), "]".repeat(15));
        let table = [
            (laughs, "more than 1000 values"),
            (wide, "more than 1000 values"),
            (format!("[{}]", "0,".repeat(1000)), "more than 1000 values"),
            (high, "more than 20 arrays and objects inside one another"),
            ("a: ".to_owned() + &"x".repeat(300_000), "more than 300000 bytes"),
        ];
        for (text, expected) in table {
            assert_eq!(error(&text).message, expected);
        }
        for text in ["[".repeat(200_000), "a: ".to_owned() + &"[".repeat(200_000), nested(1500), "- ".repeat(1500)] {
            assert!(error(&text).span.start < text.len());
        }
    }
}
