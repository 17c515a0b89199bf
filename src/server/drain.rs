//! How podgate goes: it says that it is not ready, and goes on serving until nobody calls any more.
//!
//! An endpoint that leaves a Service is still called for some seconds. While draining, every answer ends its connection,
//! which a caller takes without a failed call; closing an idle connection from here does not have that certainty, because
//! a call may be on its way. So an idle one is left until the API server has given it up itself.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

const SERVING: u8 = 0;
const DRAINING: u8 = 1;
const CLOSED: u8 = 2;

/// An API server keeps a connection that it does not use for so long: `IdleConnTimeout` of Go's `http.DefaultTransport`,
/// which client-go takes over.
pub const POOL: Duration = Duration::from_secs(90);

/// How long each part of going may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// New connections are taken for so long.
    pub delay: Duration,
    /// Connections may stay for so long, the delay included.
    pub most: Duration,
    /// What is being answered may take so much more.
    pub grace: Duration,
}

/// Whether podgate is going.
#[derive(Debug, Default)]
pub struct Drain {
    stage: AtomicU8,
    moved: Notify,
}

/// The signals that end podgate: the first asks, the second insists.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Pace {
    /// For a Pod: time for the endpoint to leave every node, and for the API server to give up the connections that it
    /// does not use. Under load all are used and ended within moments; a quiet cluster takes the whole time.
    pub const POD: Pace = Pace {
        delay: Duration::from_secs(10),
        most: Duration::from_secs(POOL.as_secs() + 5),
        grace: Duration::from_secs(5),
    };

    /// For a laptop: at once.
    pub const LAPTOP: Pace = Pace { delay: Duration::ZERO, most: Duration::ZERO, grace: Duration::from_secs(1) };
}

impl Drain {
    /// Whether answers should end their connections, and podgate is not ready.
    pub fn is_draining(&self) -> bool {
        self.stage.load(Ordering::Relaxed) != SERVING
    }

    /// From now on every answer ends its connection.
    pub fn begin(&self) {
        self.enter(DRAINING);
    }

    /// From now on no connection is accepted.
    pub fn close(&self) {
        self.enter(CLOSED);
    }

    /// Waits until no connection is to be accepted any more.
    pub async fn closed(&self) {
        loop {
            let moved = self.moved.notified();
            if self.stage.load(Ordering::Relaxed) == CLOSED {
                return;
            }
            moved.await;
        }
    }

    fn enter(&self, stage: u8) {
        self.stage.store(stage, Ordering::Relaxed);
        self.moved.notify_waiters();
    }
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn listen() -> io::Result<Self> {
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one, and names it.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_server_gives_up_an_idle_connection_before_podgate_does() {
        assert!(Pace::POD.most > POOL);
        assert!(Pace::POD.delay >= Duration::from_secs(10));
    }

    #[test]
    fn a_pod_has_the_time_that_going_takes() {
        let manifest = include_str!("../../deploy/podgate.yaml");
        let grace = manifest.lines().find_map(|line| line.trim().strip_prefix("terminationGracePeriodSeconds: "));
        let grace = Duration::from_secs(grace.unwrap().parse().unwrap());
        assert!(grace >= Pace::POD.most + Pace::POD.grace + Duration::from_secs(5), "{grace:?}");
    }
}
