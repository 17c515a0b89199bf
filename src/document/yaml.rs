//! YAML and JSON files to trees with their places: read as kubectl reads them, or refused where readers disagree.
//!
//! The documents of a file are what lies between its lines that start with `---`, as for kubectl, which cuts a file
//! before it parses anything: so an error in one document leaves the others alone. A file that starts with `{` is a
//! row of JSON values, with or without anything between them.

mod scalar;
mod tree;

use bumpalo::Bump;

use crate::document::json::place::{self as json_place, Locator};
use crate::document::yaml::tree::{Fault, Origin};
use crate::document::{Limits, Path, Places, Span, Value, json};

/// One document of a file.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// Its value; never `null`, for a document without content is no document.
    pub root: Value<'a>,
    /// Where everything stands in the file.
    pub places: Places<'a>,
    /// Its place among the documents of the file, counted from 0, refused ones included.
    pub index: usize,
}

/// Why a document was refused. The other documents of the file are not concerned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{} (line {}, column {})", at(path), span.line, span.column)]
pub struct Error {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where in the file.
    pub span: Span,
    /// The value in which it was found, as far as it was known.
    pub path: Path<'static>,
    /// The document's place among the documents of the file, counted from 0.
    pub index: usize,
}

/// The documents of a file, one after the other.
#[derive(Debug)]
pub struct Documents<'a, 'l> {
    arena: &'a Bump,
    limits: &'l Limits,
    text: &'a str,
    /// The first byte that is not read yet, and the lines before it.
    at: Origin,
    index: usize,
    /// Whether all documents so far were JSON.
    is_json: bool,
}

/// Reads the documents of a file. Those without content are skipped; `limits` hold for each alone.
///
/// The rules are those of kubectl (`sigs.k8s.io/yaml`), except that what readers of YAML 1.1 and YAML 1.2 read
/// differently, or what kubectl drops silently, is an [`Error`].
pub fn documents<'a, 'l>(arena: &'a Bump, text: &'a str, limits: &'l Limits) -> Documents<'a, 'l> {
    let offset = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    Documents { arena, limits, text, at: Origin { offset, line: 0, column: 0 }, index: 0, is_json: true }
}

/// The text of a file.
///
/// # Errors
/// [`Error`] if it is not UTF-8.
pub fn text(bytes: &[u8]) -> Result<&str, Error> {
    let fault = |message: &str, span| Error {
        message: message.to_owned(),
        help: Some("save the file as UTF-8".to_owned()),
        span,
        path: Path::root(),
        index: 0,
    };
    let start = Span { start: 0, end: 0, line: 1, column: 1 };
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]) {
        return Err(fault("this is UTF-16, or not a text", start));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).and_then(|good| std::str::from_utf8(good).ok());
        let span = good.map(|good| Locator::new(good).span(good.len(), good.len() + 1));
        fault("this is not UTF-8", span.unwrap_or(start))
    })
}

impl<'a> Iterator for Documents<'a, '_> {
    type Item = Result<Document<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.get(self.at.offset..).filter(|rest| !rest.is_empty())?;
            let read = match rest.strip_prefix("---") {
                Some(after) => self.separator(after),
                None => self.value(rest),
            };
            let index = self.index;
            let result = match read.transpose() {
                None => continue,
                Some(Ok((root, places))) => Ok(Document { root, places, index }),
                Some(Err(Fault { message, help, span, steps, .. })) => {
                    let path = steps.into_iter().rev().collect();
                    Err(Error { message, help, span, path, index })
                }
            };
            self.index += 1;
            return Some(result);
        }
    }
}

type Read<'a> = Result<Option<(Value<'a>, Places<'a>)>, Fault>;

impl<'a> Documents<'a, '_> {
    /// Goes past a line that starts with `---`.
    fn separator(&mut self, after: &'a str) -> Read<'a> {
        let origin = self.at;
        let line = after.split_inclusive('\n').next().unwrap_or_default();
        self.pass(3 + line.len());
        self.is_json = false;
        let word = line.trim();
        if word.is_empty() || word.starts_with('#') {
            return Ok(None);
        }
        let start = origin.offset + 3 + (line.len() - line.trim_start().len());
        let column = u32::try_from(start - origin.offset).unwrap_or(u32::MAX).saturating_add(1);
        let span = Span { start, end: start + word.len(), line: origin.line + 1, column };
        Err(Fault::new(span, "text after `---`").help("kubectl allows only a comment there; start it on the next line"))
    }

    fn value(&mut self, rest: &'a str) -> Read<'a> {
        if self.is_json {
            let start = rest.len() - rest.trim_ascii_start().len();
            if rest.get(start..).is_some_and(|rest| rest.starts_with(['{', '['])) {
                return self.json(start);
            }
            if start == rest.len() {
                self.pass(start);
                return Ok(None);
            }
            self.is_json = false;
        }
        self.yaml(rest)
    }

    /// Reads up to the next line that starts with `---`.
    fn yaml(&mut self, rest: &'a str) -> Read<'a> {
        let end = rest.find("\n---").map_or(rest.len(), |end| end + 1);
        let text = rest.get(..end).unwrap_or_default();
        let origin = self.at;
        self.pass(text.len());
        check(text, origin, self.limits)?;
        tree::read(self.arena, text, origin, self.limits).map_err(|fault| {
            if fault.is_structural && text.contains("{{") {
                return fault.help(tree::TEMPLATE);
            }
            fault
        })
    }

    /// Reads one JSON value, or YAML if that is no JSON: kubectl tries the same.
    fn json(&mut self, start: usize) -> Read<'a> {
        let origin = self.at;
        let rest = self.text.get(origin.offset..).unwrap_or_default();
        let end = json_place::end(rest, start);
        let piece = rest.get(start..end).unwrap_or_default();
        let error = match json::parse(self.arena, piece.as_bytes(), self.limits) {
            Ok(root) => {
                self.pass(end);
                let places = json_place::places(self.arena, self.locator(origin), origin.offset + start, root);
                return Ok(Some((root, places)));
            }
            Err(error) => error,
        };
        let place = piece.split_inclusive('\n').take(error.line.saturating_sub(1)).map(str::len).sum::<usize>();
        let offset = origin.offset + start + (place + error.column.saturating_sub(1)).min(piece.len());
        let is_syntax = matches!(error.reason, json::Reason::Syntax(_));
        if is_syntax && self.index == 0 {
            self.is_json = false;
            match self.yaml(rest) {
                Err(fault) if fault.is_structural && looks_like_json(piece) => {}
                read => return read,
            }
        } else {
            self.pass(end);
        }
        let mut offset = (offset..=self.text.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(offset);
        let end = offset + self.text.get(offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        if let json::Reason::DuplicateKey(key) = &error.reason
            && let Some(before) = self.text.get(..offset).and_then(|before| before.strip_suffix(key.as_str()))
        {
            offset = before.trim_end_matches('"').len();
        }
        let span = self.locator(origin).span(offset, end);
        let mut fault = Fault::new(span, error.reason.to_string());
        fault.steps = error.path.steps().iter().rev().cloned().collect();
        Err(fault)
    }

    fn locator(&self, origin: Origin) -> Locator<'a> {
        Locator::resume(self.text, origin.offset, origin.line, origin.column)
    }

    fn pass(&mut self, bytes: usize) {
        let from = self.at.offset;
        self.at.offset = from + bytes;
        let passed = self.text.as_bytes().get(from..self.at.offset).unwrap_or_default();
        let lines = passed.iter().filter(|byte| **byte == b'\n').count();
        self.at.line = self.at.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        let last = passed.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let chars = last.iter().filter(|byte| !json_place::is_continuation(**byte)).count();
        let before = if lines == 0 { self.at.column } else { 0 };
        self.at.column = before.saturating_add(u32::try_from(chars).unwrap_or(u32::MAX));
    }
}

/// Whether the author meant JSON, and not a YAML mapping in braces or a template.
fn looks_like_json(text: &str) -> bool {
    let inside = text.trim_start_matches('[').trim_start();
    let inside = inside.strip_prefix('{').unwrap_or(inside).trim_start();
    inside.starts_with(['"', '}', ']'])
}

/// Refuses what the parser would take as ordinary text and kubectl would not.
fn check(text: &str, origin: Origin, limits: &Limits) -> Result<(), Fault> {
    if text.len() > limits.bytes {
        let span = Span { start: origin.offset, end: origin.offset, line: origin.line + 1, column: 1 };
        return Err(Fault::new(span, format!("more than {} bytes", limits.bytes)));
    }
    let suspicious = |byte: &u8| matches!(byte, 0..=8 | 11..=31 | 127 | 0xc2 | 0xe2 | 0xef);
    let mut from = 0;
    while let Some(found) = text.as_bytes().get(from..).unwrap_or_default().iter().position(suspicious) {
        let at = from + found;
        let mut rest = text.get(at..).unwrap_or_default().chars();
        let Some(char) = rest.next() else { break };
        from = at + char.len_utf8();
        let (what, help) = match char {
            '\r' if rest.next() == Some('\n') => continue,
            '\r' => ("a carriage return without a line feed", "end lines with a line feed"),
            '\0' => ("a NUL byte", "this is not a text, or it is UTF-16; save it as UTF-8"),
            '\u{85}' | '\u{2028}' | '\u{2029}' => (
                "a character that ends a line for some readers only",
                "write it as an escape in double quotes, such as `\\u2028`",
            ),
            '\u{fffe}' | '\u{ffff}' => ("a character that YAML forbids", "write it as an escape in double quotes"),
            char if char.is_control() => ("a control character", "write it as an escape in double quotes"),
            _ => continue,
        };
        let span = Locator::new(text).span(at, from);
        let column = if span.line == 1 { span.column + origin.column } else { span.column };
        let (start, end, line) = (span.start + origin.offset, span.end + origin.offset, span.line + origin.line);
        return Err(Fault::new(Span { start, end, line, column }, what).help(help));
    }
    Ok(())
}

fn at(path: &Path<'_>) -> String {
    if path.is_root() { String::new() } else { format!(" at `{path}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { bytes: 300_000, nodes: 1000, depth: 20 };

    /// What each document of `text` is: compact JSON, or `! LINE:COLUMN MESSAGE`.
    fn read(text: &str) -> Vec<String> {
        let arena = Bump::new();
        documents(&arena, text, &LIMITS)
            .map(|document| match document {
                Ok(document) => document.root.to_string(),
                Err(error) => format!("! {}:{} {}", error.span.line, error.span.column, error.message),
            })
            .collect()
    }

    fn error(text: &str) -> Error {
        documents(&Bump::new(), text, &LIMITS).find_map(Result::err).unwrap()
    }

    #[test]
    fn a_file_falls_into_documents_as_kubectl_cuts_it() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            ("# only\n---\n# comments\n---\n---\n...\n", &[]),
            ("---\nnull\n--- # nothing\n~\n", &[]),
            ("a: 1\n---\nb: 2\n", &["{\"a\":1}", "{\"b\":2}"]),
            ("---   \r\na: 1\r\n---\r\nb: 2\r\n", &["{\"a\":1}", "{\"b\":2}"]),
            ("\u{feff}a: 1\n---\n\u{feff}b: 2", &["{\"a\":1}", "{\"b\":2}"]),
            ("a: |\n  x\n---\na: |\n  ---\n  y", &["{\"a\":\"x\\n\"}", "{\"a\":\"---\\ny\\n\"}"]),
            ("a: [\n---\nb: 2\n---\nc: yes\n", &["! 1:4 unclosed bracket '['", "{\"b\":2}", BOOLEAN]),
            ("a: 1\n--- {b: 2}\nc: 3\n", &["{\"a\":1}", "! 2:5 text after `---`", "{\"c\":3}"]),
            ("a: 1\n---b\nc: 3\n", &["{\"a\":1}", "! 2:4 text after `---`", "{\"c\":3}"]),
            ("a: 1\n...\nb: 2\n", &["! 3:1 kubectl does not read what follows the end of a document"]),
            ("%YAML 1.1\n---\na: 1\n", &["! 1:1 YAML directives are disallowed", "{\"a\":1}"]),
            ("{\"a\":1}{\"b\":2}\n {\"c\":3}\n", &["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]),
            ("{\"a\":1}\n---\nb: 2\n", &["{\"a\":1}", "{\"b\":2}"]),
            ("{\"a\": 1, \"é\": 2} {\"a\": 1, \"a\": 2}", &["{\"a\":1,\"é\":2}", "! 1:27 duplicate key `a`"]),
            ("{a: 1}", &["{\"a\":1}"]),
            ("{\"a\": 1,}", &["{\"a\":1}"]),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), *expected, "{text}");
        }
    }

    const BOOLEAN: &str = "! 5:4 `yes` is a boolean to kubectl and a string to other readers";

    #[test]
    fn json_is_read_as_json() {
        let table = [
            ("{\"a\":\t\"\\/\\u00e9\\ud83d\\ude00\"}", "{\"a\":\"/é😀\"}"),
            ("{\n\t\"a\": 1e3,\r\n\t\"b\": 1.0}", "{\"a\":1000.0,\"b\":1.0}"),
            ("[{\"a\": \"x: y # z\"}]", "[{\"a\":\"x: y # z\"}]"),
            ("{\"a\": \"\\ud83d\"}", "! 1:14 unexpected end of hex escape"),
            ("{\"a\": 1 \"b\": 2}", "! 1:9 expected `,` or `}`"),
            ("{\"a\": [1, 2}", "! 1:12 expected `,` or `]`"),
            ("{\"a\": 01}", "! 1:7 `01` is a number to kubectl and something else to other readers"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), [expected], "{text}");
        }
    }

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
            ("a: é\u{2028}\n", "! 1:5 a character that ends a line for some readers only"),
            ("a: 1\nb: \0\n", "! 2:4 a NUL byte"),
            ("a: \u{1b}[31m\n", "! 1:4 a control character"),
            ("a: 1\rb: 2\n", "! 1:5 a carriage return without a line feed"),
            ("a:\n  - \tb: 1\n", "! 2:5 a tab in the indentation"),
            ("\ta: 1\n", "! 1:1 a tab in the indentation"),
            ("a: |\n  \tx\n", "! 2:3 a block of text that starts with a tab"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), [expected], "{text}");
        }
    }

    #[test]
    fn errors_say_where_and_what_to_do() {
        let found = error("a: 1\n---\nspec:\n  list:\n  - on: x\n  - x: {b: on}\n");
        assert_eq!(found.to_string(), "the key `on` is not a string at `spec.list[0]` (line 5, column 5)");
        assert_eq!(found.help.as_deref(), Some("quote it: `\"on\"`"));
        assert_eq!((found.span.start, found.span.end, found.index), (27, 29, 1));
        for text in ["a: {{ .Values.a }}\n", "{{- if .a }}\na: b\n{{- end }}\n", "{{ x }}: 1\n"] {
            assert_eq!(error(text).help.as_deref(), Some(tree::TEMPLATE), "{text}");
        }
        for text in ["a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n", "-\tb\n"] {
            assert!(error(text).help.unwrap().contains("YAML forbids tabs"), "{text}");
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

    #[test]
    fn places_cover_what_is_written() {
        let yaml = "# é\na: \"é\" # x\né:\n- [b, 'c']\n-\n  d: &x {e: 1}\n  f: *x\ng: |\n  h\n\ni:\n";
        let json = "{\"a\": \"\\\"\", \"é\": [\n [1.5e1 , null], {}], \"b\":{\"c\" : true}}";
        type Case = (&'static str, &'static str, u32, u32, &'static str);
        let table: [(&str, &[Case]); 2] = [
            (
                yaml,
                &[
                    ("a", "\"é\"", 2, 1, "a"),
                    ("é", "[b, 'c']\n-\n  d: &x {e: 1}\n  f: *x", 3, 1, "é"),
                    ("é[0]", "[b, 'c']", 4, 3, "[b, 'c']"),
                    ("é[0][1]", "'c'", 4, 7, "'c'"),
                    ("é[1]", "d: &x {e: 1}\n  f: *x", 6, 3, "d: &x {e: 1}\n  f: *x"),
                    ("é[1].f", "*x", 7, 3, "f"),
                    ("é[1].f.e", "1", 6, 10, "e"),
                    ("g", "h", 8, 1, "g"),
                    ("i", "", 11, 1, "i"),
                ],
            ),
            (
                json,
                &[
                    ("a", "\"\\\"\"", 1, 2, "\"a\""),
                    ("é[0]", "[1.5e1 , null]", 2, 2, "[1.5e1 , null]"),
                    ("é[0][0]", "1.5e1", 2, 3, "1.5e1"),
                    ("é[1]", "{}", 2, 18, "{}"),
                    ("b.c", "true", 2, 28, "\"c\""),
                ],
            ),
        ];
        for (text, expected) in table {
            let arena = Bump::new();
            let document = documents(&arena, text, &LIMITS).next().unwrap().unwrap();
            for (path, value, line, column, nearest) in expected {
                let path = Path::parse(path).unwrap();
                let span = document.places.at(document.root, path.steps()).unwrap().value;
                assert_eq!(text.get(span.start..span.end), Some(*value), "{path}");
                let span = document.places.nearest(document.root, path.steps());
                assert_eq!(text.get(span.start..span.end), Some(*nearest), "{path}");
                assert_eq!((span.line, span.column), (*line, *column), "{path}");
            }
        }
    }

    #[test]
    fn a_file_that_is_no_text_is_refused() {
        assert_eq!(text("é".as_bytes()).unwrap(), "é");
        let table: [(&[u8], &str); 4] = [
            (b"\xff\xfea\0", "this is UTF-16, or not a text (line 1, column 1)"),
            (b"\0a\0:", "this is UTF-16, or not a text (line 1, column 1)"),
            (b"a\0:\0", "this is UTF-16, or not a text (line 1, column 1)"),
            ("a: 1\né\u{fc}: ".as_bytes(), ""),
        ];
        for (bytes, expected) in table {
            assert_eq!(text(bytes).err().map(|error| error.to_string()).unwrap_or_default(), expected);
        }
        assert_eq!(text(b"a: 1\n\xc3\xa9\xfc").unwrap_err().to_string(), "this is not UTF-8 (line 2, column 2)");
    }
}
