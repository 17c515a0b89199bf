//! Where a review is judged, and what is answered when that fails.
//!
//! Judging takes some ten microseconds, less than handing it to another thread; so it happens in place, and the
//! connections wait for it. A large body, and every body for a while after some took long, goes to a thread of its own.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use bumpalo::Bump;
use hyper::StatusCode;
use hyper::body::Bytes;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};
use tracing::{error, warn};

use crate::admit::{self, Answer, Endpoint};
use crate::cluster::{Namespace, Unknown, namespace_of};
use crate::document::Value;
use crate::facts::Facts;
use crate::log;
use crate::metrics::RefusedBecause;
use crate::server::State;
use crate::server::call::Refusal;
use crate::server::in_flight::Share;
use crate::store::Loaded;

/// Bytes of the largest body that is judged in place.
const LARGEST_IN_PLACE: usize = 64 << 10;

/// What takes longer than this should not happen in place. A busy machine also makes one in a hundred take so long,
/// which says nothing about the policies.
const LONG: Duration = Duration::from_millis(5);

/// What takes longer than this is none of the machine's doing.
const TOO_LONG: Duration = Duration::from_millis(250);

/// A long one weighs as much as so many others.
const WEIGHT: u32 = 8;

/// So many long ones, without others between them, are enough.
const ENOUGH: u32 = 8 * WEIGHT;

/// For so long after that, nothing happens in place.
const CAUTION: Duration = Duration::from_secs(10);

/// Bytes of the largest arena that is kept for the next review; few reviews need so many.
const SPARE: usize = 256 << 10;

thread_local! {
    /// The arena of the last review on this thread, emptied: its memory is at hand, and nearly always enough.
    static ARENA: Cell<Option<Bump>> = const { Cell::new(None) };
}

/// Where reviews are judged.
#[derive(Debug)]
pub struct Bench {
    start: Instant,
    /// Milliseconds from `start` until which nothing happens in place.
    careful_until: AtomicU64,
    /// Rises with those that take long, and falls with the others.
    slowness: AtomicU32,
    /// For those that have a thread of their own.
    seats: Arc<Semaphore>,
    all_seats: u32,
}

/// The namespace of a review, or why it is not known. [`None`] where nothing needs it.
type OfNamespace = Result<Option<Arc<Namespace>>, Unknown>;

impl Bench {
    /// With room for `seats` reviews on threads of their own. A large body takes all of them, because its tree may take
    /// several times its bytes.
    pub fn new(seats: u16) -> Self {
        Bench {
            start: Instant::now(),
            careful_until: AtomicU64::new(0),
            slowness: AtomicU32::new(0),
            seats: Arc::new(Semaphore::new(usize::from(seats))),
            all_seats: u32::from(seats),
        }
    }

    fn is_careful(&self) -> bool {
        let until = self.careful_until.load(Ordering::Relaxed);
        until != 0 && self.millis(Duration::ZERO) < until
    }

    /// Notes how long one took.
    fn took(&self, time: Duration) {
        let before = self.slowness.load(Ordering::Relaxed);
        let after = match time {
            _ if time > TOO_LONG => ENOUGH,
            _ if time > LONG => (before + WEIGHT).min(ENOUGH),
            _ => before.saturating_sub(1),
        };
        // Two at once may count as one, which does not matter.
        self.slowness.store(after, Ordering::Relaxed);
        if after == ENOUGH {
            self.careful_until.store(self.millis(CAUTION), Ordering::Relaxed);
        }
    }

    fn millis(&self, more: Duration) -> u64 {
        u64::try_from((self.start.elapsed() + more).as_millis()).unwrap_or(u64::MAX)
    }
}

/// Answers a review until `deadline`.
///
/// # Errors
/// If the body is no review that can be answered, or podgate has a bug.
pub async fn answer(
    state: &Arc<State>,
    endpoint: Endpoint,
    body: Bytes,
    share: Share,
    deadline: Instant,
) -> Result<Bytes, Refusal> {
    let loaded = state.policies.current();
    let mut namespace = Ok(None);
    if let Some(namespaces) = &state.namespaces
        && loaded.needs_namespaces
        && let Some(name) = namespace_of(&body)
    {
        namespace = namespaces.labels(&name, deadline).await.map(Some);
    }
    let answer = if body.len() <= LARGEST_IN_PLACE && !state.bench.is_careful() {
        let begin = Instant::now();
        let answer = judge(state, &loaded, endpoint, &body, &namespace);
        state.bench.took(begin.elapsed());
        answer
    } else {
        aside(state, loaded, endpoint, body, namespace, share, deadline).await
    };
    match answer {
        Some(Answer { status: 200, body }) => Ok(body.into()),
        Some(Answer { body, .. }) => Err(Refusal {
            status: StatusCode::BAD_REQUEST,
            message: String::from_utf8_lossy(&body).into_owned(),
            reason: Some(RefusedBecause::NotAReview),
        }),
        None => {
            state.metrics.panicked();
            let message = "podgate has a bug: it could not finish this review".to_owned();
            Err(Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, message, reason: None })
        }
    }
}

/// Judges on another thread. When the time is over it is said so, with the uid of the review.
async fn aside(
    state: &Arc<State>,
    loaded: Arc<Loaded>,
    endpoint: Endpoint,
    body: Bytes,
    namespace: OfNamespace,
    share: Share,
    deadline: Instant,
) -> Option<Answer> {
    let of_thread = (Arc::clone(state), Arc::clone(&loaded), body.clone());
    let judged = timeout_at(deadline, async {
        let bench = &state.bench;
        let seats = if body.len() > LARGEST_IN_PLACE { bench.all_seats } else { 1 };
        let seat = Arc::clone(&bench.seats).acquire_many_owned(seats).await.ok()?;
        let thread = spawn_blocking(move || {
            let (state, loaded, body) = of_thread;
            // The seat and the share are taken until this is done, even when nobody waits for it any more.
            let _held = (seat, share);
            let begin = Instant::now();
            let answer = judge(&state, &loaded, endpoint, &body, &namespace);
            state.bench.took(begin.elapsed());
            answer
        });
        thread.await.ok().flatten()
    });
    match judged.await {
        Ok(answer) => answer,
        Err(_) => {
            let late = "it was not done in the time that the API server gives";
            observed(state, &loaded, &Bump::new(), endpoint, &body, Err(late))
        }
    }
}

fn judge(state: &State, loaded: &Loaded, endpoint: Endpoint, body: &[u8], namespace: &OfNamespace) -> Option<Answer> {
    let mut arena = ARENA.take().unwrap_or_default();
    // Only exceptions ask for the time, and few sets have any.
    let now = (!loaded.set.exceptions().is_empty()).then(Timestamp::now);
    let namespace = match namespace {
        Ok(namespace) => namespace.as_ref().map(|namespace| namespace.value(&arena)).unwrap_or_default(),
        // Only the policies that ask for the namespace cannot be judged, each by its mode.
        Err(unknown) => {
            warn!(%unknown, "judged without the labels of its namespace");
            Value::Null
        }
    };
    let facts = Facts { namespace, now, kubernetes: state.kubernetes.applied(), ..Facts::default() };
    let answer = observed(state, loaded, &arena, endpoint, body, Ok(facts));
    arena.reset();
    if arena.allocated_bytes() <= SPARE {
        ARENA.set(Some(arena));
    }
    answer
}

/// [`None`] after a panic, which leaves nothing behind: all that an evaluation changes is its own.
fn observed(
    state: &State,
    loaded: &Loaded,
    arena: &Bump,
    endpoint: Endpoint,
    body: &[u8],
    facts: Result<Facts<'_>, &str>,
) -> Option<Answer> {
    contained(|| {
        admit::answer_observed(&loaded.set, arena, endpoint, body, facts, |outcome| {
            state.metrics.observe(&loaded.counters, outcome);
            log::outcome(outcome);
        })
    })
}

fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(work));
    if result.is_err() {
        error!("a panic while judging a review; this is a bug in podgate");
    }
    result.ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::cluster::{Basis, Kubernetes};
    use crate::metrics::Metrics;
    use crate::policy::source::Source;
    use crate::server::Parts;
    use crate::server::limits::Limits;
    use crate::server::tls::{Certificates, self_signed};
    use crate::store::{Options, Store};

    fn state(bench: Bench) -> Arc<State> {
        let metrics = Metrics::new().unwrap();
        let sources = vec![Source::Builtin("recommended".to_owned())];
        let made = self_signed::make("127.0.0.1:0".parse().unwrap(), &[], Timestamp::now()).unwrap();
        let parts = Parts {
            limits: Limits::DEFAULT,
            policies: Store::open(sources, Options::default(), Arc::clone(&metrics)).unwrap(),
            namespaces: None,
            kubernetes: Kubernetes::new(Basis::NoCluster, Arc::clone(&metrics)),
            metrics,
            certificates: Arc::new(Certificates::new(made.pair)),
        };
        Arc::new(State { bench, ..State::new(parts) })
    }

    #[tokio::test]
    async fn what_is_not_done_in_time_is_an_answer_with_its_uid() {
        let path =
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/admission-reviews/021-mutating-create-pod.json");
        let body = Bytes::from(std::fs::read(path).unwrap());
        // Whoever has to wait for a seat waits for ever.
        let bench = Bench::new(0);
        bench.took(TOO_LONG * 2);
        let state = state(bench);
        for (endpoint, allowed) in [(Endpoint::Validate, false), (Endpoint::Mutate, true)] {
            let deadline = Instant::now() + Duration::from_millis(20);
            let share = state.in_flight.share().unwrap();
            let answer = answer(&state, endpoint, body.clone(), share, deadline).await.unwrap();
            let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
            let asked: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(answer["response"]["uid"], asked["request"]["uid"]);
            assert_eq!(answer["response"]["allowed"], allowed);
            assert!(answer.to_string().contains("not done in the time"), "{answer}");
        }
    }

    #[test]
    fn a_panic_is_contained() {
        assert_eq!(contained(|| 1), Some(1));
        assert_eq!(contained(|| -> u8 { panic!("as a bug would") }), None);
    }

    #[tokio::test]
    async fn after_some_that_took_long_nothing_happens_in_place() {
        let quick = Duration::from_micros(10);
        let careful_after = |times: &[Duration]| {
            let bench = Bench::new(1);
            times.iter().for_each(|time| bench.took(*time));
            bench.is_careful()
        };
        assert!(!careful_after(&[]));
        assert!(!careful_after(&[LONG; 100]), "up to there it is quick");
        assert!(!careful_after(&[LONG * 2; 7]));
        assert!(careful_after(&[LONG * 2; 8]));
        assert!(careful_after(&[quick, TOO_LONG * 2]));
        assert!(!careful_after(&[&[LONG * 2], [quick; 50].as_slice()].concat().repeat(100)), "a busy machine");
        assert!(careful_after(&[LONG * 2, quick, quick].repeat(20)), "a third of them");
    }
}
