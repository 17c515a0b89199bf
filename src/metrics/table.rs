//! Every metric that podgate has: the one list from which they are registered and by which they are documented.

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Goes up only.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// With its unit, if it has one.
    pub name: &'static str,
    /// What it is.
    pub kind: Type,
    /// What it says.
    pub help: &'static str,
    /// The names of its labels, in alphabetical order.
    pub labels: &'static [&'static str],
}

impl Type {
    /// The word for it in the text format.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        }
    }
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Described {
    Described { name, kind: Type::Counter, help, labels }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Described {
    Described { name, kind: Type::Gauge, help, labels }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Described {
    Described { name, kind: Type::Histogram, help, labels }
}

pub(super) const REQUESTS: Described = counter(
    "podgate_requests_total",
    &["decision", "endpoint", "kind", "operation"],
    "Reviews answered, by decision: allow, deny, or error where the request could not be judged.",
);
pub(super) const DURATION: Described = histogram(
    "podgate_request_duration_seconds",
    &["endpoint"],
    "Seconds from the last byte of a request to the first byte of its answer.",
);
pub(super) const REFUSED: Described =
    counter("podgate_requests_refused_total", &["reason"], "HTTP requests that got no review as an answer, by reason.");
pub(super) const IN_FLIGHT: Described = gauge(
    "podgate_in_flight_requests",
    &[],
    "Requests that are being read or judged, also for a caller that has gone.",
);
pub(super) const IN_FLIGHT_BYTES: Described =
    gauge("podgate_in_flight_bytes", &[], "Bytes of the bodies of those requests.");
pub(super) const CONNECTIONS: Described = counter("podgate_connections_total", &[], "Connections accepted.");
pub(super) const CONNECTIONS_OPEN: Described = gauge("podgate_connections_open", &[], "Connections that are open.");
pub(super) const CONNECTIONS_REJECTED: Described = counter(
    "podgate_connections_rejected_total",
    &["reason"],
    "Connections closed before their first request, by reason.",
);
pub(super) const PANICS: Described =
    counter("podgate_panics_total", &[], "Evaluations that ended in a panic, each a bug, answered as an error.");
pub(super) const RULE_RESULTS: Described = counter(
    "podgate_rule_results_total",
    &["mode", "policy", "result", "rule"],
    "Rules that judged a matching request, by the mode in which they ran: pass, violation, exception (a violation that \
     an exception let pass), old (a violation that the object had before) or error.",
);
pub(super) const EXCEPTION_USES: Described =
    counter("podgate_exception_uses_total", &["exception"], "Violations that an exception let pass.");
pub(super) const EXCEPTION_EXPIRY: Described = gauge(
    "podgate_exception_expiry_timestamp_seconds",
    &["exception"],
    "When an exception of the set in force expires, in Unix time; one without an end is not shown.",
);
pub(super) const EDITS: Described =
    counter("podgate_edits_total", &["field", "policy"], "Fields edited, by policy; `other` is a computed field.");
pub(super) const WITHHELD: Described =
    counter("podgate_withheld_total", &["code", "policy"], "Edits that were not made, by the reason.");
pub(super) const POLICY_SET_INFO: Described =
    gauge("podgate_policy_set_info", &["policy_set"], "Always 1; the label is the digest of the policy set in force.");
pub(super) const POLICY_SET_GENERATION: Described = gauge(
    "podgate_policy_set_generation",
    &[],
    "How often the policy set was swapped since the start, counted from 1.",
);
pub(super) const POLICIES: Described = gauge("podgate_policies", &[], "Policies in force.");
pub(super) const POLICIES_REFUSED: Described = gauge(
    "podgate_policies_refused",
    &[],
    "Policies that cannot be used as they stand now; their last good version stays in force.",
);
pub(super) const POLICY_LOAD_ERRORS: Described =
    counter("podgate_policy_load_errors_total", &[], "Loads in which at least one policy could not be used.");
pub(super) const POLICY_LOAD_AGE: Described =
    gauge("podgate_policy_load_age_seconds", &[], "Seconds since all policies were last read without an error.");
pub(super) const CERTIFICATE_EXPIRY: Described = gauge(
    "podgate_certificate_expiry_timestamp_seconds",
    &[],
    "When the certificate that is served expires, in Unix time; 0 before there is one.",
);
pub(super) const CERTIFICATE_RELOADS: Described = counter(
    "podgate_certificate_reloads_total",
    &["result"],
    "Changes of the certificate files: swapped, or refused while the last good pair is still served.",
);
pub(super) const NAMESPACE_CACHE_AGE: Described = gauge(
    "podgate_namespace_cache_age_seconds",
    &[],
    "Seconds since the labels of namespaces were last known to be current: 0 while the watch runs.",
);
pub(super) const NAMESPACE_CACHE_SIZE: Described =
    gauge("podgate_namespace_cache_namespaces", &[], "Namespaces whose labels are known.");
pub(super) const NAMESPACE_WAITS: Described = counter(
    "podgate_namespace_waits_total",
    &["result"],
    "Requests that waited for a namespace that the watch had not brought: found, or missing at the end of the wait.",
);
pub(super) const BUILD_INFO: Described =
    gauge("podgate_build_info", &["version"], "Always 1; the label says which podgate this is.");
pub(super) const KUBERNETES_INFO: Described = gauge(
    "podgate_kubernetes_info",
    &["applied", "cluster"],
    "Always 1; the labels say the version of Kubernetes whose defaulting applies, and that of the cluster if it is known.",
);

/// All of them.
pub const METRICS: &[Described] = &[
    REQUESTS,
    DURATION,
    REFUSED,
    IN_FLIGHT,
    IN_FLIGHT_BYTES,
    CONNECTIONS,
    CONNECTIONS_OPEN,
    CONNECTIONS_REJECTED,
    PANICS,
    RULE_RESULTS,
    EDITS,
    WITHHELD,
    EXCEPTION_USES,
    EXCEPTION_EXPIRY,
    POLICY_SET_INFO,
    POLICY_SET_GENERATION,
    POLICIES,
    POLICIES_REFUSED,
    POLICY_LOAD_ERRORS,
    POLICY_LOAD_AGE,
    CERTIFICATE_EXPIRY,
    CERTIFICATE_RELOADS,
    NAMESPACE_CACHE_AGE,
    NAMESPACE_CACHE_SIZE,
    NAMESPACE_WAITS,
    BUILD_INFO,
    KUBERNETES_INFO,
];
