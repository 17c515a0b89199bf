//! From what `--policy` names, and the exceptions among the inputs, to a policy set.

use std::mem;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::complaints::Complaints;
use crate::cli::input::Input;
use crate::cli::namespaces::NamespaceArguments;
use crate::diagnostic::Diagnostic;
use crate::policy::collision::collisions;
use crate::policy::exception::renamed;
use crate::policy::file;
use crate::policy::set::PolicySet;
use crate::policy::source::{self, Collected, Source};

/// Policies to check against, and the texts that they were read from.
#[derive(Debug)]
pub struct Loaded {
    /// The policies with their exceptions.
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

/// All that `names` name: files, folders, and packs as `builtin:NAME`. [`None`] if any of it cannot be used: an answer by
/// some of the policies would be taken for the whole answer, and one by none for consent.
pub fn load(names: &[String], complaints: &mut Complaints) -> Option<Collected> {
    let sources: Vec<_> = names.iter().map(|name| Source::parse(name)).collect();
    let mut collected = source::collect(&sources);
    say(&mut collected, complaints);
    if complaints.errors() == 0 && collected.policies.is_empty() {
        let message = format!("there is no policy in `{}`", names.join("`, `"));
        complaints.take(Diagnostic::error(None, message).help("without a policy everything would pass"), None);
    }
    let is_whole = complaints.errors() == 0 && collected.refused.is_empty();
    is_whole.then_some(collected)
}

/// The set of what was collected, with the exceptions among `inputs`. An exception that cannot be used is an error, and
/// without it the rest is judged all the same: it can only deny more.
pub fn with_exceptions(
    mut collected: Collected,
    inputs: &[Input],
    namespaces: &NamespaceArguments,
    now: Timestamp,
    complaints: &mut Complaints,
) -> Loaded {
    for input in inputs {
        let loaded = file::exceptions(&input.name, &input.text);
        if !loaded.exceptions.is_empty() || !loaded.diagnostics.is_empty() {
            collected.add_exceptions(loaded, &input.name, &input.text);
        }
    }
    collected.refuse_exceptions(&namespaces.exceptions);
    for exception in collected.exceptions.iter().filter(|exception| !exception.holds_at(Some(now))) {
        let expired = exception.expires.map(|expires| expires.to_string()).unwrap_or_default();
        let message = format!("the exception `{}` expired at {expired}", exception.id);
        let help = "take it away, or give it a later `expires`";
        collected.diagnostics.push(Diagnostic::warning(Some(exception.place.clone()), message).help(help));
    }
    let policies = mem::take(&mut collected.policies).into_iter().map(Arc::new);
    let exceptions = mem::take(&mut collected.exceptions).into_iter().map(Arc::new);
    let set = PolicySet::with_exceptions(policies, exceptions).excluding(namespaces.excluded());
    collected.diagnostics.extend(collisions(set.policies()));
    collected.diagnostics.extend(renamed(set.policies(), set.exceptions()));
    say(&mut collected, complaints);
    Loaded { set, texts: collected.texts }
}

fn say(collected: &mut Collected, complaints: &mut Complaints) {
    for diagnostic in mem::take(&mut collected.diagnostics) {
        let file = diagnostic.place.as_ref().map(|place| Arc::clone(&place.file));
        complaints.take(diagnostic, file.and_then(|file| collected.text(&file)));
    }
}
