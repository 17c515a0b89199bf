//! Layouts as people write them.

use super::*;
use crate::document::json;

mod layouts;
mod random;

/// What becomes of a text, and what is left, for changes as `DOCUMENT:PATH=JSON`; the first document needs no number.
fn change(text: &str, changes: &[&str]) -> (String, Vec<(usize, Reason)>) {
    let arena = Bump::new();
    let changes = changes.iter().map(|change| {
        let (path, value) = change.split_once('=').unwrap();
        let (document, path) = path.split_once(':').unwrap_or(("0", path));
        let value = json::parse(&arena, value.as_bytes(), &Limits::FILE).unwrap();
        Change { document: document.parse().unwrap(), path: Path::parse(path).unwrap(), value }
    });
    let Rewritten { text, left } = rewritten(text, &changes.collect::<Vec<_>>());
    (text, left)
}
