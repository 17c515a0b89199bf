//! What the exceptions of the loaded set let pass, and when they end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::proto::Metric;

use crate::evaluate::Violation;
use crate::metrics::policies::labelled;
use crate::metrics::table;
use crate::policy::exception::Exception;
use crate::policy::set::PolicySet;

/// The counters of the exceptions of one policy set, in its order.
#[derive(Debug, Default)]
pub(super) struct ExceptionCounters(Vec<(Arc<Exception>, Arc<AtomicU64>)>);

impl ExceptionCounters {
    /// Counters for the exceptions of `set`. Those of an exception that was there before go on.
    pub fn new(set: &PolicySet, before: &ExceptionCounters) -> Self {
        let counter = |exception: &Arc<Exception>| {
            let same = before.0.iter().find(|(known, _)| known.id == exception.id);
            same.map_or_else(Arc::default, |(_, counter)| Arc::clone(counter))
        };
        let counters = set.exceptions().iter().map(|exception| (Arc::clone(exception), counter(exception)));
        ExceptionCounters(counters.collect())
    }

    /// Counts what was let pass.
    pub fn count(&self, violations: &[Violation<'_>]) {
        for used in violations.iter().filter_map(|violation| violation.exception) {
            if let Some((_, counter)) = self.0.iter().find(|(exception, _)| std::ptr::eq(exception.as_ref(), used)) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// How often each was used, and when each ends.
    pub fn collect(&self) -> [Vec<Metric>; 2] {
        #[expect(clippy::cast_precision_loss, reason = "the text format knows only such numbers")]
        let uses = self.0.iter().map(|(exception, counter)| {
            labelled(table::EXCEPTION_USES, [&exception.id], counter.load(Ordering::Relaxed) as f64)
        });
        #[expect(clippy::cast_precision_loss, reason = "the text format knows only such numbers")]
        let expiries = self.0.iter().filter_map(|(exception, _)| {
            let expires = exception.expires?.as_second() as f64;
            Some(labelled(table::EXCEPTION_EXPIRY, [&exception.id], expires))
        });
        [uses.collect(), expiries.collect()]
    }
}
