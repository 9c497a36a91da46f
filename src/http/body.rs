//! Bodies that arrive.

use super::Error;
use super::rt::Stall;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A body that arrives over a connection.
///
/// It fails where nothing arrives for too long ([`Error::BodyTimeout`]) and where it is longer than
/// allowed ([`Error::BodyTooLong`]).
#[derive(Debug)]
pub struct Body {
    incoming: Incoming,
    stall: Stall,
    /// How many bytes more it may have.
    left: u64,
}

/// What a body may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimits {
    /// How long nothing may arrive.
    pub(super) stall: Option<Duration>,
    /// How many bytes it may have.
    pub(super) size: u64,
}

impl Body {
    pub(super) fn new(incoming: Incoming, limits: BodyLimits) -> Self {
        Self {
            incoming,
            stall: Stall::new(limits.stall),
            left: limits.size,
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        if this.incoming.size_hint().lower() > this.left {
            return Poll::Ready(Some(Err(Error::BodyTooLong)));
        }
        let polled = Pin::new(&mut this.incoming).poll_frame(cx);
        let Ok(frame) = ready!(this.stall.watch(cx, polled)) else {
            return Poll::Ready(Some(Err(Error::BodyTimeout)));
        };
        let frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            Some(Ok(frame)) => frame,
        };
        let size = frame.data_ref().map_or(0, |data| data.len() as u64);
        Poll::Ready(Some(match this.left.checked_sub(size) {
            Some(left) => {
                this.left = left;
                Ok(frame)
            }
            None => Err(Error::BodyTooLong),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
