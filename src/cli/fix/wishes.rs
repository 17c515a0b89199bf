//! What should be written into a manifest.

use bumpalo::Bump;

use crate::admit::DryRun;
use crate::cli::fix::reached::reached;
use crate::cli::manifest::Manifest;
use crate::document::{Path, Step, Value, edit};
use crate::evaluate::Violation;
use crate::policy::Verb;
use crate::policy::pod_security::{Finding, Pod};
use crate::workload::{Kind, Workload, path_in};

/// A field that should be written.
pub(super) struct Wish<'a> {
    /// The id of the policy.
    pub(super) policy: &'a str,
    pub(super) rule: &'a str,
    /// In the object.
    pub(super) path: Path<'static>,
    /// The field of the manifest, and what shall stand there; or why nobody can say.
    pub(super) target: Result<(Path<'static>, Value<'a>), &'static str>,
}

/// All that should be written into the manifest of `run`: each field once.
pub(super) fn wishes<'a>(arena: &'a Bump, manifest: &Manifest<'a>, kind: Kind, run: &DryRun<'a>) -> Vec<Wish<'a>> {
    let mut wishes = Vec::new();
    edits(arena, &mut wishes, manifest.value, &[], run, kind);
    if let Some(pod) = &run.pod {
        edits(arena, &mut wishes, manifest.value, kind.template(), pod, Kind::Pod);
    }
    answers(arena, &mut wishes, manifest.value, kind, run);
    let mut seen: Vec<(Path<'static>, bool)> = Vec::new();
    wishes.retain(|wish| {
        let key = (wish.path.clone(), wish.target.is_ok());
        let is_new = !seen.contains(&key);
        seen.push(key);
        is_new
    });
    wishes
}

/// The edits of the mutating webhook, at `prefix` of the manifest.
fn edits<'a>(
    arena: &'a Bump,
    wishes: &mut Vec<Wish<'a>>,
    manifest: Value<'a>,
    prefix: &'static [&'static str],
    run: &DryRun<'a>,
    kind: Kind,
) {
    let own = manifest.fields(prefix).unwrap_or_default();
    let seen = run.request.object.unwrap_or_default();
    // The name of the one Pod that stands for all.
    let name = if prefix.is_empty() { None } else { seen.text(&["metadata", "name"]) };
    for edit in &run.edits.made {
        let path = edit.field.path(kind);
        let target = match reached(own, seen, path.steps()) {
            None => Err("the manifest has no such element"),
            Some(_) if name.is_some_and(|name| mentions(edit.after, name)) => Err("each Pod has another value there"),
            Some(path) => Ok((Path::of(prefix).join(path.steps()).into_owned(), edit.after)),
        };
        let path = Path::of(prefix).join(path.steps()).into_owned();
        let is_folded = target.as_ref().is_ok_and(|(path, value)| fold(arena, wishes, path, *value));
        if !is_folded {
            wishes.push(Wish { policy: &edit.policy.id, rule: &edit.rule.name, path, target });
        }
    }
}

/// Puts a value into that of an earlier edit if it lies in it: a bound moves what a default has just set.
fn fold<'a>(arena: &'a Bump, wishes: &mut [Wish<'a>], path: &Path<'static>, value: Value<'a>) -> bool {
    let earlier = wishes.iter_mut().rev().find_map(|wish| {
        let (of, whole) = wish.target.as_mut().ok()?;
        let rest = path.steps().strip_prefix(of.steps())?;
        Some((rest, whole))
    });
    let Some((rest, whole)) = earlier else { return false };
    let folded = edit::set(arena, *whole, rest, value);
    folded.map(|folded| *whole = folded).is_ok()
}

/// Whether any text in `value` holds `name`.
fn mentions(value: Value<'_>, name: &str) -> bool {
    match value {
        Value::String(text) => text.contains(name),
        Value::Array(elements) => elements.iter().any(|element| mentions(*element, name)),
        Value::Object(members) => members.iter().any(|member| mentions(member.value, name)),
        _ => false,
    }
}

/// The answers to the checks of the Pod Security Standards that the Pod does not pass.
fn answers<'a>(arena: &'a Bump, wishes: &mut Vec<Wish<'a>>, manifest: Value<'a>, kind: Kind, run: &DryRun<'a>) {
    let (prefix, judged): (_, &DryRun<'a>) = match run.pod.as_deref() {
        Some(pod) => (kind.template(), pod),
        None => (&[], run),
    };
    let Ok(workload) = Workload::of(Kind::Pod, judged.object) else { return };
    let own = manifest.fields(prefix).unwrap_or_default();
    let pod = Pod::of(arena, &workload);
    for violation in run.violations.iter().chain(run.pod.iter().flat_map(|pod| &pod.violations)) {
        for (path, answer) in answers_to(&pod, violation) {
            let reached = |path: &Path<'_>| {
                Some(Path::of(prefix).join(reached(own, judged.object, path.steps())?.steps()).into_owned())
            };
            let target =
                answer.and_then(|(path, value)| Ok((reached(&path).ok_or("the manifest has no such element")?, value)));
            // What the answer changes may be another field than the one that offends.
            let path = target
                .as_ref()
                .map_or_else(|_| Path::of(prefix).join(path.steps()).into_owned(), |(path, _)| path.clone());
            wishes.push(Wish { policy: &violation.policy.id, rule: &violation.rule.name, path, target });
        }
    }
}

type Answered<'a> = (Path<'static>, Result<(Path<'static>, Value<'a>), &'static str>);

/// The fields of the Pod that offend, each with what to write and where.
fn answers_to<'a>(pod: &Pod<'a>, violation: &Violation<'a>) -> Vec<Answered<'a>> {
    let Verb::PodSecurity(rule) = &violation.rule.verb else { return Vec::new() };
    if violation.exception.is_some() {
        return Vec::new();
    }
    let findings = rule.findings(pod);
    let in_pod = |base, steps: &[Step<'_>]| path_in(Kind::Pod, base, steps).into_owned();
    let is_own = |finding: &&Finding<'a>| violation.message.starts_with(finding.reason);
    let own = findings.iter().filter(is_own).flat_map(|finding| finding.answers(pod));
    let own = own.map(|(offence, answer)| {
        let answer = answer.map(|answer| (in_pod(answer.base, answer.path.steps()), answer.value));
        (in_pod(offence.base(), offence.field.steps()), answer)
    });
    own.collect()
}
