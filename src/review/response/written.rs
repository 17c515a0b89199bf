//! A patch on its way out, written as answers are: piece by piece, because it is made for each request that is edited.

use json_patch::{AddOperation, PatchOperation, ReplaceOperation};
use serde_json::Value;

use crate::document::json::push_quoted;

/// Bytes that most operations take.
pub(super) const OPERATION: usize = 128;

/// The operations as a JSON array.
pub(super) fn patch(operations: &[PatchOperation]) -> String {
    let mut text = String::with_capacity(operations.len() * OPERATION);
    for (number, operation) in operations.iter().enumerate() {
        text.push(if number == 0 { '[' } else { ',' });
        let (name, path, value) = match operation {
            PatchOperation::Add(AddOperation { path, value }) => ("add", path, value),
            PatchOperation::Replace(ReplaceOperation { path, value }) => ("replace", path, value),
            other => {
                // Writing into memory has no way to fail.
                text.push_str(&serde_json::to_string(other).unwrap_or_default());
                continue;
            }
        };
        text.push_str(r#"{"op":""#);
        text.push_str(name);
        text.push_str(r#"","path":"#);
        push_quoted(&mut text, path.as_str());
        text.push_str(r#","value":"#);
        push(&mut text, value);
        text.push('}');
    }
    text.push_str(if operations.is_empty() { "[]" } else { "]" });
    text
}

fn push(text: &mut String, value: &Value) {
    match value {
        Value::String(string) => push_quoted(text, string),
        Value::Array(elements) => {
            text.push('[');
            for (number, element) in elements.iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                push(text, element);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (number, (key, member)) in members.iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                push_quoted(text, key);
                text.push(':');
                push(text, member);
            }
            text.push('}');
        }
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => text.push_str(&number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_written_as_serde_writes_it() {
        for text in [
            "[]",
            r#"[{"op":"add","path":"/a~1b","value":{"a":[1,-2,1.5,18446744073709551615,null,true,false],"é\"\n":{},"z":[]}}]"#,
            r#"[{"op":"replace","path":"","value":"\u0001"},{"op":"remove","path":"/a"},{"op":"test","path":"/b","value":1}]"#,
        ] {
            let operations: Vec<PatchOperation> = serde_json::from_str(text).unwrap();
            assert_eq!(patch(&operations), serde_json::to_string(&operations).unwrap());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_and_number_reads_back(path in "(/\\PC{0,9}){0,3}", text in "\\PC{0,20}", number: f64) {
            let path = path.replace('~', "~0");
            let value = serde_json::json!({"text": text, "number": number});
            let json = serde_json::json!([{"op": "add", "path": path, "value": value}]);
            let operations: Vec<PatchOperation> = serde_json::from_value(json.clone()).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&patch(&operations)).unwrap(), json);
        }
    }
}
