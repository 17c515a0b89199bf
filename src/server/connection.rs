//! One connection: its handshake, its phase, and when an answer should end it.
//!
//! A connection on which a call was answered is never closed under its peer, except when that is silent for longer than
//! the API server keeps it. One that has not asked anything yet makes room for others when there are too many.

use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::debug;

use crate::metrics::RejectedBecause;
use crate::server::State;
use crate::server::call;
use crate::server::guarded::Guarded;
use crate::server::limits::Limits;
use crate::server::read_ahead::ReadAhead;

/// Bytes of the longest header, and of what is read ahead of a body.
const BUFFER: usize = 64 << 10;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// The handshake, or the first byte.
    Fresh,
    /// The next request.
    Idle,
    /// The rest of a header.
    Header,
    /// The rest of a body.
    Body,
    /// podgate itself.
    Busy,
    /// The answer to be sent.
    Answered,
}

/// What is known of an open connection.
#[derive(Debug)]
pub struct Connection {
    state: Arc<State>,
    phase: AtomicU8,
    is_proven: AtomicBool,
    is_chunked_only: AtomicBool,
    is_refused: AtomicBool,
    is_slow: AtomicBool,
    born: Instant,
    /// From here on an answer ends the connection.
    old_at: Instant,
    /// Until when a body must be there, in microseconds after `born`.
    body_until: AtomicU64,
}

impl Connection {
    /// A connection that was just accepted.
    pub fn new(state: Arc<State>) -> Self {
        let born = Instant::now();
        Connection {
            born,
            old_at: born + spread(state.limits.age),
            body_until: AtomicU64::new(0),
            state,
            phase: AtomicU8::new(Phase::Fresh as u8),
            is_proven: AtomicBool::new(false),
            is_chunked_only: AtomicBool::new(false),
            is_refused: AtomicBool::new(false),
            is_slow: AtomicBool::new(false),
        }
    }

    /// What the server has in common for all connections.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.state.limits
    }

    /// What it waits for now.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Fresh,
            1 => Phase::Idle,
            2 => Phase::Header,
            3 => Phase::Body,
            4 => Phase::Busy,
            _ => Phase::Answered,
        }
    }

    /// What it waits for from now on.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Whether a call was answered on it.
    pub fn is_proven(&self) -> bool {
        self.is_proven.load(Ordering::Relaxed)
    }

    /// Notes that a call was answered on it.
    pub fn prove(&self) {
        self.is_proven.store(true, Ordering::Relaxed);
    }

    /// Whether the request says its length only by being chunked.
    pub fn is_chunked_only(&self) -> bool {
        self.is_chunked_only.load(Ordering::Relaxed)
    }

    /// Notes how the request says its length.
    pub fn set_chunked_only(&self, is_chunked_only: bool) {
        self.is_chunked_only.store(is_chunked_only, Ordering::Relaxed);
    }

    /// Notes that a body was not read to its end.
    pub fn refuse(&self) {
        self.is_refused.store(true, Ordering::Relaxed);
    }

    /// Notes that its peer took too long.
    pub fn note_slow(&self) {
        self.is_slow.store(true, Ordering::Relaxed);
    }

    /// Whether its peer took too long.
    pub fn is_slow(&self) -> bool {
        self.is_slow.load(Ordering::Relaxed)
    }

    /// Waits for a body from now on, until `deadline`.
    pub fn expect_body(&self, deadline: Instant) {
        let micros = deadline.saturating_duration_since(self.born).as_micros();
        self.body_until.store(u64::try_from(micros).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.is_slow.store(false, Ordering::Relaxed);
        self.enter(Phase::Body);
    }

    /// Until when the body must be there.
    pub fn body_until(&self) -> Instant {
        self.born + Duration::from_micros(self.body_until.load(Ordering::Relaxed))
    }

    /// Whether the answer that is made now should end the connection.
    pub fn should_end(&self) -> bool {
        self.state.drain.is_draining() || Instant::now() >= self.old_at
    }
}

/// Serves one accepted connection to its end.
pub async fn serve(connection: Arc<Connection>, tls: TlsAcceptor, stream: TcpStream, peer: SocketAddr) {
    let state = Arc::clone(connection.state());
    // Where this cannot be set, answers only take longer.
    let _ = stream.set_nodelay(true);
    let stream = match timeout(state.limits.handshake, tls.accept(ReadAhead::new(stream))).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            debug!(%peer, %error, "the TLS handshake failed");
            return state.metrics.rejected(RejectedBecause::Handshake);
        }
        Err(_) => {
            debug!(%peer, "the TLS handshake took too long");
            return state.metrics.rejected(RejectedBecause::SlowHandshake);
        }
    };
    let guarded = Guarded::new(stream, Arc::clone(&connection));
    let of_call = Arc::clone(&connection);
    let served = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(guarded), service_fn(move |request| call::answer(Arc::clone(&of_call), request)))
        .without_shutdown()
        .await;
    match served {
        Ok(parts) => {
            let is_refused = connection.is_refused.load(Ordering::Relaxed);
            // Whoever does not listen any more misses nothing.
            let _ = timeout(state.limits.body_time, end(parts.io.into_inner(), is_refused)).await;
        }
        Err(error) => debug!(%peer, %error, "the connection ended"),
    }
    // The end of an idle connection is as it should be.
    if connection.is_slow() && matches!(connection.phase(), Phase::Fresh | Phase::Header) {
        state.metrics.rejected(RejectedBecause::SlowHeaders);
    }
}

/// Ends a stream, after having read what its peer is still sending if `is_refused`: closing at once would take the answer
/// from it.
async fn end(mut stream: impl AsyncRead + AsyncWrite + Unpin, is_refused: bool) -> io::Result<()> {
    poll_fn(|context| Pin::new(&mut stream).poll_shutdown(context)).await?;
    if !is_refused {
        return Ok(());
    }
    let mut space = [0; 8192];
    loop {
        let mut buffer = ReadBuf::new(&mut space);
        poll_fn(|context| Pin::new(&mut stream).poll_read(context, &mut buffer)).await?;
        if buffer.filled().is_empty() {
            return Ok(());
        }
    }
}

/// `age`, and up to a fifth more or less.
fn spread(age: Duration) -> Duration {
    let random = u32::try_from(RandomState::new().hash_one(0) % 1001).unwrap_or_default();
    age * (800 + random * 400 / 1000) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_spread_by_a_fifth_both_ways() {
        let ages: Vec<_> = (0..1000).map(|_| spread(Duration::from_secs(300)).as_secs()).collect();
        assert!(ages.iter().all(|age| (240..=360).contains(age)), "{ages:?}");
        assert!(ages.iter().any(|age| *age < 270) && ages.iter().any(|age| *age > 330));
    }
}
