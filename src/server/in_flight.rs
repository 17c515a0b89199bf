//! How much is being read and judged at one time.
//!
//! The bytes of a body are taken before it is read, by what the caller says of its length, so that many large bodies
//! together cannot take the memory. What does not fit is told to come back. A share is held until the judging ends, also
//! when its caller has gone: else one that hangs up again and again could start any number.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::server::limits::Limits;

/// Counts the calls and bytes in flight.
#[derive(Debug)]
pub struct InFlight {
    calls: AtomicUsize,
    bytes: AtomicUsize,
    most_calls: usize,
    most_bytes: usize,
}

/// The share of one call. It is given back on drop.
#[derive(Debug)]
pub struct Share {
    in_flight: Arc<InFlight>,
    bytes: usize,
}

impl InFlight {
    /// Nothing in flight.
    pub fn new(limits: &Limits) -> Self {
        InFlight {
            calls: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            most_calls: limits.calls_in_flight,
            most_bytes: limits.bytes_in_flight,
        }
    }

    /// A share for one more call, without bytes; [`None`] if there are too many.
    pub fn share(self: &Arc<Self>) -> Option<Share> {
        take(&self.calls, 1, self.most_calls).then(|| Share { in_flight: Arc::clone(self), bytes: 0 })
    }

    /// Calls and bytes.
    pub fn now(&self) -> (usize, usize) {
        (self.calls.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

impl Share {
    /// Takes so many more bytes; says whether there were enough.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let is_taken = take(&self.in_flight.bytes, bytes, self.in_flight.most_bytes);
        if is_taken {
            self.bytes += bytes;
        }
        is_taken
    }

    /// The bytes taken so far.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.in_flight.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.in_flight.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

fn take(counter: &AtomicUsize, amount: usize, most: usize) -> bool {
    let grown = |now: usize| now.checked_add(amount).filter(|sum| *sum <= most);
    counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let in_flight = Arc::new(InFlight::new(&Limits { calls_in_flight: 2, bytes_in_flight: 10, ..Limits::DEFAULT }));
        let mut first = in_flight.share().unwrap();
        let mut second = in_flight.share().unwrap();
        assert!(in_flight.share().is_none());
        assert!(first.grow(6));
        assert!(!second.grow(5));
        assert!(second.grow(4));
        drop(first);
        assert_eq!(in_flight.now(), (1, 4));
        assert!(second.grow(6));
        drop(second);
        assert_eq!(in_flight.now(), (0, 0));
    }
}
