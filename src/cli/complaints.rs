//! What podgate has to say about its inputs, on the way to standard error or into the JSON.

use std::io::{self, Write};

use crate::cli::render::snippet::Snippets;
use crate::diagnostic::{Diagnostic, Severity};

/// Takes complaints as they come.
#[derive(Debug)]
pub struct Complaints {
    /// Those that were kept for the JSON; empty if they were printed.
    kept: Vec<Diagnostic>,
    /// Draws them; [`None`] if they are kept.
    snippets: Option<Snippets>,
    errors: usize,
    warnings: usize,
}

impl Complaints {
    /// Complaints that are printed at once.
    pub fn printed(snippets: Snippets) -> Self {
        Complaints { kept: Vec::new(), snippets: Some(snippets), errors: 0, warnings: 0 }
    }

    /// Complaints that are kept.
    pub fn kept() -> Self {
        Complaints { kept: Vec::new(), snippets: None, errors: 0, warnings: 0 }
    }

    /// Takes one. `text` is the text of its file, where there is one to show.
    pub fn take(&mut self, diagnostic: Diagnostic, text: Option<&str>) {
        match diagnostic.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        let Some(snippets) = &self.snippets else {
            self.kept.push(diagnostic);
            return;
        };
        // Where standard error is closed, the exit code still says it.
        let _ = writeln!(io::stderr().lock(), "{}\n", snippets.diagnostic(&diagnostic, text));
    }

    /// Keeps what is said about an object that cannot be judged, which the object's own report prints where complaints
    /// are printed. It is no error of an input.
    pub fn keep(&mut self, diagnostic: &Diagnostic) {
        if self.snippets.is_none() {
            self.kept.push(diagnostic.clone());
        }
    }

    /// How many of them are errors of inputs or policies.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// How many of them are warnings.
    pub fn warnings(&self) -> usize {
        self.warnings
    }

    /// The errors and the warnings that were kept.
    pub fn into_kept(self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.kept.into_iter().partition(|diagnostic| diagnostic.severity == Severity::Error)
    }
}
