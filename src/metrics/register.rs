//! Makes the metrics of the table.

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use prometheus::{Opts, PullingGauge, Registry};

use crate::metrics::age::Since;
use crate::metrics::table::Described;

/// Seconds; the upper ends of the buckets for the time of a request.
const BUCKETS: [f64; 16] =
    [0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

fn options(described: Described) -> Opts {
    Opts::new(described.name, described.help)
}

pub(super) fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: C,
) -> Result<C, prometheus::Error> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

pub(super) fn counter(registry: &Registry, described: Described) -> Result<IntCounter, prometheus::Error> {
    registered(registry, IntCounter::with_opts(options(described))?)
}

pub(super) fn counters(registry: &Registry, described: Described) -> Result<IntCounterVec, prometheus::Error> {
    registered(registry, IntCounterVec::new(options(described), described.labels)?)
}

pub(super) fn gauge(registry: &Registry, described: Described) -> Result<IntGauge, prometheus::Error> {
    registered(registry, IntGauge::with_opts(options(described))?)
}

pub(super) fn gauges(registry: &Registry, described: Described) -> Result<IntGaugeVec, prometheus::Error> {
    registered(registry, IntGaugeVec::new(options(described), described.labels)?)
}

pub(super) fn histograms(registry: &Registry, described: Described) -> Result<HistogramVec, prometheus::Error> {
    let options = HistogramOpts::from(options(described)).buckets(BUCKETS.to_vec());
    registered(registry, HistogramVec::new(options, described.labels)?)
}

pub(super) fn age(registry: &Registry, described: Described) -> Result<Arc<Since>, prometheus::Error> {
    let since = Arc::new(Since::new());
    let shown = Arc::clone(&since);
    registered(registry, PullingGauge::new(described.name, described.help, Box::new(move || shown.seconds()))?)?;
    Ok(since)
}

pub(super) fn seconds(registry: &Registry, described: Described) -> Result<Gauge, prometheus::Error> {
    registered(registry, Gauge::with_opts(options(described))?)
}
