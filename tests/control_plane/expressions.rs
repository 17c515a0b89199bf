//! Expressions: what podgate says that they are, against what the API server says.
//!
//! The API server evaluates an expression in a policy that answers by a warning, so one dry run asks about a policy full
//! of them: the value comes as text, or the error in words. What does not compile is refused with the policy. A line of
//! a table is an expression; nothing is said of what it gives, the server knows.

mod grammar;
pub mod typing;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bumpalo::Bump;
use libtest_mimic::Failed;
use podgate::cel::{Budget, Environment, Error, Program, Reason, Scope, Type, Value};
use podgate::document;
use serde_json::{Value as Json, json};

use crate::cluster::Cluster;
use crate::generate::Chance;

/// One expression on each line, none where `//` begins one.
const TABLES: [&str; 6] = [
    include_str!("expressions/language.cel"),
    include_str!("expressions/values.cel"),
    include_str!("expressions/libraries.cel"),
    include_str!("expressions/kubernetes.cel"),
    include_str!("expressions/mixed.cel"),
    include_str!("expressions/typed.cel"),
];
/// What podgate takes and the API server does not.
const LENIENT: &str = include_str!("expressions/lenient.cel");
/// What podgate refuses when it is loaded and the API server does not.
const STRICT: &str = include_str!("expressions/strict.cel");

const GENERATED: usize = 2_000;
/// Of a test that is the same in each run; another may be tried with `PODGATE_SEED`.
const SEED: u64 = 20_261_125;

/// Characters of warnings in one answer. The API server cuts what is beyond 4,096.
const ROOM: usize = 3_600;
/// The API server takes a second or two until a policy has an effect.
const ANSWERED_WITHIN: Duration = Duration::from_secs(15);

/// What becomes of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Value(String),
    Error(Kind, String),
    /// It does not compile.
    Refused(String),
}

/// What kind of error, as far as both sides tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Key,
    Bounds,
    Zero,
    Overflow,
    Overload,
    NoValue,
    /// A function does not take a value of the right type.
    Refused,
}

struct Object<'a>(Value<'a>);

impl<'a> Scope<'a> for Object<'a> {
    fn slot(&self, slot: u8) -> Result<Value<'a>, Error<'a>> {
        Ok(if slot == 0 { self.0 } else { Value::Null })
    }
}

/// Every expression of the tables.
pub fn made_by_hand(cluster: &Cluster) -> Result<(), Failed> {
    let agreed: Vec<_> = TABLES.iter().flat_map(|table| lines(table)).collect();
    let lenient = agreed.len()..agreed.len() + lines(LENIENT).count();
    let sources: Vec<_> =
        agreed.into_iter().chain(lines(LENIENT)).chain(lines(STRICT)).map(ToOwned::to_owned).collect();
    let theirs = ask(cluster, "hand", &sources)?;
    let mut differences = Vec::new();
    for (place, (source, theirs)) in sources.iter().zip(&theirs).enumerate() {
        let ours = said(source);
        let expected = match (&ours, theirs) {
            (Outcome::Value(_), Outcome::Refused(_) | Outcome::Error(..)) => lenient.contains(&place),
            (Outcome::Error(..), Outcome::Refused(_)) => lenient.contains(&place),
            (Outcome::Refused(_), Outcome::Value(_) | Outcome::Error(..)) => place >= lenient.end,
            _ => place < lenient.start && agree(&ours, theirs),
        };
        if !expected {
            differences.push(format!("{source}\n    podgate: {ours:?}\n    server:  {theirs:?}"));
        }
    }
    report(sources.len(), &differences)
}

/// Expressions from a grammar with types.
pub fn made_by_chance(cluster: &Cluster) -> Result<(), Failed> {
    let seed = std::env::var("PODGATE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let chance = Chance::new(seed);
    let sources: Vec<_> = (0..GENERATED).map(|_| grammar::expression(&chance)).collect();
    let theirs = ask(cluster, "chance", &sources)?;
    let refused = theirs.iter().filter(|theirs| matches!(theirs, Outcome::Refused(_))).count();
    let (mut differences, mut taken) = (Vec::new(), Vec::new());
    for (source, theirs) in sources.iter().zip(&theirs) {
        let ours = said(source);
        let difference = || format!("{source}\n    podgate: {ours:?}\n    server:  {theirs:?}");
        match theirs {
            Outcome::Refused(words) if words.contains("was given optional_type") => {}
            Outcome::Refused(_) if !matches!(ours, Outcome::Refused(_)) => taken.push(difference()),
            theirs if !agree(&ours, theirs) => differences.push(difference()),
            _ => {}
        }
    }
    // The last two differences that `lenient.cel` names come up here, too, but not often.
    if taken.len() > sources.len() / 200 {
        differences.append(&mut taken);
    }
    if refused * 3 > sources.len() {
        return Err(format!("seed {seed}: the server takes too few of these: it refuses {refused}").into());
    }
    eprintln!("seed {seed}: {refused} of {} do not compile", sources.len());
    report(sources.len(), &differences)
        .map_err(|failed| format!("seed {seed}: {}", failed.message().unwrap_or_default()).into())
}

fn lines(table: &str) -> impl Iterator<Item = &str> {
    table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"))
}

fn report(count: usize, differences: &[String]) -> Result<(), Failed> {
    if differences.is_empty() {
        eprintln!("{count} expressions agree");
        return Ok(());
    }
    Err(format!("{} of {count} expressions differ\n{}", differences.len(), differences.join("\n")).into())
}

fn agree(ours: &Outcome, theirs: &Outcome) -> bool {
    match (ours, theirs) {
        // A panic that the server catches: an error was there before it.
        (Outcome::Error(..), Outcome::Error(_, words)) if words.starts_with("internal error") => true,
        (Outcome::Error(ours, _), Outcome::Error(theirs, _)) => ours == theirs,
        (Outcome::Refused(_), Outcome::Refused(_)) => true,
        (ours, theirs) => ours == theirs,
    }
}

/// The text that both sides are asked for. Its number tells the answers apart.
fn wrapped(source: &str, number: usize) -> String {
    format!("'#{number}# %s'.format([{source}])")
}

/// What `object` is: nothing that the API server fills in or leaves out.
fn object(name: &str, policy: &str) -> Json {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "default", "labels": {"asks": policy},
            "annotations": {"team": "a", "app.kubernetes.io/name": "web", "count": "3", "empty": "", "text": "héllo wörld"},
        },
        "spec": {
            "hostNetwork": true,
            "activeDeadlineSeconds": 100,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {"runAsUser": 1000, "supplementalGroups": [1, 2, 3]},
            "containers": [
                {"name": "app", "image": "redis",
                 "resources": {"limits": {"memory": "128Mi", "cpu": "1"}, "requests": {"memory": "64Mi", "cpu": "500m"}}},
                {"name": "proxy", "image": "registry.example.com/proxy:1.2", "resources": {}, "command": ["/bin/proxy", "--port", "80"],
                 "ports": [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]},
            ],
        },
    })
}

fn said(source: &str) -> Outcome {
    let environment = Environment::new().variable("object", 0, Type::Dyn).variable("oldObject", 1, Type::Dyn);
    let program = match Program::compile(&environment, &wrapped(source, 0), Type::Dyn) {
        Ok(program) => match program.too_expensive() {
            Some(problem) => return Outcome::Refused(problem.to_string()),
            None => program,
        },
        Err(problems) => return Outcome::Refused(problems.first().map(ToString::to_string).unwrap_or_default()),
    };
    let arena = Bump::new();
    let object = object("x", "x");
    let scope = Object(document::Value::from_json(&arena, &object).into());
    match program.eval(&arena, &scope, &Budget::default()) {
        Ok(value) => Outcome::Value(value.to_string().trim_start_matches("#0#").trim().to_owned()),
        Err(error) => Outcome::Error(kind_of(error.reason()), error.to_string()),
    }
}

fn kind_of(reason: Reason<'_>) -> Kind {
    match reason {
        Reason::NoSuchKey(_) | Reason::NoSuchEntry(_) => Kind::Key,
        Reason::OutOfBounds(_) | Reason::NoSuchElement(..) => Kind::Bounds,
        Reason::DivisionByZero => Kind::Zero,
        Reason::Overflow | Reason::TimeOutOfRange => Kind::Overflow,
        // The API server looks for keys in everything but lists.
        Reason::NoFields(kind) if kind != Type::List => Kind::Key,
        Reason::Operator("[]", kind, _) if kind != Type::List => Kind::Key,
        Reason::NoFields(_) | Reason::Operator(..) | Reason::Function(_) | Reason::Expected(..) | Reason::BadKey(_) => {
            Kind::Overload
        }
        Reason::NoValue => Kind::NoValue,
        _ => Kind::Refused,
    }
}

/// The kind of an error by the words of the API server.
fn kind_in(words: &str) -> Kind {
    let kinds = [
        ("no such key", Kind::Key),
        ("unsupported map key", Kind::Key),
        ("unsupported index", Kind::Overload),
        ("expected iterable", Kind::Overload),
        ("list elements must", Kind::Overload),
        ("index out of", Kind::Bounds),
        ("out of bounds", Kind::Bounds),
        ("invalid substring range", Kind::Bounds),
        ("cannot slice(", Kind::Bounds),
        ("division by zero", Kind::Zero),
        ("modulus by zero", Kind::Zero),
        ("overflow", Kind::Overflow),
        ("no such overload", Kind::Overload),
        ("none() dereference", Kind::NoValue),
    ];
    kinds.into_iter().find(|(phrase, _)| words.contains(phrase)).map_or(Kind::Refused, |(_, kind)| kind)
}

/// Asks the API server about all of them.
fn ask(cluster: &Cluster, prefix: &str, sources: &[String]) -> Result<Vec<Outcome>, Failed> {
    let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
    let mut policies = packed(prefix, sources);
    create(cluster, &mut policies, sources, &mut outcomes)?;
    let start = Instant::now();
    loop {
        policies.retain(|(_, numbers)| numbers.iter().any(|number| !outcomes.contains_key(number)));
        if policies.is_empty() {
            break;
        }
        if start.elapsed() > ANSWERED_WITHIN {
            let numbers = policies.iter().flat_map(|(_, numbers)| numbers);
            let silent: Vec<_> = numbers.filter(|number| !outcomes.contains_key(number)).collect();
            let silent: Vec<_> = silent.into_iter().map(|number| sources[*number].as_str()).collect();
            return Err(format!("no answer about\n{}", silent.join("\n")).into());
        }
        let pods: Vec<_> = policies.iter().map(|(name, _)| object(name, name)).collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": pods}).to_string();
        let answer = cluster.kubectl(&["create", "--dry-run=server", "-o", "name", "-f", "-"], &list)?;
        let words = String::from_utf8_lossy(&answer.stderr);
        if !answer.status.success() {
            return Err(words.into_owned().into());
        }
        outcomes.extend(words.lines().filter_map(answered));
    }
    Ok(outcomes.into_values().collect())
}

/// Names of policies, and the numbers of the expressions in each: as many as one answer has room for.
fn packed(prefix: &str, sources: &[String]) -> Vec<(String, Vec<usize>)> {
    let mut policies: Vec<(String, Vec<usize>)> = Vec::new();
    let mut room = 0;
    for (number, source) in sources.iter().enumerate() {
        let needs = 220 + source.chars().count();
        if room < needs {
            policies.push((format!("{prefix}-{}", policies.len()), Vec::new()));
            room = ROOM;
        }
        room -= needs;
        if let Some((_, numbers)) = policies.last_mut() {
            numbers.push(number);
        }
    }
    policies
}

/// Creates the policies; what keeps one from being created is refused, and the rest is tried again.
fn create(
    cluster: &Cluster,
    policies: &mut [(String, Vec<usize>)],
    sources: &[String],
    outcomes: &mut BTreeMap<usize, Outcome>,
) -> Result<(), Failed> {
    let bindings: Vec<_> = policies
        .iter()
        .map(|(name, _)| {
            json!({
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
                "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Warn"]},
            })
        })
        .collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": bindings}).to_string();
    cluster.must(&["create", "-f", "-"], &list)?;
    let mut waiting: Vec<&mut (String, Vec<usize>)> = policies.iter_mut().collect();
    loop {
        waiting.retain(|(_, numbers)| !numbers.is_empty());
        if waiting.is_empty() {
            return Ok(());
        }
        let items: Vec<_> = waiting.iter().map(|(name, numbers)| policy(name, numbers, sources)).collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
        let answer = cluster.kubectl(&["create", "-o", "name", "-f", "-"], &list)?;
        if answer.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&answer.stderr);
        let before = outcomes.len();
        waiting.retain_mut(|(name, numbers)| refusals(&words, name, numbers, outcomes));
        if outcomes.len() == before {
            return Err(words.into_owned().into());
        }
    }
}

/// Takes from a policy what it was refused for; says whether it was.
fn refusals(words: &str, name: &str, numbers: &mut Vec<usize>, outcomes: &mut BTreeMap<usize, Outcome>) -> bool {
    let Some((_, said)) = words.split_once(&format!("\"{name}\" is invalid:")) else { return false };
    let said = said.split("\" is invalid:").next().unwrap_or_default();
    let mut refused = Vec::new();
    for part in said.split("spec.validations[").skip(1) {
        let Some((place, message)) = part.split_once("].") else { continue };
        let Some(number) = place.parse().ok().and_then(|place: usize| numbers.get(place).copied()) else { continue };
        let message = message.split_once("compilation failed: ").map_or(message, |(_, message)| message);
        let message = message.lines().next().unwrap_or_default().to_owned();
        outcomes.entry(number).or_insert(Outcome::Refused(message));
        refused.push(number);
    }
    numbers.retain(|number| !refused.contains(number));
    true
}

fn policy(name: &str, numbers: &[usize], sources: &[String]) -> Json {
    let validations: Vec<_> = numbers
        .iter()
        .map(|number| {
            let text = wrapped(&sources[*number], *number);
            json!({"expression": format!("{text} == 'never'"), "messageExpression": text})
        })
        .collect();
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {
            "matchConstraints": {
                "objectSelector": {"matchLabels": {"asks": name}},
                "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
            },
            "validations": validations,
        },
    })
}

/// The number of the expression that a warning is about, and what became of it.
fn answered(line: &str) -> Option<(usize, Outcome)> {
    let (_, said) = line.strip_prefix("Warning: Validation failed for ")?.split_once("': ")?;
    let (_, rest) = said.split_once('#')?;
    let (number, rest) = rest.split_once('#')?;
    let number = number.parse().ok()?;
    if !said.starts_with('#') {
        let (_, words) = rest.rsplit_once("resulted in error: ")?;
        return Some((number, Outcome::Error(kind_in(words), words.to_owned())));
    }
    Some((number, Outcome::Value(rest.trim().to_owned())))
}
