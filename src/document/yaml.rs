//! YAML and JSON files to trees with their places: read as kubectl reads them, or refused where readers disagree.
//!
//! The documents of a file are what lies between its lines that start with `---`, as for kubectl, which cuts a file
//! before it parses anything: so an error in one document leaves the others alone. A file that starts with `{` is a
//! row of JSON values, with or without anything between them.

mod character;
mod fault;
mod scalar;
mod tree;

use bumpalo::Bump;

use crate::document::json::place::{self as json_place, Locator};
use crate::document::yaml::character::check;
use crate::document::yaml::fault::{Fault, Origin, TEMPLATE};
use crate::document::{Limits, Path, Places, Span, Value, json};

pub use character::text;
pub(in crate::document) use scalar::resolve;

/// One document of a file.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// Its value; never `null`, for a document without content is no document.
    pub root: Value<'a>,
    /// Where everything stands in the file.
    pub places: Places<'a>,
    /// Its place among the documents of the file, counted from 0, refused ones included.
    pub index: usize,
    /// The piece of the file that it was read from, in bytes.
    pub start: usize,
    /// The byte after that piece.
    pub end: usize,
    /// Whether it was read as JSON.
    pub is_json: bool,
    /// The values that an alias stands for, where they were written.
    pub aliased: &'a [Span],
}

/// What was read of a document.
#[derive(Clone, Copy, Debug)]
struct Tree<'a> {
    root: Value<'a>,
    places: Places<'a>,
    is_json: bool,
    aliased: &'a [Span],
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

/// What is not read yet of a file.
#[derive(Debug)]
pub struct File<'t> {
    text: &'t str,
    limits: Limits,
    /// The first byte that is not read yet.
    at: Origin,
    index: usize,
    /// Whether all documents so far were JSON.
    is_json: bool,
}

/// Reads the documents of a file. Those without content are skipped; `limits` hold for each alone.
///
/// The rules are those of kubectl (`sigs.k8s.io/yaml`), except that what readers of YAML 1.1 and YAML 1.2 read
/// differently, or what kubectl drops silently, is an [`Error`].
pub fn documents<'a>(
    arena: &'a Bump,
    text: &'a str,
    limits: &Limits,
) -> impl Iterator<Item = Result<Document<'a>, Error>> + use<'a> {
    let mut file = File::new(text, limits);
    std::iter::from_fn(move || file.next(arena))
}

type Read<'a> = Result<Option<Tree<'a>>, Fault>;

impl<'t> File<'t> {
    /// At the first document.
    pub fn new(text: &'t str, limits: &Limits) -> Self {
        let offset = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        File { text, limits: *limits, at: Origin { offset, line: 0, column: 0 }, index: 0, is_json: true }
    }

    /// The next document, as [`documents`] gives it, in an arena of its own if the caller likes: a file of many
    /// documents need not be in memory as trees at once.
    pub fn next<'a>(&mut self, arena: &'a Bump) -> Option<Result<Document<'a>, Error>>
    where
        't: 'a,
    {
        loop {
            let start = self.at.offset;
            let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
            let read = match rest.strip_prefix("---") {
                Some(after) => self.separator(after).map(|()| None),
                None => self.value(arena, rest),
            };
            let index = self.index;
            let result = match read.transpose() {
                None => continue,
                Some(Ok(Tree { root, places, is_json, aliased })) => {
                    Ok(Document { root, places, index, start, end: self.at.offset, is_json, aliased })
                }
                Some(Err(Fault { message, help, span, steps, .. })) => {
                    let path = steps.into_iter().rev().collect();
                    Err(Error { message, help, span, path, index })
                }
            };
            self.index += 1;
            return Some(result);
        }
    }

    /// Goes past a line that starts with `---`.
    fn separator(&mut self, after: &str) -> Result<(), Fault> {
        let origin = self.at;
        let line = after.split_inclusive('\n').next().unwrap_or_default();
        self.pass(3 + line.len());
        self.is_json = false;
        let word = line.trim();
        if word.is_empty() || word.starts_with('#') {
            return Ok(());
        }
        let start = origin.offset + 3 + (line.len() - line.trim_start().len());
        let column = u32::try_from(start - origin.offset).unwrap_or(u32::MAX).saturating_add(1);
        let span = Span { start, end: start + word.len(), line: origin.line + 1, column };
        Err(Fault::new(span, "text after `---`").help("kubectl allows only a comment there; start it on the next line"))
    }

    fn value<'a>(&mut self, arena: &'a Bump, rest: &'t str) -> Read<'a>
    where
        't: 'a,
    {
        if self.is_json {
            let start = rest.len() - rest.trim_ascii_start().len();
            if rest.get(start..).is_some_and(|rest| rest.starts_with(['{', '['])) {
                return self.json(arena, start);
            }
            if start == rest.len() {
                self.pass(start);
                return Ok(None);
            }
            self.is_json = false;
        }
        self.yaml(arena, rest)
    }

    /// Reads up to the next line that starts with `---`.
    fn yaml<'a>(&mut self, arena: &'a Bump, rest: &'t str) -> Read<'a>
    where
        't: 'a,
    {
        let end = rest.find("\n---").map_or(rest.len(), |end| end + 1);
        let text = rest.get(..end).unwrap_or_default();
        let origin = self.at;
        self.pass(text.len());
        check(text, origin, &self.limits)?;
        tree::read(arena, text, origin, &self.limits).map_err(|fault| {
            if fault.is_structural && looks_like_a_template(text) {
                return fault.help(TEMPLATE);
            }
            fault
        })
    }

    /// Reads one JSON value, or YAML if that is no JSON: kubectl tries the same.
    fn json<'a>(&mut self, arena: &'a Bump, start: usize) -> Read<'a>
    where
        't: 'a,
    {
        let origin = self.at;
        let rest = self.text.get(origin.offset..).unwrap_or_default();
        let end = json_place::end(rest, start);
        let piece = rest.get(start..end).unwrap_or_default();
        let error = match json::parse(arena, piece.as_bytes(), &self.limits) {
            Ok(root) => {
                self.pass(end);
                let places = json_place::places(arena, self.locator(origin), origin.offset + start, root);
                return Ok(Some(Tree { root, places, is_json: true, aliased: &[] }));
            }
            Err(error) => error,
        };
        let place = piece.split_inclusive('\n').take(error.line.saturating_sub(1)).map(str::len).sum::<usize>();
        let offset = origin.offset + start + (place + error.column.saturating_sub(1)).min(piece.len());
        let is_syntax = matches!(error.reason, json::Reason::Syntax(_));
        if is_syntax && self.index == 0 {
            self.is_json = false;
            match self.yaml(arena, rest) {
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

    fn locator(&self, origin: Origin) -> Locator<'t> {
        Locator::resume(self.text, origin.offset, origin.line, origin.column)
    }

    fn pass(&mut self, bytes: usize) {
        let from = self.at.offset;
        self.at.offset = from + bytes;
        let passed = self.text.get(from..self.at.offset).unwrap_or_default();
        let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
        self.at.line = self.at.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        let last = passed.rfind('\n').and_then(|end| passed.get(end + 1..)).unwrap_or(passed);
        let chars = last.chars().count();
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

/// Whether a value or a line starts with the braces of a template.
fn looks_like_a_template(text: &str) -> bool {
    text.lines().any(|line| line.trim_start_matches([' ', '-']).starts_with("{{") || line.contains(": {{"))
}

fn at(path: &Path<'_>) -> String {
    if path.is_root() { String::new() } else { format!(" at `{path}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const LIMITS: Limits = Limits { bytes: 300_000, nodes: 1000, depth: 20 };

    /// What each document of `text` is: compact JSON, or `! LINE:COLUMN MESSAGE`.
    pub(super) fn read(text: &str) -> Vec<String> {
        let arena = Bump::new();
        documents(&arena, text, &LIMITS)
            .map(|document| match document {
                Ok(document) => document.root.to_string(),
                Err(error) => format!("! {}:{} {}", error.span.line, error.span.column, error.message),
            })
            .collect()
    }

    pub(super) fn error(text: &str) -> Error {
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
    fn errors_say_where_and_what_to_do() {
        let found = error("a: 1\n---\nspec:\n  list:\n  - on: x\n  - x: {b: on}\n");
        assert_eq!(found.to_string(), "the key `on` is not a string at `spec.list[0]` (line 5, column 5)");
        assert_eq!(found.help.as_deref(), Some("quote it: `\"on\"`"));
        assert_eq!((found.span.start, found.span.end, found.index), (27, 29, 1));
        for text in ["a: {{ .Values.a }}\n", "{{- if .a }}\na: b\n{{- end }}\n", "{{ x }}: 1\n"] {
            assert_eq!(error(text).help.as_deref(), Some(TEMPLATE), "{text}");
        }
        assert_eq!(error("a: '{{ x }}'\nb: [\n").help, None);
        for text in ["a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n", "-\tb\n"] {
            assert!(error(text).help.unwrap().contains("YAML forbids tabs"), "{text}");
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
                    ("g", "|\n  h", 8, 1, "g"),
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
}
