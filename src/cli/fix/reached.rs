//! From a field of the object that the webhooks saw to the same field of the manifest.

use crate::document::{Path, Step, Value};

/// The path in `manifest` of the field at `steps` of `seen`. An element of a list is known by its name: the API server
/// and the plug-ins may have put others before it. [`None`] if the manifest has no such element.
pub(super) fn reached(manifest: Value<'_>, seen: Value<'_>, steps: &[Step<'_>]) -> Option<Path<'static>> {
    let mut path = Path::with_capacity(steps.len());
    let (mut own, mut seen) = (Some(manifest), Some(seen));
    for step in steps {
        let one = std::slice::from_ref(step);
        let next = seen.and_then(|seen| seen.at(one));
        let step = match step {
            Step::Key(_) => step.clone(),
            Step::Index(index) => Step::Index(place(own.unwrap_or_default(), seen.unwrap_or_default(), *index)?),
        };
        own = own.and_then(|own| own.at(std::slice::from_ref(&step)));
        seen = next;
        path.push(step);
    }
    Some(path.into_owned())
}

fn place(own: Value<'_>, seen: Value<'_>, index: usize) -> Option<usize> {
    let elements = own.elements();
    let Some(element) = seen.elements().get(index) else {
        // New elements come after the author's.
        return Some(elements.len() + index - seen.elements().len());
    };
    match element.text(&["name"]) {
        Some(name) => elements.iter().position(|element| element.text(&["name"]) == Some(name)),
        None => (index < elements.len()).then_some(index),
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::document::{Limits, json};

    #[test]
    fn elements_are_known_by_their_names() {
        let arena = Bump::new();
        let read = |text: &'static str| json::parse(&arena, text.as_bytes(), &Limits::FILE).unwrap();
        let manifest = read(r#"{"a":[{"name":"x"},{"name":"y"}],"b":[1]}"#);
        let seen = read(r#"{"a":[{"name":"token"},{"name":"x"},{"name":"y"}],"b":[1,2]}"#);
        for (path, expected) in [
            ("a[2].c.d", Some("a[1].c.d")),
            ("a[0].c", None),
            ("a[3]", Some("a[2]")),
            ("b[0]", Some("b[0]")),
            ("b[1]", None),
            ("b[2]", Some("b[1]")),
            ("b[3]", Some("b[2]")),
            ("c.d", Some("c.d")),
        ] {
            let found = reached(manifest, seen, Path::parse(path).unwrap().steps());
            assert_eq!(found.map(|path| path.to_string()).as_deref(), expected, "{path}");
        }
    }
}
