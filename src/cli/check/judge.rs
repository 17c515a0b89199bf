//! What every object of a run is judged by.

use bumpalo::Bump;

use crate::admit::{self, Assumption, Author, DryRun};
use crate::cli::arguments::{Check, RequestArguments};
use crate::cli::collect;
use crate::cli::input::Input;
use crate::cli::manifest::Manifest;
use crate::cli::policies::Loaded;
use crate::cli::request::{self, Refused};
use crate::cli::surroundings::{Before, Surroundings, bare_namespace};
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::Facts;
use crate::provenance::Authored;
use crate::review::{Operation, Request};
use crate::workload::Kind;

/// The policies, and what is known around the objects.
#[derive(Clone, Copy)]
pub struct Judge<'s> {
    /// What was asked for.
    pub check: &'s Check,
    /// The policies.
    pub policies: &'s Loaded,
    /// The cluster.
    pub surroundings: &'s Surroundings<'s>,
    /// The objects before an update.
    pub before: &'s Before<'s>,
}

/// The request for a manifest, if there can be one.
pub struct Asked<'a> {
    /// What is wrong with the manifest.
    pub problems: Vec<Diagnostic>,
    /// The request; [`None`] if one of the problems is an error.
    pub asked: Option<request::Asked<'a>>,
}

impl<'s> Judge<'s> {
    /// Makes the request for the manifest of a workload.
    pub fn ask<'a>(self, arena: &'a Bump, input: &Input, manifest: &Manifest<'a>, kind: Kind) -> Asked<'a>
    where
        's: 'a,
    {
        let mut problems = collect::misfits(input, manifest, kind);
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Asked { problems, asked: None };
        }
        let asked = request::ask(arena, manifest, kind, &self.check.request, self.before);
        let asked = asked.map_err(|Refused { path, message }| {
            problems.push(collect::problem(input, manifest, path.steps(), &message));
        });
        Asked { problems, asked: asked.ok() }
    }

    /// What both webhooks would do with the request for a manifest.
    pub fn run<'a>(self, arena: &'a Bump, manifest: &Manifest<'a>, request: Request<'a>) -> DryRun<'a>
    where
        's: 'a,
    {
        let (facts, assumption) = self.facts(arena, request.namespace, true);
        let authored = Authored { object: manifest.value, way: self.check.request.way };
        let mut run = admit::dry_run(&self.policies.set, arena, request, facts, Author::File(authored));
        let RequestArguments { old, operation, .. } = &self.check.request;
        if old.is_some() && operation.is_none() && request.operation == Operation::Create {
            let (kind, namespace, name) = (request.kind, request.namespace, request.name);
            let message = format!("{kind} `{namespace}/{name}` is new: the file of `--old` does not hold it");
            run.assumptions.insert(0, Assumption { code: "not-in-old", message });
        }
        run.assumptions.splice(0..0, assumption);
        run
    }

    /// What is known around an object, and what was taken for granted for it.
    pub fn facts<'a>(
        self,
        arena: &'a Bump,
        namespace: &'a str,
        owners_believed: bool,
    ) -> (Facts<'a>, Option<Assumption>)
    where
        's: 'a,
    {
        let known = self.surroundings.namespace(namespace);
        let facts = Facts {
            namespace: known.unwrap_or_else(|| bare_namespace(arena, namespace)),
            limit_ranges: self.surroundings.limit_ranges(arena, namespace),
            owners_believed,
            now: Some(self.surroundings.now),
            kubernetes: self.check.request.kubernetes,
        };
        let assumption = (known.is_none() && self.policies.set.needs_namespace_labels()).then(|| Assumption {
            code: "namespace-labels",
            message: format!("namespace `{namespace}` has no labels but its name"),
        });
        (facts, assumption)
    }
}
