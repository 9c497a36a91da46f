//! Streams for hyper.

use super::Stall;
use bytes::{Buf, Bytes};
use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::cell::RefCell;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// What is read at once at most: a record of TLS.
const READ_AT_ONCE: usize = 16 * 1024;

thread_local! {
    /// What reads go into before they are copied to hyper's buffer, which cannot be written to
    /// directly without unsafe code. One for all connections of the thread: an idle one holds none.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Gives hyper a stream of this loop: any that has the `futures-io` traits.
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn};
/// use loopscope::http::rt::LoopIo;
/// use loopscope::net::{TcpListener, TcpStream};
///
/// # async fn show(stream: TcpStream) -> hyper::Result<()> {
/// let (mut sender, connection) = hyper::client::conn::http1::handshake(LoopIo::new(stream)).await?;
/// spawn(connection).detach();
/// let answer = sender.send_request(http::Request::new(String::new())).await?;
/// # drop(answer);
/// # Ok(())
/// # }
/// ```
pub struct LoopIo<S> {
    stream: S,
    /// What was read before hyper had the stream.
    first: Bytes,
    write_stall: Stall,
}

impl<S> LoopIo<S> {
    /// Wraps a stream.
    pub fn new(stream: S) -> Self {
        Self::with_first(stream, Bytes::new())
    }

    /// Wraps a stream of which `first` was read already.
    pub fn with_first(stream: S, first: Bytes) -> Self {
        Self {
            stream,
            first,
            write_stall: Stall::default(),
        }
    }

    /// Fails a write with [`io::ErrorKind::TimedOut`] where the peer takes nothing for so long.
    #[must_use]
    pub fn write_timeout(mut self, limit: Option<Duration>) -> Self {
        self.write_stall = Stall::new(limit);
        self
    }

    /// The stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Watches a write for too long a pause.
    fn watch_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match ready!(self.write_stall.watch(cx, polled)) {
            Ok(result) => Poll::Ready(result),
            Err(_) => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the peer takes nothing",
            ))),
        }
    }
}

impl<S: AsyncRead + Unpin> Read for LoopIo<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.first.has_remaining() {
            let size = this.first.len().min(cursor.remaining());
            cursor.put_slice(&this.first.split_to(size));
            return Poll::Ready(Ok(()));
        }
        // Taken out for the time of the read, in which hooks run.
        let mut scratch = SCRATCH.take();
        scratch.resize(READ_AT_ONCE, 0);
        let size = READ_AT_ONCE.min(cursor.remaining());
        let polled = Pin::new(&mut this.stream).poll_read(cx, &mut scratch[..size]);
        if let Poll::Ready(Ok(count)) = polled {
            cursor.put_slice(&scratch[..count]);
        }
        SCRATCH.set(scratch);
        polled.map_ok(|_| ())
    }
}

impl<S: AsyncWrite + Unpin> Write for LoopIo<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, data);
        this.watch_write(cx, polled)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(cx);
        this.watch_write(cx, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_close(cx);
        this.watch_write(cx, polled)
    }
}

impl<S> fmt::Debug for LoopIo<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopIo").finish_non_exhaustive()
    }
}
