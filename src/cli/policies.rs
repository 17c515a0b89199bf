//! From what `--policy` names to a policy set.

use std::sync::Arc;

use crate::cli::complaints::Complaints;
use crate::diagnostic::Diagnostic;
use crate::policy::set::PolicySet;
use crate::policy::source::{self, Source};

/// The set of all policies that `names` name: files, folders, and packs as `builtin:NAME`. [`None`] if any of them
/// cannot be used: an answer by some of the policies would be taken for the whole answer, and one by none for consent.
pub fn load(names: &[String], complaints: &mut Complaints) -> Option<PolicySet> {
    let sources: Vec<_> = names.iter().map(|name| Source::parse(name)).collect();
    let mut collected = source::collect(&sources);
    for diagnostic in std::mem::take(&mut collected.diagnostics) {
        let file = diagnostic.place.as_ref().map(|place| Arc::clone(&place.file));
        complaints.take(diagnostic, file.and_then(|file| collected.text(&file)));
    }
    if complaints.errors() == 0 && collected.policies.is_empty() {
        let message = format!("there is no policy in `{}`", names.join("`, `"));
        complaints.take(Diagnostic::error(None, message).help("without a policy everything would pass"), None);
    }
    let is_whole = complaints.errors() == 0 && collected.refused.is_empty();
    is_whole.then(|| PolicySet::new(collected.policies.into_iter().map(Arc::new)))
}
