//! `check --fix`: what the mutating webhook would write, and the one safe answer to what the validating one objects to,
//! written into the manifests themselves.
//!
//! The text is changed at the places of these values and nowhere else. A file that holds an error is left alone.

pub mod diff;
mod reached;
mod wishes;
mod written;

use std::collections::HashMap;

use bumpalo::Bump;
use serde::Serialize;

use crate::cli::check::judge::{Asked, Judge};
use crate::cli::fix::wishes::{Wish, wishes};
use crate::cli::input::Input;
use crate::cli::manifest::{Class, Manifest};
use crate::decision::Decision;
use crate::document::rewrite::{Change, rewritten};
use crate::document::{Limits, Path, Step, yaml};

pub use written::write;

/// Why nothing is written into a file.
const BROKEN: &str = "its file holds an error, and is left alone";

/// One file after it was fixed.
#[derive(Clone, Debug)]
pub struct File {
    /// Its text.
    pub text: String,
    objects: HashMap<Spot, Fixes>,
}

/// Where an object stands in its file: the place of its document, and the path in it.
type Spot = (usize, Path<'static>);

/// What was written about an object, and what could not be.
#[derive(Clone, Debug, Default)]
pub struct Fixes {
    /// What was written.
    pub fixed: Vec<Fixed>,
    /// What was not.
    pub unfixed: Vec<Unfixed>,
}

/// A field that was written.
#[derive(Clone, Debug, Serialize)]
pub struct Fixed {
    /// The id of the policy.
    pub policy: String,
    /// The rule.
    pub rule: String,
    /// The field, in the object.
    #[serde(serialize_with = "as_text")]
    pub path: Path<'static>,
    /// Where it stands now.
    pub line: Option<u32>,
    /// What stands there now.
    pub value: serde_json::Value,
}

/// A field that should be written and was not.
#[derive(Clone, Debug, Serialize)]
pub struct Unfixed {
    /// The id of the policy.
    pub policy: String,
    /// The rule.
    pub rule: String,
    /// The field, in the object.
    #[serde(serialize_with = "as_text")]
    pub path: Path<'static>,
    /// What should stand there, if that is known.
    pub value: Option<serde_json::Value>,
    /// Why it was left.
    pub reason: String,
}

impl File {
    /// Whether nothing was written.
    pub fn is_unchanged(&self) -> bool {
        self.objects.values().all(|fixes| fixes.fixed.is_empty())
    }

    /// The file as it was, where it could not be written.
    pub fn unwritten(self, text: String) -> Self {
        let objects = self.objects.into_iter().map(|(spot, fixes)| (spot, fixes.unwritten()));
        File { text, objects: objects.collect() }
    }

    /// What was done about the object of a manifest of this file, with the lines where it stands now.
    pub fn of(&self, manifest: &Manifest<'_>) -> Fixes {
        let steps = manifest.steps.iter().map(Step::borrowed).collect();
        let mut fixes = self.objects.get(&(manifest.index, steps)).cloned().unwrap_or_default();
        for fixed in &mut fixes.fixed {
            fixed.line = Some(manifest.span(fixed.path.steps()).line);
        }
        fixes
    }
}

impl Fixes {
    /// Whether there was nothing to do.
    pub fn is_empty(&self) -> bool {
        self.fixed.is_empty() && self.unfixed.is_empty()
    }

    fn unwritten(self) -> Self {
        let Fixes { fixed, mut unfixed } = self;
        unfixed.extend(fixed.into_iter().map(|Fixed { policy, rule, path, value, .. }| Unfixed {
            policy,
            rule,
            path,
            value: Some(value),
            reason: "its file cannot be written".to_owned(),
        }));
        Fixes { fixed: Vec::new(), unfixed }
    }
}

/// The text of `input` with all that can be fixed in it.
pub fn fixed(judge: Judge<'_>, input: &Input) -> File {
    let arena = Bump::new();
    let mut objects = Vec::new();
    let mut all = Vec::new();
    let mut is_broken = false;
    for document in yaml::documents(&arena, &input.text, &Limits::LIST) {
        let Ok(document) = document else {
            is_broken = true;
            continue;
        };
        Manifest::of(&document).open(&arena, &mut |opened| match opened {
            Ok((manifest, Class::Workload(kind))) => {
                let Asked { asked, .. } = judge.ask(&arena, input, &manifest, kind);
                let run = asked.map(|asked| judge.run(&arena, &manifest, asked.request));
                let Some(run) = run.filter(|run| !matches!(run.decision, Decision::Error(_))) else {
                    is_broken = true;
                    return;
                };
                let steps: Path<'_> = manifest.steps.iter().map(Step::borrowed).collect();
                all.extend(wishes(&arena, &manifest, kind, &run).into_iter().map(|wish| (objects.len(), wish)));
                objects.push((manifest.index, steps.into_owned()));
            }
            Ok(_) => {}
            Err(_) => is_broken = true,
        });
    }
    let mut changes = Vec::new();
    let mut outcomes: Vec<Option<String>> = Vec::with_capacity(all.len());
    let mut places = Vec::new();
    for (at, (number, Wish { target, .. })) in all.iter().enumerate() {
        let Some((document, steps)) = objects.get(*number) else { continue };
        outcomes.push(match target {
            Err(reason) => Some((*reason).to_owned()),
            Ok(_) if is_broken => Some(BROKEN.to_owned()),
            Ok((path, value)) => {
                let path = steps.clone().join(path.steps());
                changes.push(Change { document: *document, path: path.into_owned(), value: *value });
                places.push(at);
                None
            }
        });
    }
    let rewritten = rewritten(&input.text, &changes);
    for (change, reason) in rewritten.left {
        if let Some(outcome) = places.get(change).and_then(|at| outcomes.get_mut(*at)) {
            *outcome = Some(reason.to_string());
        }
    }
    let mut fixes = vec![Fixes::default(); objects.len()];
    for ((number, wish), outcome) in all.into_iter().zip(outcomes) {
        if let Some(fixes) = fixes.get_mut(number) {
            fixes.take(wish, outcome);
        }
    }
    File { text: rewritten.text, objects: objects.into_iter().zip(fixes).collect() }
}

impl Fixes {
    fn take(&mut self, wish: Wish<'_>, left: Option<String>) {
        let Wish { policy, rule, path, target } = wish;
        let (policy, rule) = (policy.to_owned(), rule.to_owned());
        match (target, left) {
            (Ok((path, value)), None) => {
                self.fixed.push(Fixed { policy, rule, path, line: None, value: value.to_json() });
            }
            (target, reason) => self.unfixed.push(Unfixed {
                policy,
                rule,
                path,
                value: target.ok().map(|(_, value)| value.to_json()),
                reason: reason.unwrap_or_default(),
            }),
        }
    }
}

fn as_text<S: serde::Serializer>(path: &Path<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(path)
}
