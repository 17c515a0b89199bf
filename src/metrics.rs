//! What podgate counts about itself. No label ever comes from a request: kinds, operations and decisions are fixed sets,
//! and the names of policies, rules and fields are those of the loaded set.

mod age;
mod exceptions;
mod policies;
mod reason;
mod register;
mod requests;
pub mod table;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::{Encoder, Gauge, Histogram, IntCounter, IntGauge, IntGaugeVec, Registry, TextEncoder};

pub use policies::SetCounters;
pub use reason::{RefusedBecause, RejectedBecause};

use crate::admit::{Endpoint, Outcome};
use crate::api_defaults::Version;
use crate::policy::set::PolicySet;
use age::Since;
use policies::SetCollector;
use register::{age, counter, counters, gauge, gauges, histograms, seconds};
use requests::Requests;

/// The `Content-Type` of a scrape.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Requests,
    mutate: Histogram,
    validate: Histogram,
    refused: [IntCounter; RefusedBecause::ALL.len()],
    in_flight: IntGauge,
    in_flight_bytes: IntGauge,
    connections: IntCounter,
    connections_open: IntGauge,
    connections_rejected: [IntCounter; RejectedBecause::ALL.len()],
    panics: IntCounter,
    policies: SetCollector,
    policy_set_info: IntGaugeVec,
    generation: IntGauge,
    policies_in_force: IntGauge,
    policies_refused: IntGauge,
    load_errors: IntCounter,
    last_load: Arc<Since>,
    certificate_expiry: Gauge,
    certificate_swapped: IntCounter,
    certificate_refused: IntCounter,
    namespaces_stale: Arc<Since>,
    namespaces: IntGauge,
    kubernetes_info: IntGaugeVec,
    namespace_found: IntCounter,
    namespace_missing: IntCounter,
}

/// Why metrics cannot be kept: a bug in the list of metrics.
#[derive(Debug, thiserror::Error)]
#[error("cannot register a metric: {0}")]
pub struct Error(#[from] prometheus::Error);

/// Counts a connection as open until it is dropped.
#[derive(Debug)]
pub struct OpenConnection(Arc<Metrics>);

impl Metrics {
    /// All of the table, each at its beginning.
    pub fn new() -> Result<Arc<Self>, Error> {
        let registry = Registry::new();
        let registry = &registry;
        let durations = histograms(registry, table::DURATION)?;
        let refused = counters(registry, table::REFUSED)?;
        let rejected = counters(registry, table::CONNECTIONS_REJECTED)?;
        let certificates = counters(registry, table::CERTIFICATE_RELOADS)?;
        let waits = counters(registry, table::NAMESPACE_WAITS)?;
        let policies = SetCollector::new()?;
        registry.register(Box::new(policies.clone()))?;
        let build = gauges(registry, table::BUILD_INFO)?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let metrics = Metrics {
            requests: Requests::new(counters(registry, table::REQUESTS)?),
            mutate: durations.with_label_values(&[Endpoint::Mutate.name()]),
            validate: durations.with_label_values(&[Endpoint::Validate.name()]),
            refused: RefusedBecause::ALL.map(|reason| refused.with_label_values(&[reason.name()])),
            in_flight: gauge(registry, table::IN_FLIGHT)?,
            in_flight_bytes: gauge(registry, table::IN_FLIGHT_BYTES)?,
            connections: counter(registry, table::CONNECTIONS)?,
            connections_open: gauge(registry, table::CONNECTIONS_OPEN)?,
            connections_rejected: RejectedBecause::ALL.map(|reason| rejected.with_label_values(&[reason.name()])),
            panics: counter(registry, table::PANICS)?,
            policies,
            policy_set_info: gauges(registry, table::POLICY_SET_INFO)?,
            generation: gauge(registry, table::POLICY_SET_GENERATION)?,
            policies_in_force: gauge(registry, table::POLICIES)?,
            policies_refused: gauge(registry, table::POLICIES_REFUSED)?,
            load_errors: counter(registry, table::POLICY_LOAD_ERRORS)?,
            last_load: age(registry, table::POLICY_LOAD_AGE)?,
            certificate_expiry: seconds(registry, table::CERTIFICATE_EXPIRY)?,
            certificate_swapped: certificates.with_label_values(&["swapped"]),
            certificate_refused: certificates.with_label_values(&["refused"]),
            namespaces_stale: age(registry, table::NAMESPACE_CACHE_AGE)?,
            namespaces: gauge(registry, table::NAMESPACE_CACHE_SIZE)?,
            kubernetes_info: gauges(registry, table::KUBERNETES_INFO)?,
            namespace_found: waits.with_label_values(&["found"]),
            namespace_missing: waits.with_label_values(&["missing"]),
            registry: registry.clone(),
        };
        metrics.last_load.set_now();
        Ok(Arc::new(metrics))
    }

    /// All metrics in the text format, as [`CONTENT_TYPE`].
    pub fn scrape(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(16 << 10);
        // Writing into a vector does not fail, and no family is empty of a name.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        text
    }

    /// Counts what became of a call; `counters` are those of the set that answered it.
    pub fn observe(&self, counters: &SetCounters, outcome: &Outcome<'_>) {
        self.requests.count(outcome);
        counters.count(outcome);
    }

    /// Counts an HTTP request that got no review as an answer.
    pub fn refused(&self, reason: RefusedBecause) {
        if let Some(counter) = self.refused.get(reason as usize) {
            counter.inc();
        }
    }

    /// Notes how long the answer to a call took.
    pub fn took(&self, endpoint: Endpoint, time: Duration) {
        match endpoint {
            Endpoint::Mutate => self.mutate.observe(time.as_secs_f64()),
            Endpoint::Validate => self.validate.observe(time.as_secs_f64()),
        }
    }

    /// Notes how many requests are in flight, with bodies of how many bytes. To be told before a scrape.
    pub fn in_flight(&self, requests: usize, bytes: usize) {
        self.in_flight.set(i64::try_from(requests).unwrap_or(i64::MAX));
        self.in_flight_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Counts a connection that was accepted.
    pub fn connection(self: &Arc<Self>) -> OpenConnection {
        self.connections.inc();
        self.connections_open.inc();
        OpenConnection(Arc::clone(self))
    }

    /// Counts a connection that was closed before its first request.
    pub fn rejected(&self, reason: RejectedBecause) {
        if let Some(counter) = self.connections_rejected.get(reason as usize) {
            counter.inc();
        }
    }

    /// Counts an evaluation that ended in a panic.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// Notes the certificate that is served from now on.
    pub fn certificate(&self, not_after: SystemTime) {
        self.certificate_expiry.set(not_after.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());
    }

    /// Counts a change of the certificate files.
    pub fn certificate_reloaded(&self, is_used: bool) {
        if is_used { self.certificate_swapped.inc() } else { self.certificate_refused.inc() }
    }

    /// Counters for the policies of `set`, from now on the ones that are shown. Those of a policy that was in the set
    /// before go on.
    pub fn set_loaded(&self, set: &PolicySet, generation: u64) -> Arc<SetCounters> {
        self.policy_set_info.reset();
        self.policy_set_info.with_label_values(&[set.digest()]).set(1);
        self.generation.set(i64::try_from(generation).unwrap_or(i64::MAX));
        self.policies_in_force.set(i64::try_from(set.policies().len()).unwrap_or(i64::MAX));
        self.policies.replace(set)
    }

    /// Notes that policies were loaded, of which so many could not be used.
    pub fn policies_read(&self, refused: usize, is_good: bool) {
        self.policies_refused.set(i64::try_from(refused).unwrap_or(i64::MAX));
        if is_good {
            self.last_load.set_now();
        } else {
            self.load_errors.inc();
        }
    }

    /// Notes that policies were read and are as they were before.
    pub fn policies_unchanged(&self, is_good: bool) {
        if is_good {
            self.last_load.set_now();
        }
    }

    /// Notes that policies could not be loaded at all.
    pub fn policies_failed(&self) {
        self.load_errors.inc();
    }

    /// Notes whether the labels of namespaces are current, and of how many they are known.
    pub fn namespaces(&self, are_current: bool, known: usize) {
        self.namespaces.set(i64::try_from(known).unwrap_or(i64::MAX));
        if are_current { self.namespaces_stale.set_never() } else { self.namespaces_stale.set_now_if_never() }
    }

    /// Notes the version of Kubernetes whose defaulting applies, and that of the cluster.
    pub fn kubernetes(&self, applied: Version, cluster: Option<Version>) {
        let [applied, cluster] =
            [Some(applied), cluster].map(|version| version.map_or_else(String::new, |version| version.to_string()));
        self.kubernetes_info.reset();
        self.kubernetes_info.with_label_values(&[applied, cluster]).set(1);
    }

    /// Counts a request that waited for a namespace.
    pub fn namespace_waited(&self, is_found: bool) {
        if is_found { self.namespace_found.inc() } else { self.namespace_missing.inc() }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections_open.dec();
    }
}
