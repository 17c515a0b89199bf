//! From edits to the smallest JSON patch (RFC 6902), proven to apply before it is sent.
//!
//! A patch that does not apply makes the API server refuse the request even under `failurePolicy: Ignore`. So there is
//! never a `test`, every parent is made, and [`apply`] gives the edited object again before anybody else sees the patch.

use bumpalo::Bump;
use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation, ReplaceOperation};

use crate::document::path::pointer;
use crate::document::{Step, Value, edit};

/// Steps to the deepest field that most patches name.
const DEPTH: usize = 8;

/// The operations that turn `original` into `edited`, which differ at `paths` only and nowhere by a removal.
///
/// Several edits under one parent that is missing are one operation.
pub fn operations(original: Value<'_>, edited: Value<'_>, paths: &[&[Step<'_>]]) -> Vec<PatchOperation> {
    let mut done: Vec<&[Step<'_>]> = Vec::with_capacity(paths.len());
    let mut operations = Vec::with_capacity(paths.len());
    for path in paths {
        // The last one first: the edits of a container come one after the other.
        if done.iter().rev().any(|earlier| path.starts_with(earlier)) {
            continue;
        }
        let (steps, exists) = first_difference(original, path);
        let Some(value) = edited.at(steps) else { continue };
        let Ok(pointer) = PointerBuf::parse(pointer(steps)) else { continue };
        let value = value.to_json();
        operations.push(if exists {
            PatchOperation::Replace(ReplaceOperation { path: pointer, value })
        } else {
            PatchOperation::Add(AddOperation { path: pointer, value })
        });
        done.push(steps);
    }
    operations
}

/// About so many bytes the operations take as JSON.
pub fn size(operations: &[PatchOperation]) -> usize {
    let of_operation = |operation: &PatchOperation| match operation {
        PatchOperation::Add(AddOperation { path, value })
        | PatchOperation::Replace(ReplaceOperation { path, value }) => path.as_str().len() + size_of(value),
        _ => 0,
    };
    operations.iter().map(of_operation).sum()
}

fn size_of(value: &serde_json::Value) -> usize {
    /// Quotes, commas, braces, and scalars that are no text.
    const REST: usize = 8;
    REST + match value {
        serde_json::Value::String(text) => text.len(),
        serde_json::Value::Array(elements) => elements.iter().map(size_of).sum(),
        serde_json::Value::Object(members) => members.iter().map(|(key, value)| key.len() + size_of(value)).sum(),
        _ => 0,
    }
}

/// The steps to the outermost value that an edit at `steps` replaces or adds, and whether something stands there.
fn first_difference<'p, 's>(original: Value<'_>, steps: &'p [Step<'s>]) -> (&'p [Step<'s>], bool) {
    let mut value = original;
    for (depth, step) in steps.iter().enumerate() {
        let (before, through) = (steps.get(..depth).unwrap_or_default(), steps.get(..=depth).unwrap_or_default());
        // A `null` parent cannot be added to: it is replaced whole.
        if value.is_null() && depth > 0 {
            return (before, true);
        }
        match value.at(std::slice::from_ref(step)) {
            Some(inner) => value = inner,
            None => return (through, false),
        }
    }
    (steps, true)
}

/// `object` after `operations`; [`None`] if one of them has no place. Understands what [`operations`] makes.
pub fn apply<'a>(arena: &'a Bump, object: Value<'a>, operations: &'a [PatchOperation]) -> Option<Value<'a>> {
    operations.iter().try_fold(object, |object, operation| {
        let (path, value, must_exist) = match operation {
            PatchOperation::Add(AddOperation { path, value }) => (path, value, false),
            PatchOperation::Replace(ReplaceOperation { path, value }) => (path, value, true),
            _ => return None,
        };
        let mut trail = edit::Trail::new(arena, object, DEPTH);
        // In front of the first slash stands nothing.
        let mut tokens = path.as_str().as_bytes().split(|byte| *byte == b'/').skip(1).peekable();
        while let Some(token) = tokens.next() {
            let token = std::str::from_utf8(token).ok()?;
            let is_there = match trail.at {
                Value::Array(_) => trail.enter_element(token.parse().ok()?),
                Value::Object(_) if token.contains('~') => {
                    trail.enter_member(arena.alloc_str(&token.replace("~1", "/").replace("~0", "~")))
                }
                Value::Object(_) => trail.enter_member(token),
                _ => return None,
            };
            if !is_there.ok()? && (must_exist || tokens.peek().is_some()) {
                return None;
            }
        }
        Some(trail.put(Value::from_json(arena, value)))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::{Limits, Path, json};

    fn check(original: &str, edits: &[(&str, i64)]) -> String {
        let arena = Bump::new();
        let original = json::parse(&arena, original.as_bytes(), &Limits::default()).unwrap();
        let paths: Vec<_> = edits.iter().map(|(path, _)| Path::parse(path).unwrap()).collect();
        let edited = paths.iter().zip(edits).fold(original, |object, (path, (_, value))| {
            edit::set(&arena, object, path.steps(), Value::Int(*value)).unwrap()
        });
        let paths: Vec<_> = paths.iter().map(Path::steps).collect();
        let operations = arena.alloc(operations(original, edited, &paths));
        let mut by_crate = original.to_json();
        json_patch::patch(&mut by_crate, operations).unwrap();
        assert_eq!(by_crate, edited.to_json());
        assert_eq!(apply(&arena, original, operations), Some(edited));
        serde_json::to_string(&operations).unwrap()
    }

    #[test]
    fn parents_are_made_once_and_keys_are_escaped() {
        for (original, edits, expected) in [
            ("{}", &[("a.b", 1)][..], r#"[{"op":"add","path":"/a","value":{"b":1}}]"#),
            ("{}", &[("a.b", 1), ("a.c", 2)], r#"[{"op":"add","path":"/a","value":{"b":1,"c":2}}]"#),
            (r#"{"a":{}}"#, &[("a.b", 1)], r#"[{"op":"add","path":"/a/b","value":1}]"#),
            (r#"{"a":null}"#, &[("a.b", 1)], r#"[{"op":"replace","path":"/a","value":{"b":1}}]"#),
            (r#"{"a":{"b":null}}"#, &[("a.b", 1)], r#"[{"op":"replace","path":"/a/b","value":1}]"#),
            (r#"{"a":[{},{"b":2}]}"#, &[("a[1].b", 1)], r#"[{"op":"replace","path":"/a/1/b","value":1}]"#),
            (r#"{"a":{}}"#, &[("a[x/y~z]", 1)], r#"[{"op":"add","path":"/a/x~1y~0z","value":1}]"#),
            (r#"{"a":1}"#, &[("a", 2), ("a", 3)], r#"[{"op":"replace","path":"/a","value":3}]"#),
        ] {
            assert_eq!(check(original, edits), expected, "{original}");
        }
    }

    #[test]
    fn a_patch_without_a_place_does_not_apply() {
        let arena = Bump::new();
        let object = json::parse(&arena, br#"{"a":{"b":1},"l":[1]}"#, &Limits::default()).unwrap();
        for patch in [
            r#"[{"op":"add","path":"/x/y","value":1}]"#,
            r#"[{"op":"replace","path":"/a/c","value":1}]"#,
            r#"[{"op":"add","path":"/l/2","value":1}]"#,
            r#"[{"op":"add","path":"/a/b/c","value":1}]"#,
            r#"[{"op":"remove","path":"/a/b"}]"#,
        ] {
            let operations: Vec<PatchOperation> = serde_json::from_str(patch).unwrap();
            assert_eq!(apply(&arena, object, arena.alloc(operations)), None, "{patch}");
        }
    }

    proptest! {
        #[test]
        fn any_edits_come_back_out_of_their_patch(
            edits in prop::collection::vec(("[ab]([.](c|d|e/f~))?([.](g|h))?", 0i64..9), 0..6),
            original in prop::sample::select(vec!["{}", r#"{"a":{"c":{"g":1}},"b":null}"#, r#"{"b":{"d":{}},"a":{"c":null}}"#]),
        ) {
            let kept: Vec<(&str, i64)> = edits
                .iter()
                .enumerate()
                // An edit below another one's scalar has no place.
                .filter(|(at, (path, _))| !edits.iter().take(*at).chain(edits.iter().skip(at + 1)).any(|(other, _)| {
                    path.starts_with(&format!("{other}.")) || other.starts_with(&format!("{path}."))
                }))
                .map(|(_, (path, value))| (path.as_str(), *value))
                .filter(|(path, _)| !(original.contains("\"g\":1") && path.ends_with("c.g.h")))
                .collect();
            check(original, &kept);
        }
    }
}
