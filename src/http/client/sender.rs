//! The end of a connection that requests are given to.

use super::request_body::RequestBody;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use std::future::poll_fn;

/// Sends requests over one connection, which ends when the last of these is dropped.
pub(super) enum Sender {
    /// One request at a time.
    Http1(http1::SendRequest<RequestBody>),
    /// Any number of them.
    Http2(http2::SendRequest<RequestBody>),
}

/// The request did not get a response; it is there where nothing of it was sent.
pub(super) type SendError = TrySendError<Request<RequestBody>>;

impl Sender {
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_closed(),
            Self::Http2(sender) => sender.is_closed(),
        }
    }

    /// Another one of the same connection, where that takes more than one request.
    pub(super) fn share(&self) -> Option<Self> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(sender) => Some(Self::Http2(sender.clone())),
        }
    }

    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, SendError> {
        match self {
            Self::Http1(sender) => {
                // What went before may not be behind the connection yet. Sending tells why it
                // cannot be, and gives the request back.
                let _ = poll_fn(|cx| sender.poll_ready(cx)).await;
                sender.try_send_request(request).await
            }
            Self::Http2(sender) => sender.try_send_request(request).await,
        }
    }
}
