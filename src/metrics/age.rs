//! A moment that is shown as the seconds since then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A moment, or none, as a metric shows it: the seconds since then.
#[derive(Debug)]
pub(super) struct Since {
    start: Instant,
    /// Milliseconds from `start`; [`NEVER`] for none.
    at: AtomicU64,
}

/// No moment.
const NEVER: u64 = u64::MAX;

impl Since {
    pub fn new() -> Self {
        Since { start: Instant::now(), at: AtomicU64::new(NEVER) }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(NEVER - 1)
    }

    pub fn set_now(&self) {
        self.at.store(self.now(), Ordering::Relaxed);
    }

    pub fn set_now_if_never(&self) {
        let _ = self.at.compare_exchange(NEVER, self.now(), Ordering::Relaxed, Ordering::Relaxed);
    }

    pub fn set_never(&self) {
        self.at.store(NEVER, Ordering::Relaxed);
    }

    /// Seconds; 0 if there is no moment.
    pub fn seconds(&self) -> f64 {
        match self.at.load(Ordering::Relaxed) {
            NEVER => 0.0,
            at => Duration::from_millis(self.now().saturating_sub(at)).as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_stands_until_it_is_taken_back() {
        let since =
            Since { start: Instant::now().checked_sub(Duration::from_secs(100)).unwrap(), at: AtomicU64::new(NEVER) };
        assert!(since.seconds() == 0.0);
        since.at.store(40_000, Ordering::Relaxed);
        since.set_now_if_never();
        assert!((60.0..70.0).contains(&since.seconds()), "{}", since.seconds());
        since.set_now();
        assert!(since.seconds() < 10.0, "{}", since.seconds());
        since.set_never();
        assert!(since.seconds() == 0.0);
    }
}
