//! Trees to text: YAML as kubectl prints it, one-line YAML for diffs, and text that is safe for a terminal.
//!
//! A text is quoted whenever any reader of YAML, old or new, could take it for something else, and characters that a
//! terminal would act on are always escaped, so what is printed is what is there.

mod json;
mod quoted;
mod text;

use std::fmt::Write;

use crate::document::Value;
use crate::document::print::text::{is_literal, literal, quote, string};

pub use json::visible_json;
pub use quoted::push_quoted;
pub use text::{is_visible, shortened, shown, visible};

/// A longer key is written after a `?`: readers look no further than 1,024 characters for the colon.
const LONG_KEY: usize = 500;

/// How far the lines of a block are indented, in spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The members of an object under a key.
    pub step: usize,
    /// The dashes of a list under a key.
    pub list: usize,
}

impl Layout {
    /// As kubectl prints objects.
    pub const KUBECTL: Self = Layout { step: 2, list: 0 };
}

/// Block YAML, two spaces to a level, lists not indented. Ends with a line feed.
///
/// [`documents`](crate::document::yaml::documents) reads the same tree from it, except that a whole number with a fraction (`2.0`) comes back as
/// a whole number, as it does from kubectl.
pub fn yaml(value: Value<'_>) -> String {
    let mut out = String::new();
    match value {
        Value::Object([_, ..]) | Value::Array([_, ..]) => block(&mut out, value, 0, Layout::KUBECTL),
        _ => {
            leaf(&mut out, value, 0);
            out.push('\n');
        }
    }
    out
}

/// A scalar on one line of block YAML, where commas and brackets need no quotes.
pub fn scalar(value: Value<'_>) -> String {
    let mut out = String::new();
    match value {
        Value::String(text) => string(&mut out, text, false),
        _ => write_flow(&mut out, value),
    }
    out
}

/// A text in double quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    quote(&mut out, text);
    out
}

/// YAML on one line, such as `{cpu: 100m, memory: 128Mi}`.
pub fn flow(value: Value<'_>) -> String {
    let mut out = String::new();
    write_flow(&mut out, value);
    out
}

/// Block YAML of a collection that is not empty, as the lines after its first one are indented by `indent`. Ends
/// without a line feed.
pub fn lines(value: Value<'_>, indent: usize, layout: Layout) -> String {
    let mut out = String::new();
    block(&mut out, value, indent, layout);
    out.truncate(out.trim_end_matches('\n').len());
    out
}

/// A collection that is not empty, from the current column on: `indent` is that of its lines.
fn block(out: &mut String, value: Value<'_>, indent: usize, layout: Layout) {
    match value {
        Value::Object(members) => {
            for (index, member) in members.iter().enumerate() {
                if index > 0 {
                    pad(out, indent);
                }
                block_key(out, member.key, indent);
                let inner = match member.value {
                    Value::Object([_, ..]) => indent + layout.step,
                    Value::Array([_, ..]) => indent + layout.list,
                    _ => {
                        out.push(' ');
                        leaf(out, member.value, indent + 2);
                        out.push('\n');
                        continue;
                    }
                };
                out.push('\n');
                pad(out, inner);
                block(out, member.value, inner, layout);
            }
        }
        _ => {
            for (index, element) in value.elements().iter().enumerate() {
                if index > 0 {
                    pad(out, indent);
                }
                out.push_str("- ");
                match element {
                    Value::Object([_, ..]) | Value::Array([_, ..]) => block(out, *element, indent + 2, layout),
                    _ => {
                        leaf(out, *element, indent + 2);
                        out.push('\n');
                    }
                }
            }
        }
    }
}

fn block_key(out: &mut String, key: &str, indent: usize) {
    if key.len() > LONG_KEY {
        out.push_str("? ");
        string(out, key, false);
        out.push('\n');
        pad(out, indent);
    } else {
        string(out, key, false);
    }
    out.push(':');
}

/// Anything that is not a collection with content; the lines of a long text start at `indent`.
fn leaf(out: &mut String, value: Value<'_>, indent: usize) {
    match value {
        Value::String(text) if is_literal(text) => literal(out, text, indent.max(2)),
        _ => write_flow(out, value),
    }
}

fn write_flow(out: &mut String, value: Value<'_>) {
    match value {
        Value::String(text) => string(out, text, true),
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_flow(out, *element);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, member) in members.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                string(out, member.key, true);
                out.push_str(": ");
                write_flow(out, member.value);
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "{value}");
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use proptest::prelude::*;

    use super::*;
    use crate::document::{Limits, json, yaml as reader};

    fn parse<'a>(arena: &'a Bump, text: &'a str) -> Value<'a> {
        json::parse(arena, text.as_bytes(), &Limits::default()).unwrap()
    }

    fn read<'a>(arena: &'a Bump, text: &'a str) -> Value<'a> {
        let found: Vec<_> = reader::documents(arena, text, &Limits::FILE).collect();
        match found.as_slice() {
            [Ok(document)] => document.root,
            [] => Value::Null,
            _ => panic!("{found:?} from {text}"),
        }
    }

    #[test]
    fn yaml_looks_as_kubectl_prints_it() {
        let arena = Bump::new();
        let json = r##"{"kind":"Pod","metadata":{"labels":{"a/b":"1.10","c":"yes"},"annotations":{}},"spec":{"containers":[
            {"name":"web","args":["-v","--port=80","a: b","# x",""],"ports":[]},{"name":"x","command":["sh","-c",
            "set -e\necho hi\n"]}],"nested":[[1,[2]],[null]],"image":"a.io/b:1@sha256:00","text":"a\n\n  b"}}"##;
        let expected = "\
kind: Pod
metadata:
  labels:
    a/b: \"1.10\"
    c: \"yes\"
  annotations: {}
spec:
  containers:
  - name: web
    args:
    - -v
    - --port=80
    - 'a: b'
    - '# x'
    - \"\"
    ports: []
  - name: x
    command:
    - sh
    - -c
    - |
      set -e
      echo hi
  nested:
  - - 1
    - - 2
  - - null
  image: a.io/b:1@sha256:00
  text: |-
    a

      b
";
        let value = parse(&arena, json);
        assert_eq!(yaml(value), expected);
        assert_eq!(read(&arena, expected), value);
    }

    #[test]
    fn a_tree_on_one_line() {
        let arena = Bump::new();
        let value = parse(&arena, r#"{"a":"100m","b":["x, y","a:b",{}],"c":{"d e":null,"f":[]},"g":"x\ny"}"#);
        assert_eq!(flow(value), "{a: 100m, b: ['x, y', a:b, {}], c: {d e: null, f: []}, g: \"x\\ny\"}");
    }

    /// An owned tree, for proptest: a value's arena cannot be carried through a strategy.
    fn tree() -> impl Strategy<Value = serde_json::Value> {
        let nasty = prop::sample::select(vec![
            "yes",
            "012",
            "1:30",
            " lead",
            "trail ",
            "a: b",
            "#x",
            "a #b",
            "null",
            "~",
            "-",
            "- ",
            "",
            "\n",
            "a\n",
            "a\n\n",
            "\na",
            "a\n b\n",
            " a\nb",
            "a\n\tb",
            "\ta\nb",
            "a \nb",
            "a\r\nb",
            "---",
            "--- a",
            "a\n---\nb",
            "...",
            "? a",
            ": a",
            "a:",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "'",
            "\"",
            "\\",
            "%",
            "@",
            "`",
            "{",
            "}",
            "[",
            "]",
            ",",
            "a,b",
            "{{ x }}",
            "\u{1b}[0m",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "é",
            "😀",
            "\0",
            "1e3",
            "0x1F",
            "<<",
            "=",
            "2024-01-01",
            "a: |\n  b\n",
            "::",
            "a::b",
            "a?b",
        ]);
        let text = prop_oneof![nasty.prop_map(str::to_owned), ".{0,12}", "[ \n\ta:#-]{0,8}", "[-+0-9._:exob]{1,6}"];
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            any::<i32>().prop_map(|eighths| (f64::from(eighths) / 8.0 + 0.0625).into()),
            text.clone().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            let key = prop_oneof![9 => text.clone(), 1 => Just("k".repeat(1100))];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::vec((key, inner), 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

        #[test]
        fn what_is_printed_reads_back_equal(tree in tree()) {
            let arena = Bump::new();
            let value = Value::from_json(&arena, &tree);
            let text = yaml(value);
            prop_assert_eq!(read(&arena, &text), value, "{}", text);
            let line = flow(value) + "\n";
            if !line.contains("kkkk") {
                prop_assert_eq!(read(&arena, &line), value, "{}", line);
            }
            let text = visible_json(&value.to_string()).into_owned();
            prop_assert_eq!(parse(&arena, &text), value, "{}", text);
        }
    }
}
