//! What a scrape shows, after calls as the API server makes them.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bumpalo::Bump;
use jiff::Timestamp;
use podgate::admit::{self, Endpoint};
use podgate::api_defaults::Version;
use podgate::facts::Facts;
use podgate::metrics::table::METRICS;
use podgate::metrics::{Metrics, RefusedBecause, RejectedBecause, SetCounters};
use podgate::policy::file;
use podgate::policy::set::PolicySet;

/// Over the recorded Pod `021`, and its judging in `022`.
const HOUSE: &str = r#"
apiVersion: podgate.dev/v1alpha1
kind: ClusterPodPolicy
metadata: {name: house}
spec:
  mode: Enforce
  rules:
  - {name: links, default: {pod: {spec: {enableServiceLinks: false}}}}
  - {name: root, default: {pod: {spec: {securityContext: {runAsNonRoot: true}}}}}
  - {name: memory, default: {container: {resources: {requests: {memory: 64Mi}}}}}
  - {name: never, require: {pod: "false", message: never}}
  - {name: always, mode: Warn, require: {pod: "true", message: never}}
  - {name: broken, mode: Audit, require: {pod: "dyn(pod.spec).nowhere == 1", message: never}}
"#;

/// Beside [`HOUSE`], for the namespace of `022`.
const EXCEPTION: &str = r#"
---
apiVersion: podgate.dev/v1alpha1
kind: PodPolicyException
metadata: {name: granted, namespace: NAMESPACE}
spec: {reason: because, expires: 2100-01-01, policies: [{policy: house, rules: [never]}]}
"#;

fn with_exception(namespace: &str) -> String {
    format!("{HOUSE}{}", EXCEPTION.replace("NAMESPACE", namespace))
}

struct Server {
    metrics: Arc<Metrics>,
    set: PolicySet,
    counters: Arc<SetCounters>,
    generation: u64,
}

impl Server {
    fn new(policies: &str) -> Self {
        let metrics = Metrics::new().unwrap();
        metrics.kubernetes(Version::NEWEST, None);
        let set = set(policies);
        let counters = metrics.set_loaded(&set, 1);
        Server { metrics, set, counters, generation: 1 }
    }

    fn load(&mut self, policies: &str) {
        self.set = set(policies);
        self.generation += 1;
        self.counters = self.metrics.set_loaded(&self.set, self.generation);
    }

    fn ask(&self, endpoint: Endpoint, body: &[u8]) {
        let facts = Facts { now: Some(Timestamp::UNIX_EPOCH), ..Facts::default() };
        admit::answer_observed(&self.set, &Bump::new(), endpoint, body, Ok(facts), |outcome| {
            self.metrics.observe(&self.counters, outcome);
        });
    }

    /// The series of a family with what they show, without those that show 0.
    fn series(&self, family: &str) -> Vec<String> {
        let series = scraped(&self.metrics).into_iter();
        let mine = series.filter(|(name, value)| name.starts_with(family) && value != "0");
        mine.map(|(name, value)| format!("{} {value}", name.trim_start_matches(family))).collect()
    }
}

fn set(policies: &str) -> PolicySet {
    let loaded = file::load(&Arc::from("house.yaml"), policies);
    assert_eq!(loaded.diagnostics, []);
    PolicySet::with_exceptions(loaded.policies.into_iter().map(Arc::new), loaded.exceptions.into_iter().map(Arc::new))
}

fn review(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/admission-reviews/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn scrape(metrics: &Metrics) -> String {
    String::from_utf8(metrics.scrape()).unwrap()
}

fn scraped(metrics: &Metrics) -> BTreeMap<String, String> {
    let text = scrape(metrics);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn a_scrape_shows_what_the_table_says_and_nothing_else() {
    let server = Server::new(&with_exception("elsewhere"));
    server.ask(Endpoint::Mutate, &review("021-mutating-create-pod"));
    server.ask(Endpoint::Mutate, &review("055-mutating-create-pod"));
    server.ask(Endpoint::Validate, &review("022-validating-create-pod"));
    let text = scrape(&server.metrics);
    let mut found: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            found.entry(name).or_default().1 = help;
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            found.entry(name).or_default().0 = kind;
        } else {
            let series = line.rsplit_once(' ').unwrap().0;
            let (name, pairs) = series.split_once('{').unwrap_or((series, ""));
            let name = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            let pairs = pairs.trim_end_matches('}').split(',').filter_map(|pair| pair.split_once('='));
            labels.entry(name).or_default().extend(pairs.map(|(label, _)| label).filter(|label| *label != "le"));
        }
    }
    let documented: BTreeMap<_, _> =
        METRICS.iter().map(|metric| (metric.name, (metric.kind.name(), metric.help))).collect();
    assert_eq!(found, documented);
    let documented: BTreeMap<_, _> =
        METRICS.iter().map(|metric| (metric.name, metric.labels.iter().copied().collect::<BTreeSet<_>>())).collect();
    assert_eq!(labels, documented);
}

#[test]
fn names_are_as_prometheus_wants_them() {
    for metric in METRICS {
        assert!(metric.name.starts_with("podgate_"), "{}", metric.name);
        assert_eq!(metric.name.ends_with("_total"), metric.kind.name() == "counter", "{}", metric.name);
        assert!(metric.labels.is_sorted() && !metric.help.contains('\n'), "{}", metric.name);
    }
    // 50 us is the first bucket.
    assert!(scrape(&Metrics::new().unwrap()).contains(r#"duration_seconds_bucket{endpoint="mutate",le="0.00005"} 0"#));
}

#[test]
fn what_rules_did_is_counted_under_their_names() {
    let server = Server::new(HOUSE);
    server.ask(Endpoint::Mutate, &review("021-mutating-create-pod"));
    server.ask(Endpoint::Validate, &review("022-validating-create-pod"));
    assert_eq!(
        server.series("podgate_requests_total"),
        [
            r#"{decision="allow",endpoint="mutate",kind="Pod",operation="CREATE"} 1"#,
            r#"{decision="deny",endpoint="validate",kind="Pod",operation="CREATE"} 1"#,
        ]
    );
    assert_eq!(
        server.series("podgate_rule_results_total"),
        [
            r#"{mode="Audit",policy="ClusterPodPolicy/house",result="error",rule="broken"} 1"#,
            r#"{mode="Enforce",policy="ClusterPodPolicy/house",result="violation",rule="never"} 1"#,
            r#"{mode="Warn",policy="ClusterPodPolicy/house",result="pass",rule="always"} 1"#,
        ]
    );
    assert_eq!(
        server.series("podgate_edits_total"),
        [
            r#"{field="spec.containers[*].resources.requests.memory",policy="ClusterPodPolicy/house"} 1"#,
            r#"{field="spec.securityContext.runAsNonRoot",policy="ClusterPodPolicy/house"} 1"#,
        ]
    );
    // `kubectl create` sends what its file says, and does not tell what that was.
    assert_eq!(server.series("podgate_withheld_total"), [r#"{code="unknown",policy="ClusterPodPolicy/house"} 1"#]);
    // Shown before there is one, so that the first one is an increase.
    let waiting = scraped(&Server::new(HOUSE).metrics);
    let never =
        r#"podgate_rule_results_total{mode="Enforce",policy="ClusterPodPolicy/house",result="violation",rule="never"}"#;
    assert_eq!(waiting.get(never).map(String::as_str), Some("0"));
}

#[test]
fn a_violation_of_the_old_object_too_is_no_new_one() {
    let server = Server::new(HOUSE);
    server.ask(Endpoint::Validate, &review("026-validating-update-pod"));
    let results = server.series("podgate_rule_results_total");
    assert!(
        results.contains(&r#"{mode="Enforce",policy="ClusterPodPolicy/house",result="old",rule="never"} 1"#.to_owned()),
        "{results:?}"
    );
}

#[test]
fn what_a_policy_counted_goes_on_while_it_stays_and_goes_with_it() {
    let other = HOUSE.replace("name: house", "name: other");
    let mut server = Server::new(&format!("{HOUSE}---\n{other}"));
    let ask = |server: &Server| server.ask(Endpoint::Validate, &review("022-validating-create-pod"));
    let never = |server: &Server| {
        let results = server.series("podgate_rule_results_total");
        results.into_iter().filter(|series| series.contains(r#"rule="never""#)).collect::<Vec<_>>()
    };
    ask(&server);
    assert_eq!(never(&server).len(), 2);
    server.load(&HOUSE.replace("mode: Enforce", "mode: Warn"));
    ask(&server);
    assert_eq!(
        never(&server),
        [
            r#"{mode="Enforce",policy="ClusterPodPolicy/house",result="violation",rule="never"} 1"#,
            r#"{mode="Warn",policy="ClusterPodPolicy/house",result="violation",rule="never"} 1"#,
        ]
    );
    assert_eq!(server.series("podgate_policy_set_generation"), [" 2"]);
    assert_eq!(server.series("podgate_policy_set_info"), [format!(r#"{{policy_set="{}"}} 1"#, server.set.digest())]);
    server.load("");
    assert_eq!(never(&server), [""; 0]);
}

#[test]
fn no_label_comes_from_a_request() {
    let server = Server::new(HOUSE);
    let evil = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"evil","operation":"evil",
        "kind":{"group":"evil","version":"v1","kind":"evil"},"namespace":"evil","object":{"kind":"evil"}}}"#;
    server.ask(Endpoint::Validate, evil.as_bytes());
    server.ask(
        Endpoint::Mutate,
        evil.replace(r#""operation":"evil""#, r#""operation":"UPDATE","oldObject":{}"#).as_bytes(),
    );
    server.ask(Endpoint::Mutate, &review("017-mutating-update-scale-scale"));
    server.ask(Endpoint::Mutate, b"evil");
    assert_eq!(
        server.series("podgate_requests_total"),
        [
            r#"{decision="allow",endpoint="mutate",kind="other",operation="UPDATE"} 2"#,
            r#"{decision="error",endpoint="validate",kind="other",operation="other"} 1"#,
        ]
    );
    assert!(!scrape(&server.metrics).contains("evil"));
}

#[test]
fn facts_that_are_wanting_are_an_error() {
    let server = Server::new(HOUSE);
    let answer = |endpoint, name| {
        let facts = Err("the labels of the namespace `demo` are not known");
        let answer = admit::answer_observed(&server.set, &Bump::new(), endpoint, &review(name), facts, |outcome| {
            server.metrics.observe(&server.counters, outcome);
        });
        serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()
    };
    let at = |answer: &serde_json::Value, pointer: &str| answer.pointer(pointer).cloned();
    let validated = answer(Endpoint::Validate, "022-validating-create-pod");
    assert_eq!(at(&validated, "/response/allowed"), Some(false.into()));
    assert_eq!(
        at(&validated, "/response/status/message"),
        Some("podgate cannot judge this request: the labels of the namespace `demo` are not known".into())
    );
    let mutated = answer(Endpoint::Mutate, "021-mutating-create-pod");
    assert_eq!((at(&mutated, "/response/allowed"), at(&mutated, "/response/patch")), (Some(true.into()), None));
    let deleted = answer(Endpoint::Validate, "042-validating-delete-pod");
    assert_eq!(at(&deleted, "/response/allowed"), Some(true.into()));
    assert_eq!(
        server.series("podgate_requests_total"),
        [
            r#"{decision="allow",endpoint="validate",kind="Pod",operation="DELETE"} 1"#,
            r#"{decision="error",endpoint="mutate",kind="Pod",operation="CREATE"} 1"#,
            r#"{decision="error",endpoint="validate",kind="Pod",operation="CREATE"} 1"#,
        ]
    );
}

#[test]
fn what_is_open_counts_until_it_ends() {
    let Server { metrics, .. } = Server::new("");
    let shows = |line: &str| scrape(&metrics).lines().any(|shown| shown == line);
    let connection = metrics.connection();
    metrics.in_flight(2, 111);
    assert!(shows("podgate_in_flight_requests 2") && shows("podgate_in_flight_bytes 111"));
    assert!(shows("podgate_connections_open 1"));
    drop(connection);
    assert!(shows("podgate_connections_open 0") && shows("podgate_connections_total 1"));
    for reason in RefusedBecause::ALL {
        metrics.refused(reason);
        assert!(shows(&format!("podgate_requests_refused_total{{reason=\"{}\"}} 1", reason.name())));
    }
    for reason in RejectedBecause::ALL {
        metrics.rejected(reason);
        assert!(shows(&format!("podgate_connections_rejected_total{{reason=\"{}\"}} 1", reason.name())));
    }
    metrics.took(Endpoint::Validate, Duration::from_micros(70));
    assert!(shows(r#"podgate_request_duration_seconds_bucket{endpoint="validate",le="0.00005"} 0"#));
    assert!(shows(r#"podgate_request_duration_seconds_bucket{endpoint="validate",le="0.0001"} 1"#));
    metrics.panicked();
    metrics.certificate(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    metrics.certificate_reloaded(false);
    assert!(shows("podgate_panics_total 1") && shows("podgate_certificate_expiry_timestamp_seconds 1800000000"));
    assert!(shows(r#"podgate_certificate_reloads_total{result="refused"} 1"#));
    metrics.certificate(SystemTime::UNIX_EPOCH);
    assert!(shows("podgate_certificate_expiry_timestamp_seconds 0"));
}

#[test]
fn what_an_exception_lets_pass_is_counted_under_its_name() {
    let body = review("022-validating-create-pod");
    let asked: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let namespace = asked["request"]["namespace"].as_str().unwrap();
    let server = Server::new(&with_exception(namespace));
    server.ask(Endpoint::Validate, &body);
    server.ask(Endpoint::Validate, &body);
    let id = format!("PodPolicyException/{namespace}/granted");
    assert_eq!(server.series("podgate_exception_uses_total"), [format!(r#"{{exception="{id}"}} 2"#)]);
    assert_eq!(
        server.series("podgate_exception_expiry_timestamp_seconds"),
        [format!(r#"{{exception="{id}"}} 4102444800"#)]
    );
    let results = server.series("podgate_rule_results_total");
    let expected = r#"{mode="Enforce",policy="ClusterPodPolicy/house",result="exception",rule="never"} 2"#;
    assert!(results.iter().any(|line| line == expected), "{results:#?}");
}
