//! What podgate counts about itself. No label ever comes from a request: kinds, operations and decisions are fixed sets,
//! and the names of policies, rules and fields are those of the loaded set.

mod policies;
mod requests;
pub mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prometheus::core::Collector;
use prometheus::{Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge};
use prometheus::{IntGaugeVec, Opts, PullingGauge, Registry, TextEncoder};

use policies::SetCollector;
pub use policies::SetCounters;
use requests::Requests;
use table::Described;

use crate::admit::{Endpoint, Outcome};
use crate::api_defaults::Version;
use crate::policy::set::PolicySet;

/// The `Content-Type` of a scrape.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Seconds; the upper ends of the buckets for the time of a request.
const BUCKETS: [f64; 16] =
    [0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

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
    namespace_found: IntCounter,
    namespace_missing: IntCounter,
}

/// Why an HTTP request got no review as an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedBecause {
    /// 404.
    NotFound,
    /// 405.
    Method,
    /// 415, or 400 for an encoding of the body that is not served.
    ContentType,
    /// 413.
    TooLarge,
    /// 400: the body is not an AdmissionReview.
    NotAReview,
    /// 408: the body did not come in time.
    SlowBody,
    /// 503: too many requests or bytes in flight.
    Busy,
    /// 504: the time that the API server gave is over.
    Deadline,
    /// The connection ended before the body did.
    Aborted,
}

/// Why a connection was closed before its first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectedBecause {
    /// There are too many.
    TooMany,
    /// The TLS handshake failed.
    Handshake,
    /// The TLS handshake did not end in time.
    SlowHandshake,
    /// The headers did not come in time.
    SlowHeaders,
    /// Accepting it failed, for want of descriptors for example.
    Accept,
}

/// Why metrics cannot be kept: a bug in the list of metrics.
#[derive(Debug, thiserror::Error)]
#[error("cannot register a metric: {0}")]
pub struct Error(#[from] prometheus::Error);

/// Counts a request as in flight until it is dropped.
#[derive(Debug)]
pub struct InFlight {
    metrics: Arc<Metrics>,
    bytes: i64,
}

/// Counts a connection as open until it is dropped.
#[derive(Debug)]
pub struct OpenConnection(Arc<Metrics>);

/// A moment, or none, as a metric shows it: the seconds since then.
#[derive(Debug)]
struct Since {
    start: Instant,
    /// Milliseconds from `start`; [`NEVER`] for none.
    at: AtomicU64,
}

/// No moment.
const NEVER: u64 = u64::MAX;

impl RefusedBecause {
    /// Every reason.
    pub const ALL: [RefusedBecause; 9] = [
        RefusedBecause::NotFound,
        RefusedBecause::Method,
        RefusedBecause::ContentType,
        RefusedBecause::TooLarge,
        RefusedBecause::NotAReview,
        RefusedBecause::SlowBody,
        RefusedBecause::Busy,
        RefusedBecause::Deadline,
        RefusedBecause::Aborted,
    ];

    /// The label.
    pub const fn name(self) -> &'static str {
        match self {
            RefusedBecause::NotFound => "not-found",
            RefusedBecause::Method => "method",
            RefusedBecause::ContentType => "content-type",
            RefusedBecause::TooLarge => "too-large",
            RefusedBecause::NotAReview => "not-a-review",
            RefusedBecause::SlowBody => "slow-body",
            RefusedBecause::Busy => "busy",
            RefusedBecause::Deadline => "deadline",
            RefusedBecause::Aborted => "aborted",
        }
    }
}

impl RejectedBecause {
    /// Every reason.
    pub const ALL: [RejectedBecause; 5] = [
        RejectedBecause::TooMany,
        RejectedBecause::Handshake,
        RejectedBecause::SlowHandshake,
        RejectedBecause::SlowHeaders,
        RejectedBecause::Accept,
    ];

    /// The label.
    pub const fn name(self) -> &'static str {
        match self {
            RejectedBecause::TooMany => "too-many",
            RejectedBecause::Handshake => "handshake",
            RejectedBecause::SlowHandshake => "slow-handshake",
            RejectedBecause::SlowHeaders => "slow-headers",
            RejectedBecause::Accept => "accept",
        }
    }
}

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
        build
            .with_label_values(&[format!("1.{}", Version::default().minor).as_str(), env!("CARGO_PKG_VERSION")])
            .set(1);
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
            certificate_expiry: registered(registry, Gauge::with_opts(options(table::CERTIFICATE_EXPIRY))?)?,
            certificate_swapped: certificates.with_label_values(&["swapped"]),
            certificate_refused: certificates.with_label_values(&["refused"]),
            namespaces_stale: age(registry, table::NAMESPACE_CACHE_AGE)?,
            namespaces: gauge(registry, table::NAMESPACE_CACHE_SIZE)?,
            namespace_found: waits.with_label_values(&["found"]),
            namespace_missing: waits.with_label_values(&["missing"]),
            registry: registry.clone(),
        };
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

    /// Counts a request with a body of so many bytes as in flight.
    pub fn in_flight(self: &Arc<Self>, bytes: usize) -> InFlight {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.in_flight.inc();
        self.in_flight_bytes.add(bytes);
        InFlight { metrics: Arc::clone(self), bytes }
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

    /// Notes that all policies were read, of which so many could not be used.
    pub fn policies_read(&self, refused: usize, is_good: bool) {
        self.policies_refused.set(i64::try_from(refused).unwrap_or(i64::MAX));
        if is_good { self.last_load.set_now() } else { self.load_errors.inc() }
    }

    /// Notes whether the labels of namespaces are current, and of how many they are known.
    pub fn namespaces(&self, are_current: bool, known: usize) {
        self.namespaces.set(i64::try_from(known).unwrap_or(i64::MAX));
        if are_current { self.namespaces_stale.set_never() } else { self.namespaces_stale.set_now_if_never() }
    }

    /// Counts a request that waited for a namespace.
    pub fn namespace_waited(&self, is_found: bool) {
        if is_found { self.namespace_found.inc() } else { self.namespace_missing.inc() }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        self.metrics.in_flight_bytes.sub(self.bytes);
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections_open.dec();
    }
}

impl Since {
    fn new() -> Self {
        Since { start: Instant::now(), at: AtomicU64::new(NEVER) }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(NEVER - 1)
    }

    fn set_now(&self) {
        self.at.store(self.now(), Ordering::Relaxed);
    }

    fn set_now_if_never(&self) {
        let _ = self.at.compare_exchange(NEVER, self.now(), Ordering::Relaxed, Ordering::Relaxed);
    }

    fn set_never(&self) {
        self.at.store(NEVER, Ordering::Relaxed);
    }

    /// Seconds; 0 if there is no moment.
    fn seconds(&self) -> f64 {
        match self.at.load(Ordering::Relaxed) {
            NEVER => 0.0,
            at => Duration::from_millis(self.now().saturating_sub(at)).as_secs_f64(),
        }
    }
}

fn options(described: Described) -> Opts {
    Opts::new(described.name, described.help)
}

fn registered<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C, prometheus::Error> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

fn counter(registry: &Registry, described: Described) -> Result<IntCounter, prometheus::Error> {
    registered(registry, IntCounter::with_opts(options(described))?)
}

fn counters(registry: &Registry, described: Described) -> Result<IntCounterVec, prometheus::Error> {
    registered(registry, IntCounterVec::new(options(described), described.labels)?)
}

fn gauge(registry: &Registry, described: Described) -> Result<IntGauge, prometheus::Error> {
    registered(registry, IntGauge::with_opts(options(described))?)
}

fn gauges(registry: &Registry, described: Described) -> Result<IntGaugeVec, prometheus::Error> {
    registered(registry, IntGaugeVec::new(options(described), described.labels)?)
}

fn histograms(registry: &Registry, described: Described) -> Result<HistogramVec, prometheus::Error> {
    let options = HistogramOpts::from(options(described)).buckets(BUCKETS.to_vec());
    registered(registry, HistogramVec::new(options, described.labels)?)
}

fn age(registry: &Registry, described: Described) -> Result<Arc<Since>, prometheus::Error> {
    let since = Arc::new(Since::new());
    let shown = Arc::clone(&since);
    registered(registry, PullingGauge::new(described.name, described.help, Box::new(move || shown.seconds()))?)?;
    Ok(since)
}
