//! The annotation in which `kubectl apply` keeps the manifest, for the next time.
//!
//! It is there before any webhook sees the object: a policy meets a map of annotations, though its author wrote none.

use bumpalo::Bump;

use crate::document::{Member, Path, Value, edit};
use crate::provenance::LAST_APPLIED;

/// The object as `kubectl apply` sends it.
pub fn annotated<'a>(arena: &'a Bump, object: Value<'a>) -> Value<'a> {
    let own = object.fields(&["metadata", "annotations"]).unwrap_or_default();
    let others: Vec<_> = own.members().iter().filter(|member| member.key != LAST_APPLIED).copied().collect();
    let with = |annotations: &[Member<'a>]| {
        let annotations = Value::Object(arena.alloc_slice_copy(annotations));
        edit::set(arena, object, Path::of(&["metadata", "annotations"]).steps(), annotations).unwrap_or(object)
    };
    let text = Value::String(arena.alloc_str(&written(arena, with(&others))));
    with(&[others.as_slice(), &[Member { key: LAST_APPLIED, value: text }]].concat())
}

/// Below this number, floating point knows every integer.
const LARGEST_INTEGER: f64 = 9_007_199_254_740_992.0;

/// A manifest as kubectl writes it there: a line of JSON as Go's encoder makes it, with sorted keys, no fraction that is
/// nothing, and without what could end a script in a page of HTML.
fn written(arena: &Bump, object: Value<'_>) -> String {
    let mut out = String::new();
    for char in sorted(arena, object).to_string().chars() {
        match char {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(char),
        }
    }
    out + "\n"
}

fn sorted<'a>(arena: &'a Bump, value: Value<'a>) -> Value<'a> {
    match value {
        Value::Array(elements) => {
            Value::Array(arena.alloc_slice_fill_iter(elements.iter().map(|element| sorted(arena, *element))))
        }
        Value::Object(members) => {
            let inside = |member: &Member<'a>| Member { key: member.key, value: sorted(arena, member.value) };
            let members = arena.alloc_slice_fill_iter(members.iter().map(inside));
            members.sort_unstable_by_key(|member| member.key);
            Value::Object(members)
        }
        Value::Float(number) if number.fract() == 0.0 && number.abs() < LARGEST_INTEGER => Value::Int(number as i64),
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Limits, json};

    fn read<'a>(arena: &'a Bump, text: &'a str) -> Value<'a> {
        json::parse(arena, text.as_bytes(), &Limits::FILE).unwrap()
    }

    #[test]
    fn what_kubectl_wrote_into_a_recorded_object_is_written_again() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/admission-reviews/");
        for name in ["002-validating-create-statefulset", "003-mutating-create-deployment"] {
            let review = std::fs::read_to_string(format!("{folder}{name}.json")).unwrap();
            let arena = Bump::new();
            let theirs = read(&arena, &review).text(&["request", "object", "metadata", "annotations", LAST_APPLIED]);
            let theirs = theirs.unwrap();
            let ours = annotated(&arena, read(&arena, theirs));
            assert_eq!(ours.text(&["metadata", "annotations", LAST_APPLIED]), Some(theirs), "{name}");
        }
    }

    #[test]
    fn the_manifest_is_written_as_go_writes_it_and_without_what_was_there_before() {
        let arena = Bump::new();
        let key = LAST_APPLIED;
        let object = format!(
            r#"{{"b":["<&>\u2028",1500.0,0.5],"a":{{"d":1,"c":null}},"metadata":{{"annotations":{{"{key}":"x","z":"y"}}}}}}"#
        );
        let annotations = annotated(&arena, read(&arena, &object)).fields(&["metadata", "annotations"]).unwrap();
        let text = "{\"a\":{\"c\":null,\"d\":1},\"b\":[\"\\u003c\\u0026\\u003e\\u2028\",1500,0.5],\"metadata\":{\"annotations\":{\"z\":\"y\"}}}\n";
        let expected = serde_json::json!({"z": "y", key: text});
        assert_eq!(annotations.to_json(), expected);
        for annotations in ["", r#","annotations":null"#, r#","annotations":{}"#] {
            let object = format!(r#"{{"metadata":{{"name":"a"{annotations}}}}}"#);
            let annotated = annotated(&arena, read(&arena, arena.alloc_str(&object)));
            let text = annotated.text(&["metadata", "annotations", key]);
            assert_eq!(text, Some("{\"metadata\":{\"annotations\":{},\"name\":\"a\"}}\n"));
        }
    }
}
