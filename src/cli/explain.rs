//! `check --explain PATH`: who set a field, and how podgate knows.
//!
//! A path may lead to one value or to an object with many; each value has an answer of its own. An owner is asked twice,
//! because its Pods get more than its template says.

mod path;
mod words;

use std::fmt;

use bumpalo::Bump;
use serde::{Serialize, Serializer};

use crate::admit::DryRun;
use crate::cli::manifest::Manifest;
use crate::document::{Path, Step, Value};
use crate::evaluate::Edit;
use crate::evaluate::matching::is_bookkeeping;
use crate::provenance::{Evidence, Explanation, Intent, PlugIn, Provenance};
use crate::schema;
use crate::workload::{Base, Kind};

pub use path::NoField;

/// Who set one value.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained<'a> {
    /// The field.
    #[serde(serialize_with = "as_text")]
    pub path: Path<'a>,
    /// What stands there after podgate's edits.
    pub value: Value<'a>,
    /// One word: that of a provenance, or `podgate`.
    pub set_by: &'static str,
    /// The manager, the plug-in or the rule, where one is known.
    pub by: Option<String>,
    /// How podgate knows, as a sentence.
    pub how: String,
    /// Where the file says it.
    pub line: Option<u32>,
}

/// The answers for one object.
#[derive(Debug, Default)]
pub struct Answers<'a> {
    /// What was asked for, as it stands in the object.
    pub path: Path<'static>,
    /// For the object.
    pub own: Vec<Explained<'a>>,
    /// For the Pods of an owner: what is not as their template has it.
    pub of_pods: Vec<Explained<'a>>,
}

/// One object, or the Pod that its template becomes.
struct Subject<'r, 'a> {
    run: &'r DryRun<'a>,
    intent: Intent<'a>,
    kind: Kind,
    /// The file, and the keys from its root to this object.
    manifest: &'r Manifest<'a>,
    prefix: &'static [&'static str],
}

/// The answers about `asked` for what became of an object.
///
/// # Errors
/// [`NoField`] if objects of this kind have no such field.
pub fn explain<'a>(
    arena: &'a Bump,
    asked: &Path<'static>,
    manifest: &Manifest<'a>,
    run: &DryRun<'a>,
) -> Result<Answers<'a>, NoField> {
    let Some(kind) = run.workload.map(|workload| workload.kind) else { return Ok(Answers::default()) };
    let path = path::resolved(kind, asked)?;
    let mut answers = Answers { path: path.clone(), ..Answers::default() };
    let Some(intent) = run.intent(arena) else { return Ok(answers) };
    let subject = Subject { run, intent, kind, manifest, prefix: &[] };
    answers.own = subject.answers(&path);
    let in_pod = path.steps().get(kind.template().len()..).filter(|_| path::leads_into_template(kind, &path));
    if let (Some(steps), Some(pod)) = (in_pod.filter(|_| kind != Kind::Pod), &run.pod)
        && let Some(intent) = pod.intent(arena)
    {
        let of_pod = Subject { run: pod, intent, kind: Kind::Pod, manifest, prefix: kind.template() };
        answers.of_pods = of_pod.answers(&Path::root().join(steps).into_owned());
        answers.of_pods.retain(|answer| answer.set_by != Provenance::Template.name());
    }
    Ok(answers)
}

impl<'a> Subject<'_, 'a> {
    fn answers(&self, path: &Path<'static>) -> Vec<Explained<'a>> {
        let root = self.run.edits.object;
        let holds = schema::lookup(self.kind.name(), path.steps());
        let Some(path) = path::located(self.kind, root, path) else { return Vec::new() };
        let Some(value) = root.at(path.steps()).filter(|value| !value.is_null()) else { return Vec::new() };
        let holds = holds.or_else(|| schema::lookup(self.kind.name(), path.steps()));
        let mut leaves = Vec::new();
        path::leaves(holds, value, path, &mut leaves);
        leaves.into_iter().filter_map(|(path, value)| self.answer(path, value)).collect()
    }

    fn answer(&self, path: Path<'static>, value: Value<'a>) -> Option<Explained<'a>> {
        let line = self.line(&path);
        let explained = |set_by: &'static str, by: Option<String>, how: String| {
            Some(Explained { path: path.clone(), value, set_by, by, how, line })
        };
        if let Some(edit) = self.edit_of(&path) {
            let rule = format!("{}/{}", edit.policy.id, edit.rule.name);
            return explained("podgate", Some(rule), words::edited(edit, self.explanation(&path).as_ref()));
        }
        if let Some(how) = self.of_request(&path) {
            return explained(Provenance::ApiDefault.name(), None, how.to_owned());
        }
        let explanation = self.explanation(&path)?;
        let by = match explanation.evidence {
            Evidence::AppliedBy(manager)
            | Evidence::EditedBy(manager)
            | Evidence::OwnedBy(manager)
            | Evidence::OwnDefaults(manager) => Some(manager.to_owned()),
            Evidence::WholeObject(manager) => manager.map(str::to_owned),
            Evidence::PlugIn(plug_in) => Some(PlugIn::name(plug_in).to_owned()),
            _ => None,
        };
        let how = words::known(&explanation, &path, line.map(|line| (self.manifest, line)));
        explained(explanation.provenance.name(), by, how)
    }

    /// The last edit that made, or changed something in, what stands at a path.
    fn edit_of(&self, path: &Path<'_>) -> Option<&Edit<'a>> {
        self.run.edits.made.iter().rev().find(|edit| {
            let edited = edit.field.path(self.kind);
            path.steps().starts_with(edited.steps()) || edited.steps().starts_with(path.steps())
        })
    }

    /// What is known of a value that stood there before podgate's edits.
    fn explanation(&self, path: &Path<'_>) -> Option<Explanation<'a>> {
        let template: Vec<_> = self.kind.template().iter().map(|key| Step::key(key)).collect();
        match path.steps().strip_prefix(template.as_slice()) {
            Some(steps) if !steps.is_empty() => self.intent.explain(Base::Pod, steps),
            _ => self.intent.explain_outside(path.steps()),
        }
    }

    /// What neither an author nor a default is behind.
    fn of_request(&self, path: &Path<'_>) -> Option<&'static str> {
        let (first, second) = match path.steps() {
            [Step::Key(first)] => (first.as_ref(), ""),
            [Step::Key(first), Step::Key(second), ..] => (first.as_ref(), second.as_ref()),
            _ => return None,
        };
        match (first, second) {
            ("metadata", "namespace") if self.line(path).is_none() => Some("the request names the namespace"),
            ("metadata", key) if is_bookkeeping(key) && key != "finalizers" && key != "ownerReferences" => {
                Some("the API server writes this itself")
            }
            ("metadata", "ownerReferences" | "name" | "generateName") if !self.prefix.is_empty() => {
                Some("the controller writes this into each Pod that it makes")
            }
            ("status", _) => Some("the API server and the controllers write the status"),
            ("apiVersion" | "kind", _) if !self.prefix.is_empty() => Some("every Pod has it"),
            _ => None,
        }
    }

    /// The line of the file that says it.
    fn line(&self, path: &Path<'_>) -> Option<u32> {
        let path = Path::of(self.prefix).join(path.steps());
        let stands = self.manifest.value.at(path.steps()).is_some_and(|value| !value.is_null());
        stands.then(|| self.manifest.span(path.steps()).line)
    }
}

fn as_text<S: Serializer>(shown: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(shown)
}
