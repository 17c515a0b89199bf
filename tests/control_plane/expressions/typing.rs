//! The types of objects: what podgate refuses, against what the API server warns of.
//!
//! The API server checks a ValidatingAdmissionPolicy that names a kind against the types of that kind, and writes what it
//! finds into the status of the policy. It only warns, because it evaluates without types.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use podgate::cel::{Program, Type};
use podgate::policy::environment::Scope;
use podgate::workload::Kind;
use serde_json::{Value as Json, json};

use crate::cluster::Cluster;
use crate::expressions::Outcome;

/// One expression on each line, below a line `= KIND RESOURCE ..` with the kinds that it is asked about.
const AGREED: &str = include_str!("typing/agreed.cel");
/// What podgate refuses and the API server does not warn of.
const STRICT: &str = include_str!("typing/strict.cel");
/// What the API server warns of and podgate takes.
const LENIENT: &str = include_str!("typing/lenient.cel");

const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// What a policy may be asked about.
const RESOURCES: [(Kind, &str, &str); 4] = [
    (Kind::Pod, "", "pods"),
    (Kind::Deployment, "apps", "deployments"),
    (Kind::StatefulSet, "apps", "statefulsets"),
    (Kind::CronJob, "batch", "cronjobs"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Same,
    OnlyOurs,
    OnlyTheirs,
}

struct Question {
    kind: Kind,
    source: &'static str,
    expected: Expected,
}

/// Every expression of the tables, for each kind that it is written below.
pub fn table(cluster: &Cluster) -> Result<(), Failed> {
    let mut questions = Vec::new();
    for (text, expected) in [(AGREED, Expected::Same), (STRICT, Expected::OnlyOurs), (LENIENT, Expected::OnlyTheirs)] {
        questions.extend(questions_of(text, expected)?);
    }
    let mut differences = Vec::new();
    for (kind, group, resource) in RESOURCES {
        let asked: Vec<&Question> = questions.iter().filter(|question| question.kind == kind).collect();
        let sources: Vec<&str> = asked.iter().map(|question| question.source).collect();
        let warned = warnings(cluster, kind, group, resource, &sources)?;
        for (place, question) in asked.iter().enumerate() {
            let theirs = warned.get(&place);
            let ours = refused(kind, question.source);
            let expected = match question.expected {
                Expected::Same => ours.is_some() == theirs.is_some(),
                Expected::OnlyOurs => ours.is_some() && theirs.is_none(),
                Expected::OnlyTheirs => ours.is_none() && theirs.is_some(),
            };
            if !expected {
                let source = question.source;
                differences.push(format!("{kind}: {source}\n    podgate: {ours:?}\n    server:  {theirs:?}"));
            }
        }
    }
    super::report(questions.len(), &differences)
}

fn questions_of(text: &'static str, expected: Expected) -> Result<Vec<Question>, Failed> {
    let mut kinds: Vec<Kind> = Vec::new();
    let mut questions = Vec::new();
    for line in super::lines(text) {
        match line.strip_prefix("= ") {
            Some(names) => {
                let of = |name: &str| RESOURCES.into_iter().map(|(kind, ..)| kind).find(|kind| kind.name() == name);
                kinds = names.split(' ').map(of).collect::<Option<_>>().ok_or_else(|| format!("no kinds: {line}"))?;
            }
            None => questions.extend(kinds.iter().map(|kind| Question { kind: *kind, source: line, expected })),
        }
    }
    Ok(questions)
}

/// So that an expression of any type can be asked about.
fn wrapped(source: &str) -> String {
    format!("size([{source}]) == 1")
}

/// Why podgate does not load it in a policy for one kind.
fn refused(kind: Kind, source: &str) -> Option<String> {
    let scope = Scope::new(kind.bit(), &json!({}));
    let problems = Program::compile(scope.pod(), &wrapped(source), Type::Bool).err()?;
    Some(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// What the API server warns of, by the place of the expression. What it does not even compile counts, too.
fn warnings(
    cluster: &Cluster,
    kind: Kind,
    group: &str,
    resource: &str,
    sources: &[&str],
) -> Result<BTreeMap<usize, Outcome>, Failed> {
    let name = format!("types-{}", kind.name().to_lowercase());
    let mut found = BTreeMap::new();
    let mut places: Vec<usize> = (0..sources.len()).collect();
    loop {
        let validations: Vec<Json> =
            places.iter().map(|place| json!({"expression": wrapped(sources[*place])})).collect();
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
            "spec": {
                "matchConstraints": {"resourceRules": [
                    {"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [resource]}]},
                "validations": validations,
            },
        });
        let answer = cluster.kubectl(&["create", "-f", "-"], &policy.to_string())?;
        if answer.status.success() {
            break;
        }
        let words = String::from_utf8_lossy(&answer.stderr).into_owned();
        let before = found.len();
        super::refusals(&words, &name, &mut places, &mut found);
        if found.len() == before {
            return Err(words.into());
        }
    }
    let start = Instant::now();
    let status = loop {
        let text = cluster.must(&["get", "validatingadmissionpolicy", &name, "-o", "json"], "")?;
        let policy: Json = serde_json::from_str(&text)?;
        if policy["status"]["observedGeneration"] == policy["metadata"]["generation"] {
            break policy["status"]["typeChecking"].clone();
        }
        if start.elapsed() > ANSWERED_WITHIN {
            return Err(
                format!("the types in {name} were never checked\n{}", cluster.log("kube-controller-manager")).into()
            );
        }
    };
    for warning in status["expressionWarnings"].as_array().into_iter().flatten() {
        let place = warning["fieldRef"].as_str().and_then(|field| {
            let (place, _) = field.strip_prefix("spec.validations[")?.split_once(']')?;
            place.parse::<usize>().ok()
        });
        let place = place.and_then(|place| places.get(place)).ok_or_else(|| format!("of what: {warning}"))?;
        found.insert(*place, Outcome::Refused(warning["warning"].as_str().unwrap_or_default().to_owned()));
    }
    Ok(found)
}
