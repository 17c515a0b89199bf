//! Reads all that has arrived at once.
//!
//! The TLS library reads 4 KiB at a time, and the record of a usual review is a little longer: without this, each call
//! would ask the operating system twice. What is read ahead is held only until it is asked for, so that a connection
//! which rests holds nothing.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of the longest TLS record, about.
const PIECE: usize = 16 << 10;

/// A stream that is read in pieces of 16 KiB.
#[derive(Debug)]
pub struct ReadAhead<S> {
    stream: S,
    /// What was read and not yet asked for, and how much of it was given since.
    ahead: Vec<u8>,
    given: usize,
}

impl<S> ReadAhead<S> {
    /// Reads ahead from `stream`.
    pub fn new(stream: S) -> Self {
        ReadAhead { stream, ahead: Vec::new(), given: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            if buffer.remaining() >= PIECE {
                return Pin::new(&mut this.stream).poll_read(context, buffer);
            }
            let mut space = [const { MaybeUninit::uninit() }; PIECE];
            let mut piece = ReadBuf::uninit(&mut space);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut piece))?;
            let length = piece.filled().len().min(buffer.remaining());
            let (now, later) = piece.filled().split_at(length);
            buffer.put_slice(now);
            this.ahead.extend_from_slice(later);
            return Poll::Ready(Ok(()));
        }
        let left = this.ahead.get(this.given..).unwrap_or_default();
        let length = left.len().min(buffer.remaining());
        buffer.put_slice(left.get(..length).unwrap_or_default());
        this.given += length;
        if this.given == this.ahead.len() {
            (this.ahead, this.given) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::task::Waker;

    use super::*;

    /// What arrives, piece by piece. One read gives from one piece.
    #[derive(Default)]
    struct Peer {
        pieces: VecDeque<Vec<u8>>,
        reads: usize,
    }

    impl AsyncRead for Peer {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            self.reads += 1;
            let Some(mut piece) = self.pieces.pop_front() else { return Poll::Pending };
            let rest = piece.split_off(piece.len().min(buffer.remaining()));
            buffer.put_slice(&piece);
            if !rest.is_empty() {
                self.pieces.push_front(rest);
            }
            Poll::Ready(Ok(()))
        }
    }

    /// All that can be read now, `size` bytes at a time.
    fn read(stream: &mut ReadAhead<Peer>, size: usize) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let mut space = vec![0; size];
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut *stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer) {
                Poll::Ready(read) => read.unwrap(),
                Poll::Pending => return all,
            }
            all.push(buffer.filled().to_vec());
        }
    }

    #[test]
    fn what_is_sent_arrives_in_order_by_reads_of_any_size() {
        let sent: Vec<u8> = (0..100_000_u32).map(|number| u8::try_from(number % 251).unwrap()).collect();
        for (piece, size) in [(10, 1), (5000, 7), (5000, 4096), (PIECE + 1, 4096), (70_000, PIECE), (70_000, 3 * PIECE)]
        {
            let pieces = sent.chunks(piece).map(<[u8]>::to_vec).collect();
            let mut stream = ReadAhead::new(Peer { pieces, reads: 0 });
            assert!(read(&mut stream, size).concat() == sent, "{piece} by {size}");
            assert_eq!(stream.ahead.capacity(), 0, "one that rests holds nothing");
        }
    }

    #[test]
    fn what_came_at_once_is_asked_for_once() {
        let mut stream = ReadAhead::new(Peer { pieces: VecDeque::from([vec![1; 5000], vec![2; 10]]), reads: 0 });
        let lengths: Vec<_> = read(&mut stream, 4096).iter().map(Vec::len).collect();
        assert_eq!(lengths, [4096, 5000 - 4096, 10]);
        assert_eq!(stream.stream.reads, 3, "one for each piece, and one that has to wait");
    }
}
