//! Any text as a policy file: what is wrong with it is said at a place in it.

use std::sync::Arc;

use podgate::policy::file;

/// Loads.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let loaded = file::load(&Arc::from("any.yaml"), &text);
    for diagnostic in &loaded.diagnostics {
        let Some(place) = &diagnostic.place else { continue };
        assert!(text.get(place.span.start..place.span.end).is_some(), "{diagnostic:?}");
        let _ = podgate::diagnostic::render::render(diagnostic, Some(&text), false);
    }
    assert!(loaded.refused.is_empty() || !loaded.diagnostics.is_empty(), "refused without a word");
}
