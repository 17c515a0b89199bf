//! From what the engine says of a request to what is reported of an object: paths find their lines in the file.

use bumpalo::Bump;

use crate::admit::DryRun;
use crate::cli::input::Input;
use crate::cli::manifest::Manifest;
use crate::cli::policies::Loaded;
use crate::cli::report::{ClassChange, Edit, Evidence, Object, Outcome, Source, Violation, Weight, Withheld};
use crate::decision::Decision;
use crate::diagnostic::{Diagnostic, Place};
use crate::document::{Path, Span, Step, Value};
use crate::evaluate;
use crate::policy::{Message, Mode, Verb, file};
use crate::review::Operation;
use crate::rollout::{self, Rollout};
use crate::schema;
use crate::workload::Kind;

/// Where the findings about one object are looked up in its file.
#[derive(Clone, Copy, Debug)]
struct Locator<'m, 'a> {
    manifest: &'m Manifest<'a>,
    policies: &'a Loaded,
    /// From the object to the one that the findings are about: to the template for its Pods.
    prefix: &'static [&'static str],
    kind: Kind,
}

/// The report of a request that was judged, or could not be. `problems` are those that its file has besides.
pub fn judged<'a>(
    input: &Input,
    manifest: &Manifest<'a>,
    run: &DryRun<'a>,
    policies: &'a Loaded,
    mut problems: Vec<Diagnostic>,
    shows_object: bool,
) -> Object<'a> {
    let DryRun { request, pod, assumptions, .. } = run;
    let metadata = |key| request.object.or(request.old_object).and_then(|object| object.text(&["metadata", key]));
    let group_version = match (request.group, request.value.text(&["kind", "version"]).unwrap_or_default()) {
        ("", version) => version.to_owned(),
        (group, version) => format!("{group}/{version}"),
    };
    let kind = request.workload_kind().unwrap_or(Kind::Pod);
    let locator = Locator { manifest, policies, prefix: &[], kind };
    if let Decision::Error(message) = &run.decision {
        problems.push(problem(input, manifest, &[], message));
    }
    Object {
        source: source(input, manifest),
        api_version: group_version,
        kind: request.kind,
        namespace: request.namespace,
        name: if request.name.is_empty() { metadata("name").unwrap_or_default() } else { request.name },
        generate_name: metadata("generateName").unwrap_or_default(),
        operation: request.operation.name(),
        assumptions: assumptions.clone(),
        pod: pod.as_ref().map(|pod| outcome(pod, Locator { prefix: kind.template(), kind: Kind::Pod, ..locator })),
        outcome: outcome(run, locator),
        problems,
        shows_object,
        rollout: rollout(run),
        plug_in: None,
        explained: None,
        fixes: None,
    }
}

/// The report of a manifest that cannot be judged, for these problems.
pub fn refused<'a>(
    input: &Input,
    manifest: &Manifest<'a>,
    namespace: &'a str,
    problems: Vec<Diagnostic>,
    shows_object: bool,
) -> Object<'a> {
    let text = |keys: &[&str]| manifest.value.text(keys).unwrap_or_default();
    Object {
        source: source(input, manifest),
        api_version: text(&["apiVersion"]).to_owned(),
        kind: manifest.kind(),
        namespace,
        name: manifest.name(),
        generate_name: text(&["metadata", "generateName"]),
        operation: Operation::Create.name(),
        assumptions: Vec::new(),
        outcome: Outcome {
            decision: "error",
            matched_policies: Vec::new(),
            violations: Vec::new(),
            edits: Vec::new(),
            withheld: Vec::new(),
            qos_class: None,
            patch: Vec::new(),
            warnings: Vec::new(),
            before: manifest.value,
            after: manifest.value,
            stored: manifest.value,
        },
        pod: None,
        problems,
        shows_object,
        rollout: None,
        plug_in: None,
        explained: None,
        fixes: None,
    }
}

/// What in a manifest the API server would not decode, as errors, and what it would drop, as warnings.
pub fn misfits(input: &Input, manifest: &Manifest<'_>, kind: Kind) -> Vec<Diagnostic> {
    let misfits = schema::check(kind.name(), manifest.value).into_iter().map(|misfit| {
        let schema::Problem { path, fault, message, help } = misfit;
        let place = Some(input.place(manifest.span(path.steps())));
        let diagnostic = match fault {
            schema::Fault::Wrong => Diagnostic::error(place, message),
            schema::Fault::Unknown => Diagnostic::warning(place, message),
        };
        Diagnostic { help, ..diagnostic }
    });
    misfits.collect()
}

/// Why a manifest cannot be judged.
pub fn problem(input: &Input, manifest: &Manifest<'_>, path: &[Step<'_>], message: &str) -> Diagnostic {
    Diagnostic::error(Some(input.place(manifest.span(path))), message)
}

/// Where an object stands.
pub fn source(input: &Input, manifest: &Manifest<'_>) -> Source {
    Source { file: input.name.clone(), line: manifest.places.value.line, index: manifest.index }
}

fn rollout(run: &DryRun<'_>) -> Option<Rollout> {
    let received = run.workload.filter(|_| run.request.operation == Operation::Update)?;
    rollout::of(&Bump::new(), run.old?, received, received.with_object(run.object))
}

fn outcome<'a>(run: &DryRun<'a>, locator: Locator<'_, 'a>) -> Outcome<'a> {
    Outcome {
        decision: run.decision.name(),
        matched_policies: run.matched.iter().map(|policy| policy.id.as_str()).collect(),
        violations: run.violations.iter().map(|violation| locator.violation(violation)).collect(),
        edits: run.edits.made.iter().map(|edit| locator.edit(edit)).collect(),
        withheld: run.edits.withheld.iter().map(|withheld| locator.withheld(withheld)).collect(),
        qos_class: class_change(run),
        patch: run.edits.patch.clone(),
        warnings: run.warnings.clone(),
        // With what LimitRanges and the other plug-ins add before the webhooks are called.
        before: run.workload.map(|workload| workload.object).or(run.request.object).unwrap_or_default(),
        after: run.edits.object,
        stored: run.object,
    }
}

fn class_change(run: &DryRun<'_>) -> Option<ClassChange> {
    let pod = run.workload.filter(|workload| workload.kind == Kind::Pod)?;
    let after = pod.with_object(run.object).qos_class();
    Some(ClassChange { before: pod.qos_class().name(), after: after.name() })
}

impl<'a> Locator<'_, 'a> {
    fn span(&self, path: &Path<'_>) -> Span {
        match self.prefix {
            [] => self.manifest.span(path.steps()),
            prefix => self.manifest.span(Path::of(prefix).join(path.steps()).steps()),
        }
    }

    fn violation(&self, violation: &evaluate::Violation<'a>) -> Violation<'a> {
        let evaluate::Violation {
            policy,
            rule,
            mode,
            message,
            path,
            also,
            container,
            is_new,
            is_error,
            exception,
            expired,
            evidence,
        } = violation;
        let span = self.span(path);
        // A message that the rule makes of values is a better one than can be made of its expression.
        let says_why =
            matches!(&rule.verb, Verb::Require(require) if matches!(require.message, Message::Expression(_)));
        Violation {
            policy: &policy.id,
            rule: &rule.name,
            mode: mode.name(),
            severity: rule.severity.name(),
            message: message.clone(),
            help: match &rule.verb {
                Verb::Require(require) => require.help.as_deref(),
                _ => None,
            },
            path: path.clone(),
            also: also.paths().map(Path::into_owned).collect(),
            container: container.map(|container| container.name),
            line: Some(span.line),
            column: Some(span.column),
            new: *is_new,
            exception: exception.map(|exception| exception.id.as_str()),
            about_exception: match (exception, expired) {
                (Some(exception), _) => Some(format!("excepted by {exception}")),
                (None, Some(expired)) => Some(format!("no longer excepted: {expired}")),
                (None, None) => None,
            },
            evidence: evidence
                .as_ref()
                .filter(|evidence| *is_error || (evidence.is_narrower && !says_why))
                .and_then(|evidence| self.evidence(evidence, *is_error)),
            span,
            weight: match mode {
                _ if exception.is_some() => Weight::Recorded,
                Mode::Enforce if *is_new => Weight::Denies,
                Mode::Audit => Weight::Recorded,
                Mode::Enforce | Mode::Warn => Weight::Warns,
            },
        }
    }

    fn evidence(&self, evidence: &evaluate::Evidence<'a>, is_error: bool) -> Option<Evidence<'a>> {
        let evaluate::Evidence { program, range, is_narrower: _, holds, values } = evidence;
        let text = self.policies.text(&program.place()?.file)?;
        let Place { file, span } = file::place_in(program, range.clone(), text)?;
        Some(Evidence {
            expression: program.source().get(range.clone())?.to_owned(),
            values: values.clone(),
            file,
            line: span.line,
            column: span.column,
            span,
            text,
            result: if is_error {
                "error"
            } else if *holds {
                "true"
            } else {
                "false"
            },
        })
    }

    fn edit(&self, edit: &evaluate::Edit<'a>) -> Edit<'a> {
        let evaluate::Edit { policy, rule, field, before, after, provenance } = edit;
        let path = field.path(self.kind);
        Edit {
            policy: &policy.id,
            rule: &rule.name,
            mode: Mode::Enforce.name(),
            verb: rule.verb.name(),
            container: field.container.map(|container| container.name),
            line: Some(self.span(&path).line),
            path,
            before: before.filter(|before: &Value<'_>| !before.is_null()),
            after: *after,
            provenance: provenance.map(|provenance| provenance.name()),
        }
    }

    fn withheld(&self, withheld: &evaluate::Withheld<'a>) -> Withheld<'a> {
        let evaluate::Withheld { policy, rule, mode, field, value, provenance, reason } = withheld;
        Withheld {
            policy: &policy.id,
            rule: &rule.name,
            mode: mode.name(),
            verb: rule.verb.name(),
            path: field.map(|field| field.path(self.kind)),
            container: field.and_then(|field| field.container).map(|container| container.name),
            value: *value,
            provenance: provenance.map(|provenance| provenance.name()),
            code: reason.code(),
            reason: reason.to_string(),
        }
    }
}
