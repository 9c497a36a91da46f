//! Reading and writing a stream as pairs of hooks, whatever moves the bytes.

use super::filling::Filling;
use crate::clock::Timestamp;
use crate::event_loop::reactor::Side;
use crate::instrument::hooks::SocketOp;
use crate::instrument::{SocketHandle, SocketOperation};
use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};

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

/// The operations that were begun through the `futures-io` traits, one a direction.
#[derive(Default)]
pub(super) struct PolledOps {
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
        let mut op = self.recv.resume(SocketOperation::Recv, stream);
        match op.step(|heard| stream.poll_read_raw(cx, buffer, heard)) {
            Poll::Pending => {
                self.recv.keep(op);
                Poll::Pending
            }
            Poll::Ready(result) => Poll::Ready(end_recv(&mut op, stream, buffer, result)),
        }
    }

    pub(super) fn poll_write(
        &self,
        stream: &impl RawStream,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut op = self.send.resume(SocketOperation::Send, stream);
        match op.step(|heard| stream.poll_write_raw(cx, data, heard)) {
            Poll::Pending => {
                self.send.keep(op);
                Poll::Pending
            }
            Poll::Ready(result) => {
                if let Ok(sent) = &result {
                    op.sent_part(data, *sent);
                }
                Poll::Ready(end_send(&mut op, stream, result))
            }
        }
    }

    /// One read, from a future that ends with it.
    pub(super) async fn read(
        &self,
        stream: &impl RawStream,
        buffer: &mut [u8],
    ) -> io::Result<usize> {
        let mut op = self.recv.begin(SocketOperation::Recv, stream);
        let result = read_part(&mut op, stream, buffer).await;
        end_recv(&mut op, stream, buffer, result)
    }

    /// Reads until `buffer` is full, as one operation.
    pub(super) async fn read_exact(
        &self,
        stream: &impl RawStream,
        buffer: &mut [u8],
    ) -> io::Result<()> {
        let op = self.recv.begin(SocketOperation::Recv, stream);
        let mut filling = Filling::new(op, buffer);
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

    /// One write, from a future that ends with it.
    pub(super) async fn write(&self, stream: &impl RawStream, data: &[u8]) -> io::Result<usize> {
        let mut op = self.send.begin(SocketOperation::Send, stream);
        let result = match write_part(&mut op, stream, data).await {
            Ok(sent) => flush(&mut op, stream).await.map(|()| sent),
            Err(error) => Err(error),
        };
        end_send(&mut op, stream, result)
    }

    /// Writes all of `data`, as one operation.
    pub(super) async fn write_all(
        &self,
        stream: &impl RawStream,
        mut data: &[u8],
    ) -> io::Result<()> {
        let mut op = self.send.begin(SocketOperation::Send, stream);
        while !data.is_empty() {
            let error = match write_part(&mut op, stream, data).await {
                Ok(0) => io::Error::new(io::ErrorKind::WriteZero, "the stream takes no more data"),
                Ok(sent) => {
                    data = &data[sent..];
                    continue;
                }
                Err(error) => error,
            };
            return end_send(&mut op, stream, Err(error));
        }
        let result = flush(&mut op, stream).await;
        end_send(&mut op, stream, result)
    }
}

/// An operation that has begun and is polled again later, where somebody listens to it.
#[derive(Default)]
struct Slot {
    op: Cell<Option<SocketOp>>,
    /// Asked first: to look into what may hold an operation, it has to be moved out.
    is_full: Cell<bool>,
}

impl Slot {
    /// The operation that is under way, or a new one: one that another task has begun was given up.
    fn resume(&self, operation: SocketOperation, stream: &impl RawStream) -> SocketOp {
        if self.is_full.take()
            && let Some(op) = self.op.take()
            && !op.is_of_another_task()
        {
            return op;
        }
        SocketOp::start(operation, stream.handle())
    }

    /// A new operation: one that is under way through the traits was given up.
    #[inline]
    fn begin(&self, operation: SocketOperation, stream: &impl RawStream) -> SocketOp {
        if self.is_full.take() {
            drop(self.op.take());
        }
        SocketOp::start(operation, stream.handle())
    }

    fn keep(&self, op: SocketOp) {
        if op.is_heard() {
            self.op.set(Some(op));
            self.is_full.set(true);
        }
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

async fn write_part(op: &mut SocketOp, stream: &impl RawStream, data: &[u8]) -> io::Result<usize> {
    let sent = op
        .drive(|cx, heard| stream.poll_write_raw(cx, data, heard))
        .await?;
    op.sent_part(data, sent);
    Ok(sent)
}

fn end_recv(
    op: &mut SocketOp,
    stream: &impl RawStream,
    buffer: &[u8],
    result: io::Result<usize>,
) -> io::Result<usize> {
    match &result {
        Ok(count) => op.received(&buffer[..*count], stream.ready_time(Side::Read)),
        Err(error) => op.failed(error, stream.ready_time(Side::Read)),
    }
    result
}

/// Waits until what was taken is with the kernel: a TLS stream may hold some back.
async fn flush(op: &mut SocketOp, stream: &impl RawStream) -> io::Result<()> {
    op.drive(|cx, _heard| stream.poll_flush_raw(cx)).await
}

fn end_send<T>(op: &mut SocketOp, stream: &impl RawStream, result: io::Result<T>) -> io::Result<T> {
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
                self.ops.read(self.raw(), buffer).await
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
                self.ops.write(self.raw(), data).await
            }

            /// Sends all of `data`.
            ///
            /// # Errors
            ///
            /// As [`write`](Self::write); a part may have been sent.
            pub async fn write_all(&self, data: &[u8]) -> std::io::Result<()> {
                self.ops.write_all(self.raw(), data).await
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
