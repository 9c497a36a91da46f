//! The futures that read and write a stream.

use super::stream_ops::{RawStream, end_send, poll_flush, poll_recv, poll_send_part};
use crate::instrument::hooks::SocketOp;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Receives what has arrived.
pub(super) struct Recv<'a, S> {
    pub(super) op: &'a mut SocketOp,
    pub(super) stream: &'a S,
    pub(super) buffer: &'a mut [u8],
}

impl<S: RawStream> Future for Recv<'_, S> {
    type Output = io::Result<usize>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        poll_recv(this.op, this.stream, cx, this.buffer)
    }
}

/// Sends what the kernel takes.
pub(super) struct Send<'a, S> {
    pub(super) op: &'a mut SocketOp,
    pub(super) stream: &'a S,
    pub(super) data: &'a [u8],
    /// How much that was, once it has taken some.
    pub(super) sent: Option<usize>,
}

impl<S: RawStream> Send<'_, S> {
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let sent = match self.sent {
            Some(sent) => sent,
            None => match ready!(poll_send_part(self.op, self.stream, cx, self.data)) {
                Ok(sent) => *self.sent.insert(sent),
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        poll_flush(self.op, self.stream, cx).map_ok(|()| sent)
    }
}

impl<S: RawStream> Future for Send<'_, S> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let result = ready!(this.poll_sent(cx));
        Poll::Ready(end_send(this.op, this.stream, result))
    }
}

/// Sends all.
pub(super) struct SendAll<'a, S> {
    pub(super) op: &'a mut SocketOp,
    pub(super) stream: &'a S,
    /// What is left.
    pub(super) data: &'a [u8],
}

impl<S: RawStream> SendAll<'_, S> {
    #[inline(always)]
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.data.is_empty() {
            match ready!(poll_send_part(self.op, self.stream, cx, self.data)) {
                Ok(0) => {
                    let message = "the stream takes no more data";
                    let error = io::Error::new(io::ErrorKind::WriteZero, message);
                    return Poll::Ready(Err(error));
                }
                Ok(sent) => self.data = &self.data[sent..],
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        poll_flush(self.op, self.stream, cx)
    }
}

impl<S: RawStream> Future for SendAll<'_, S> {
    type Output = io::Result<()>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let result = ready!(this.poll_sent(cx));
        Poll::Ready(end_send(this.op, this.stream, result))
    }
}
