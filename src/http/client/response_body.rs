//! Bodies of responses.

use super::pool::Lease;
use crate::http::exchange::Exchange;
use crate::http::{Body, Error};
use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The body of a response.
///
/// Read it to its end: its connection is then used for another request. One that is dropped before
/// closes its connection, where that is of HTTP/1.1.
pub struct ResponseBody {
    body: Body,
    lease: Option<Lease>,
    exchange: Exchange,
}

impl ResponseBody {
    pub(super) fn new(body: Body, lease: Lease, exchange: Exchange) -> Self {
        let mut this = Self {
            body,
            lease: Some(lease),
            exchange,
        };
        if this.body.is_end_stream() {
            this.complete();
        }
        this
    }

    /// The next part of the body; none at its end.
    ///
    /// # Errors
    ///
    /// [`Error::BodyTimeout`], [`Error::BodyTooLong`], and [`Error::Protocol`] where the connection
    /// breaks before the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await;
            match frame.transpose()?.map(Frame::into_data) {
                None => return Ok(None),
                Some(Ok(data)) => return Ok(Some(data)),
                // Trailers.
                Some(Err(_)) => {}
            }
        }
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk).
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        let mut all = BytesMut::from(first);
        while let Some(data) = self.chunk().await? {
            all.extend_from_slice(&data);
        }
        Ok(all.freeze())
    }

    /// The whole body as text; what is not UTF-8 is replaced.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk).
    pub async fn text(self) -> Result<String, Error> {
        let bytes = self.bytes().await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn complete(&mut self) {
        self.exchange.completed();
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let body = Pin::new(&mut this.body);
        let frame = ready!(this.exchange.enter(|| body.poll_frame(cx)));
        match &frame {
            Some(Err(error)) => {
                this.exchange.failed(error);
                this.lease = None;
            }
            Some(Ok(_)) if !this.body.is_end_stream() => {}
            _ => this.complete(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
