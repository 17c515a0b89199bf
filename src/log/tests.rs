//! Each line that a decision leaves in the log, in both formats.

use std::sync::{Arc, Mutex};

use bumpalo::Bump;

use super::*;
use crate::admit::{self, Endpoint};
use crate::facts::Facts;
use crate::policy::file;
use crate::policy::set::PolicySet;

const POLICY: &str = r#"
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules:
  - {name: links, default: {pod: {spec: {enableServiceLinks: false}}}}
  - {name: limit, require: {container: "has(container.resources)", field: resources.limits, message: no limit}}
  - {name: broken, mode: Warn, require: {pod: "dyn(pod.spec).nowhere == 1", message: never}}
"#;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines for one review, without the time at their beginning.
fn lines(format: Format, filter: &str, endpoint: Endpoint, body: &str) -> Vec<String> {
    let written = Lines::default();
    let writer = written.clone();
    let subscriber = subscriber(format, filter, move || writer.clone()).unwrap();
    let loaded = file::load(&Arc::from("house.yaml"), POLICY);
    assert_eq!(loaded.diagnostics, []);
    let set = PolicySet::new(loaded.policies.into_iter().map(Arc::new));
    tracing::subscriber::with_default(subscriber, || {
        admit::answer_observed(&set, &Bump::new(), endpoint, body.as_bytes(), Ok(Facts::default()), outcome);
    });
    let bytes = written.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| line.split_once('Z').unwrap().1.trim_start_matches(['"', ',', ' ']).to_owned()).collect()
}

fn review(user: &str, rest: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u1","operation":"CREATE",
        "kind":{{"group":"","version":"v1","kind":"Pod"}},"resource":{{"group":"","version":"v1","resource":"pods"}},
        "namespace":"shop","userInfo":{{"username":"{user}"}},"object":{{"apiVersion":"v1","kind":"Pod",
        "metadata":{{"generateName":"web-","namespace":"shop"}},"spec":{{"containers":[{{"name":"a","image":"secret"}}]}}}}{rest}}}}}"#
    )
}

#[test]
fn a_denial_is_one_line_with_the_rules_and_never_the_object() {
    let found = lines(Format::Text, "info", Endpoint::Validate, &review("ann", ""));
    assert_eq!(
        found,
        [
            r#"INFO podgate::log: denied endpoint="validate" operation="CREATE" kind="Pod" namespace="shop" name="web-" user="ann" uid="u1" rules="ClusterPodPolicy/house/limit=spec.containers[0].resources.limits""#,
            r#"WARN podgate::log: rules cannot be evaluated endpoint="validate" operation="CREATE" kind="Pod" namespace="shop" name="web-" uid="u1" rules="ClusterPodPolicy/house/broken=""#,
        ]
    );
}

#[test]
fn as_json_a_line_is_one_object() {
    let found = lines(Format::Json, "info", Endpoint::Validate, &review("a\\nb", ""));
    let whole = format!(r#"{{"{}"#, found.first().unwrap());
    let line: serde_json::Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(line.get("message").and_then(|value| value.as_str()), Some("denied"), "{line}");
    assert_eq!(line.get("namespace").and_then(|value| value.as_str()), Some("shop"), "{line}");
}

#[test]
fn edits_are_for_debugging() {
    let found = lines(Format::Text, "info", Endpoint::Mutate, &review("ann", ""));
    assert_eq!(found, [""; 0]);
    let found = lines(Format::Text, "podgate=debug", Endpoint::Mutate, &review("ann", ""));
    assert_eq!(found.len(), 1);
    assert!(found.iter().all(|line| line.ends_with(r#"edits="ClusterPodPolicy/house/links=spec.enableServiceLinks""#)));
}

#[test]
fn what_cannot_be_judged_is_a_warning() {
    let found = lines(Format::Text, "info", Endpoint::Mutate, &review("ann", "").replace("CREATE", "MAKE"));
    assert_eq!(found.len(), 1);
    assert!(found.iter().all(|line| line.starts_with("WARN podgate::log: cannot be judged endpoint=\"mutate\"")));
}

#[test]
fn nobody_writes_lines_of_their_own() {
    let evil = r"x\n2026-01-01T00:00:00Z INFO all is well\u001b[2J\u202e";
    let found = lines(Format::Text, "info", Endpoint::Validate, &review(evil, ""));
    assert_eq!(found.len(), 2);
    let line = found.first().unwrap();
    assert!(!line.contains('\u{1b}') && !line.contains('\u{202e}') && line.contains(r"x\n2026"), "{line}");
    let long = "x".repeat(100_000);
    let found = lines(Format::Text, "info", Endpoint::Validate, &review(&long, ""));
    assert!(found.iter().all(|line| line.len() < 1000));
}

#[test]
fn a_filter_that_is_none_is_said_so() {
    let error = subscriber(Format::Text, "podgate=loud", io::stderr).err().unwrap().to_string();
    assert_eq!(
        error,
        "`podgate=loud` is not a log level such as `info`, nor a filter such as `podgate=debug,kube=warn`"
    );
    // A level with a slip of the pen, which would else be the name of something that podgate does not have.
    for (filter, part) in [
        ("inof", "inof"),
        ("info,kube", "kube"),
        ("a=b=c", "a=b=c"),
        ("", ""),
        (", ", ", "),
        ("podgate=", "podgate="),
        ("=debug", "=debug"),
    ] {
        let error = subscriber(Format::Text, filter, io::stderr).err().unwrap().to_string();
        assert!(error.starts_with(&format!("`{part}` is not")), "{error}");
    }
    assert_eq!(Format::parse("text"), Some(Format::Text));
    assert_eq!(Format::parse("xml"), None);
}

#[test]
fn a_filter_has_a_level_for_all_and_levels_for_some() {
    for (filter, podgate, other) in [
        ("info", Some(Level::INFO), Some(Level::INFO)),
        ("DEBUG", Some(Level::DEBUG), Some(Level::DEBUG)),
        ("warn, podgate=trace,", Some(Level::TRACE), Some(Level::WARN)),
        ("podgate::log=debug", Some(Level::DEBUG), None),
        ("off", None, None),
    ] {
        let targets = targets(filter).unwrap();
        let most = |name: &str| {
            [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR]
                .into_iter()
                .find(|level| targets.would_enable(name, level))
        };
        assert_eq!((most("podgate::log"), most("kube_client")), (podgate, other), "{filter}");
        // What nobody wants is known before anybody is asked.
        let hint = subscriber(Format::Json, filter, io::stderr).unwrap().max_level_hint();
        assert_eq!(hint.and_then(LevelFilter::into_level), podgate, "{filter}");
    }
}

#[test]
fn a_list_ends() {
    let mut list = String::new();
    for number in 0..10_000 {
        add(&mut list, format_args!("policy/{number}"));
    }
    assert!(list.len() < LONGEST_LIST + 20 && list.ends_with(" ..."), "{list}");
}
