//! A connection that is ended when its peer is too slow.
//!
//! The HTTP library has one time-out for everything that it reads, and would close idle connections by it. Here each
//! phase has its own. A timer is touched only where the peer keeps podgate waiting, so a quick request costs none.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::server::connection::{Connection, Phase};
use crate::server::framing::Framing;

/// An open stream with the clock of its peer.
pub struct Guarded<S> {
    stream: S,
    connection: Arc<Connection>,
    timer: Pin<Box<Sleep>>,
    /// When the phase began.
    since: Instant,
    /// When a write began that has not ended.
    writing_since: Option<Instant>,
    framing: Framing,
}

impl<S> Guarded<S> {
    /// Guards a stream whose peer may now send its first byte.
    pub fn new(stream: S, connection: Arc<Connection>) -> Self {
        let since = Instant::now();
        let timer = Box::pin(sleep_until(since + connection.limits().first_byte));
        Guarded { stream, connection, timer, since, writing_since: None, framing: Framing::default() }
    }

    /// Fails once `deadline` has passed. The timer may stand at an earlier time, and is then moved when it fires.
    fn wait_until(&mut self, context: &mut Context<'_>, deadline: Instant) -> Poll<io::Error> {
        if self.timer.deadline() > deadline {
            self.timer.as_mut().reset(deadline);
        }
        while self.timer.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                self.connection.note_slow();
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    /// Nothing can be read: what becomes of that.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let limits = self.connection.limits();
        let allowed = match self.connection.phase() {
            Phase::Fresh => limits.first_byte,
            Phase::Idle => limits.idle,
            Phase::Header => limits.header,
            Phase::Body => {
                let is_over = self.wait_until(context, self.connection.body_until()).is_ready();
                // The call has an answer to that, and is asked for it before this task rests.
                if is_over {
                    context.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
            Phase::Busy | Phase::Answered => return Poll::Pending,
        };
        self.wait_until(context, self.since + allowed).map(Err)
    }

    fn has_read(&mut self, bytes: &[u8]) {
        match self.connection.phase() {
            Phase::Fresh | Phase::Idle => {
                self.since = Instant::now();
                self.framing = Framing::default();
                self.framing.take(bytes);
                self.connection.enter(Phase::Header);
            }
            Phase::Header => self.framing.take(bytes),
            Phase::Body | Phase::Busy | Phase::Answered => return,
        }
        self.connection.set_chunked_only(self.framing.is_chunked_only());
    }

    fn after_write<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.writing_since = None;
            return polled;
        }
        let since = *self.writing_since.get_or_insert_with(Instant::now);
        self.wait_until(context, since + self.connection.limits().write).map(Err)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Pending => this.wait(context),
            ready => {
                let bytes = buffer.filled().get(before..).unwrap_or_default();
                if !bytes.is_empty() {
                    this.has_read(bytes);
                }
                ready
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.after_write(context, polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(context, pieces);
        this.after_write(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(context);
        if polled.is_ready() && this.connection.phase() == Phase::Answered {
            this.since = Instant::now();
            this.connection.enter(Phase::Idle);
        }
        this.after_write(context, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_shutdown(context);
        this.after_write(context, polled)
    }
}
