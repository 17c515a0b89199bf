//! From what `--policy` names to a policy set.

use std::sync::Arc;

use crate::cli::complaints::Complaints;
use crate::diagnostic::Diagnostic;
use crate::policy::collision::collisions;
use crate::policy::set::PolicySet;
use crate::policy::source::{self, Source};

/// Policies to check against, and the texts that they were read from.
#[derive(Debug)]
pub struct Loaded {
    /// The policies.
    pub set: PolicySet,
    /// The files, with their texts.
    pub texts: Vec<(Arc<str>, String)>,
}

impl Loaded {
    /// The text of a file that was read.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.texts.iter().find(|(name, _)| name.as_ref() == file).map(|(_, text)| text.as_str())
    }
}

/// The set of all policies that `names` name: files, folders, and packs as `builtin:NAME`. [`None`] if any of them
/// cannot be used: an answer by some of the policies would be taken for the whole answer, and one by none for consent.
pub fn load(names: &[String], complaints: &mut Complaints) -> Option<Loaded> {
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
    if complaints.errors() > 0 || !collected.refused.is_empty() {
        return None;
    }
    let set = PolicySet::new(std::mem::take(&mut collected.policies).into_iter().map(Arc::new));
    for diagnostic in collisions(set.policies()) {
        let file = diagnostic.place.as_ref().map(|place| Arc::clone(&place.file));
        complaints.take(diagnostic, file.and_then(|file| collected.text(&file)));
    }
    Some(Loaded { set, texts: collected.texts })
}
