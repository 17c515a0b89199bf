//! A fingerprint of what a policy says.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::document::Value;

/// The part of an object that a policy consists of; the rest is what the API server and people note beside it.
const PARTS: [&[&str]; 5] = [&["apiVersion"], &["kind"], &["metadata", "namespace"], &["metadata", "name"], &["spec"]];

/// `sha256:` and 64 hexadecimal digits over `policy`. Layout, comments and the order of keys do not count, nor do
/// labels, annotations, status and what the API server writes into metadata: the digest of a file is that of the custom
/// resource made from it.
pub fn of(policy: Value<'_>) -> String {
    let mut canonical = String::new();
    for part in PARTS {
        write(policy.fields(part).unwrap_or_default(), &mut canonical);
        canonical.push('\n');
    }
    written(&Sha256::digest(canonical.as_bytes()))
}

/// A SHA-256 digest as text: `sha256:` and its hexadecimal digits.
pub fn written(digest: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in digest {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// JSON with its keys sorted.
fn write(value: Value<'_>, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|member| member.key);
            text.push('{');
            for (index, member) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(Value::String(member.key), text);
                text.push(':');
                write(member.value, text);
            }
            text.push('}');
        }
        Value::Array(elements) => {
            text.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(*element, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, yaml};

    fn digest(text: &str) -> String {
        let arena = Bump::new();
        of(yaml::documents(&arena, text, &Limits::FILE).next().unwrap().unwrap().root)
    }

    #[test]
    fn layout_and_what_the_api_server_adds_do_not_count_and_the_rest_does() {
        let file = "kind: A\nmetadata: {name: a}\nspec: {mode: Warn, rules: [{name: x}]} # comment\n";
        let resource = r#"{"spec": {"rules": [{"name": "x"}], "mode": "Warn"}, "status": {"ready": true}, "kind": "A",
            "metadata": {"name": "a", "uid": "1", "labels": {"a": "b"}}}"#;
        assert_eq!(digest(file), digest(resource));
        for changed in ["Audit", "Warning"] {
            assert_ne!(digest(file), digest(&file.replace("Warn", changed)));
        }
        assert_ne!(digest(file), digest(&file.replace("name: a", "name: b")));
        let digest = digest(file);
        assert!(digest.len() == 71 && digest.starts_with("sha256:"), "{digest}");
    }
}
