//! Reading and writing a stream as pairs of hooks, whatever moves the bytes.

use super::filling::Filling;
use crate::clock::Timestamp;
use crate::event_loop::reactor::Side;
use crate::instrument::hooks::SocketOp;
use crate::instrument::{SocketHandle, SocketOperation};
use std::cell::{Cell, OnceCell};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// What moves the bytes of a stream, without hooks.
pub(super) trait RawStream {
    fn handle(&self) -> &Rc<SocketHandle>;

    /// When the readiness was seen that ended the last wait.
    fn ready_time(&self, side: Side) -> Option<Timestamp>;

    /// Reads; `heard` says whether the time of the readiness is wanted.
    fn poll_read_raw(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        heard: bool,
    ) -> Poll<io::Result<usize>>;

    /// Writes; `heard` says whether the time of the readiness is wanted.
    fn poll_write_raw(
        &self,
        cx: &mut Context<'_>,
        data: &[u8],
        heard: bool,
    ) -> Poll<io::Result<usize>>;

    /// Hands to the kernel what was taken but not sent.
    fn poll_flush_raw(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends what this side sends.
    fn poll_close_raw(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// The operations that were begun through the `futures-io` traits, where somebody listens to them.
#[derive(Default)]
pub(super) struct PolledOps {
    /// Room for them, once it was needed: most streams never keep one.
    kept: OnceCell<Box<Kept>>,
}

/// An operation a direction.
#[derive(Default)]
struct Kept {
    recv: Slot,
    send: Slot,
}

impl PolledOps {
    pub(super) fn poll_read(
        &self,
        stream: &impl RawStream,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut op = resume(self.kept_recv(), SocketOperation::Recv, stream);
        let polled = poll_recv(&mut op, stream, cx, buffer);
        if polled.is_pending() && op.is_heard() {
            self.kept.get_or_init(Box::default).recv.keep(op);
        }
        polled
    }

    pub(super) fn poll_write(
        &self,
        stream: &impl RawStream,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut op = resume(self.kept_send(), SocketOperation::Send, stream);
        match poll_send_part(&mut op, stream, cx, data) {
            Poll::Ready(result) => Poll::Ready(end_send(&mut op, stream, result)),
            Poll::Pending => {
                if op.is_heard() {
                    self.kept.get_or_init(Box::default).send.keep(op);
                }
                Poll::Pending
            }
        }
    }

    /// Begins a receive that a future goes on with: one that is under way through the traits was
    /// given up.
    #[inline]
    pub(super) fn begin_recv(&self, stream: &impl RawStream) -> SocketOp {
        drop(self.kept_recv());
        SocketOp::start(SocketOperation::Recv, stream.handle())
    }

    /// Begins a send that a future goes on with: one that is under way through the traits was
    /// given up.
    #[inline]
    pub(super) fn begin_send(&self, stream: &impl RawStream) -> SocketOp {
        drop(self.kept_send());
        SocketOp::start(SocketOperation::Send, stream.handle())
    }

    #[inline]
    fn kept_recv(&self) -> Option<SocketOp> {
        self.kept.get()?.recv.take()
    }

    #[inline]
    fn kept_send(&self) -> Option<SocketOp> {
        self.kept.get()?.send.take()
    }

    /// Reads until `buffer` is full, as one operation.
    pub(super) async fn read_exact(
        &self,
        stream: &impl RawStream,
        buffer: &mut [u8],
    ) -> io::Result<()> {
        let mut filling = Filling::new(self.begin_recv(stream), buffer);
        while !filling.is_full() {
            let error = match filling.read_part(stream).await {
                Ok(0) => filling.too_short(),
                Ok(_) => continue,
                Err(error) => error,
            };
            filling.failed(&error, stream.ready_time(Side::Read));
            return Err(error);
        }
        filling.received(stream.ready_time(Side::Read));
        Ok(())
    }
}

/// An operation that has begun and is polled again later.
#[derive(Default)]
struct Slot {
    op: Cell<Option<SocketOp>>,
    /// Asked first: to look into what may hold an operation, it has to be moved out.
    is_full: Cell<bool>,
}

impl Slot {
    fn take(&self) -> Option<SocketOp> {
        if self.is_full.take() {
            self.op.take()
        } else {
            None
        }
    }

    fn keep(&self, op: SocketOp) {
        self.op.set(Some(op));
        self.is_full.set(true);
    }
}

/// The operation that is under way, or a new one: one that another task has begun was given up.
fn resume(kept: Option<SocketOp>, operation: SocketOperation, stream: &impl RawStream) -> SocketOp {
    match kept {
        Some(op) if !op.is_of_another_task() => op,
        _ => SocketOp::start(operation, stream.handle()),
    }
}

pub(super) async fn read_part(
    op: &mut SocketOp,
    stream: &impl RawStream,
    buffer: &mut [u8],
) -> io::Result<usize> {
    op.drive(|cx, heard| stream.poll_read_raw(cx, buffer, heard))
        .await
}

/// Goes on with a receive, to its end.
///
/// What lies between a task and a system call is inlined: the kernel has the processor forget where
/// calls return to, so that each function that has to return afterwards costs as much as twenty
/// others.
#[inline(always)]
pub(super) fn poll_recv(
    op: &mut SocketOp,
    stream: &impl RawStream,
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    let result = ready!(op.step(|heard| stream.poll_read_raw(cx, buffer, heard)));
    match &result {
        Ok(count) => op.received(&buffer[..*count], stream.ready_time(Side::Read)),
        Err(error) => op.failed(error, stream.ready_time(Side::Read)),
    }
    Poll::Ready(result)
}

#[inline(always)]
pub(super) fn poll_send_part(
    op: &mut SocketOp,
    stream: &impl RawStream,
    cx: &mut Context<'_>,
    data: &[u8],
) -> Poll<io::Result<usize>> {
    let result = ready!(op.step(|heard| stream.poll_write_raw(cx, data, heard)));
    if let Ok(sent) = &result {
        op.sent_part(data, *sent);
    }
    Poll::Ready(result)
}

/// Waits until what was taken is with the kernel: a TLS stream may hold some back.
#[inline]
pub(super) fn poll_flush(
    op: &mut SocketOp,
    stream: &impl RawStream,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    op.step(|_heard| stream.poll_flush_raw(cx))
}

#[inline]
pub(super) fn end_send<T>(
    op: &mut SocketOp,
    stream: &impl RawStream,
    result: io::Result<T>,
) -> io::Result<T> {
    match &result {
        Ok(_) => op.sent(stream.ready_time(Side::Write)),
        Err(error) => op.failed(error, stream.ready_time(Side::Write)),
    }
    result
}

/// Implements reading and writing for a stream with a field `ops` and a method `raw`: by value, by
/// shared reference, and by methods of its own.
macro_rules! impl_stream {
    ($stream:ident) => {
        impl $stream {
            /// Receives what has arrived, waiting for something to arrive; 0 at the end of the
            /// stream.
            ///
            /// # Errors
            ///
            /// What the system, or TLS, says of a connection that is broken.
            pub async fn read(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let mut op = self.ops.begin_recv(self.raw());
                crate::net::stream_futures::Recv {
                    op: &mut op,
                    stream: self.raw(),
                    buffer,
                }
                .await
            }

            /// Receives until `buffer` is full.
            ///
            /// # Errors
            ///
            /// As [`read`](Self::read), and [`std::io::ErrorKind::UnexpectedEof`] where the stream
            /// ends before.
            pub async fn read_exact(&self, buffer: &mut [u8]) -> std::io::Result<()> {
                self.ops.read_exact(self.raw(), buffer).await
            }

            /// Sends what the kernel takes of `data`, waiting until it takes some, and returns how
            /// much that was.
            ///
            /// # Errors
            ///
            /// What the system, or TLS, says of a connection that is broken.
            pub async fn write(&self, data: &[u8]) -> std::io::Result<usize> {
                let mut op = self.ops.begin_send(self.raw());
                crate::net::stream_futures::Send {
                    op: &mut op,
                    stream: self.raw(),
                    data,
                    sent: None,
                }
                .await
            }

            /// Sends all of `data`.
            ///
            /// # Errors
            ///
            /// As [`write`](Self::write); a part may have been sent.
            pub async fn write_all(&self, data: &[u8]) -> std::io::Result<()> {
                let mut op = self.ops.begin_send(self.raw());
                crate::net::stream_futures::SendAll {
                    op: &mut op,
                    stream: self.raw(),
                    data,
                }
                .await
            }
        }

        impl futures_io::AsyncRead for &$stream {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buffer: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.ops.poll_read(self.raw(), cx, buffer)
            }
        }

        impl futures_io::AsyncWrite for &$stream {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                data: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.ops.poll_write(self.raw(), cx, data)
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                crate::net::stream_ops::RawStream::poll_flush_raw(self.raw(), cx)
            }

            fn poll_close(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                crate::net::stream_ops::RawStream::poll_close_raw(self.raw(), cx)
            }
        }

        impl futures_io::AsyncRead for $stream {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buffer: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.ops.poll_read(self.raw(), cx, buffer)
            }
        }

        impl futures_io::AsyncWrite for $stream {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                data: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                self.ops.poll_write(self.raw(), cx, data)
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                crate::net::stream_ops::RawStream::poll_flush_raw(self.raw(), cx)
            }

            fn poll_close(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                crate::net::stream_ops::RawStream::poll_close_raw(self.raw(), cx)
            }
        }
    };
}
pub(super) use impl_stream;
