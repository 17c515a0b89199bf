//! A recorded review with more containers, and so with more edits.

use serde_json::{Value, json};

/// The review with `more` copies of its first container, each under a name of its own.
pub fn with_containers(review: &[u8], more: usize) -> Vec<u8> {
    let mut review: Value = serde_json::from_slice(review).unwrap();
    let containers = review.pointer_mut("/request/object/spec/containers").and_then(Value::as_array_mut).unwrap();
    let first = containers.first().unwrap().clone();
    for number in 0..more {
        let mut copy = first.clone();
        *copy.get_mut("name").unwrap() = json!(format!("copy-{number}"));
        containers.push(copy);
    }
    serde_json::to_vec(&review).unwrap()
}
