//! How the policies stand, for whoever asks `/readyz?verbose`.

use std::fmt;
use std::time::SystemTime;

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::document::print::visible;
use crate::policy::exclusion::Exclusion;

/// How the policies stand.
#[derive(Clone, Debug)]
pub struct Status {
    /// The generation in force.
    pub generation: u64,
    /// The digest of the set in force.
    pub policy_set: String,
    /// How many policies are in force.
    pub policies: usize,
    /// How many exceptions from them are loaded, expired ones included.
    pub exceptions: usize,
    /// The namespaces that are left alone.
    pub excluded: Exclusion,
    /// When the set in force was loaded.
    pub loaded_at: SystemTime,
    /// The policies and exceptions that cannot be used as they stand now.
    pub refused: Vec<Refused>,
    /// Why, and what else is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// A policy or an exception that cannot be used as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its id, if that much could be read.
    pub id: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// Whether its last good version is in force instead.
    pub is_kept: bool,
}

impl Refused {
    pub(super) fn new(id: Option<String>, place: Place) -> Self {
        Refused { id, place, is_kept: false }
    }
}

impl Status {
    /// Whether everything is used as it stands now.
    pub fn is_good(&self) -> bool {
        let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
        self.refused.is_empty() && !self.diagnostics.iter().any(is_error)
    }
}

/// `ClusterPodPolicy/x at f.yaml:3:1: its last good version is in force`.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { file, span } = &self.place;
        let id = self.id.as_deref().unwrap_or("a policy without a readable name");
        let kept = if self.is_kept { "its last good version is in force" } else { "it is not in force" };
        write!(f, "{} at {}:{}:{}: {kept}", visible(id), visible(file), span.line, span.column)
    }
}

/// Lines: the set first, then what is wrong.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { generation, policy_set, policies, exceptions, excluded, .. } = self;
        let and_exceptions = if *exceptions > 0 { format!(", exceptions: {exceptions}") } else { String::new() };
        writeln!(f, "policies: {policies} in force{and_exceptions}, generation {generation}, {policy_set}")?;
        if !excluded.is_empty() {
            writeln!(f, "namespaces that are left alone: {excluded}")?;
        }
        for refused in &self.refused {
            writeln!(f, "refused: {refused}")?;
        }
        for diagnostic in &self.diagnostics {
            let severity = match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            writeln!(f, "{severity}: {}", visible(&diagnostic.to_string()))?;
        }
        Ok(())
    }
}
