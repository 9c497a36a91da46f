//! Bodies that are sent.

use crate::http::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

/// A request's body of any type: one connection sends many.
pub(super) struct RequestBody {
    body: Pin<Box<dyn Body<Data = Bytes, Error = BoxError>>>,
    /// Lives as long as there is something to be sent.
    alive: Rc<()>,
}

impl RequestBody {
    pub(super) fn new<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + 'static,
        B::Error: Into<BoxError>,
    {
        Self {
            body: Box::pin(Converted { body }),
            alive: Rc::new(()),
        }
    }

    /// What tells whether the body is still being sent: hyper drops it when it is done with it.
    pub(super) fn sending(&self) -> Sending {
        Sending(Rc::downgrade(&self.alive))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.body.as_mut().poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether a body is still being sent.
#[derive(Default)]
pub(super) struct Sending(Weak<()>);

impl Sending {
    pub(super) fn is_under_way(&self) -> bool {
        self.0.strong_count() > 0
    }
}

pin_project_lite::pin_project! {
    /// A body with any error.
    struct Converted<B> {
        #[pin]
        body: B,
    }
}

impl<B> Body for Converted<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = self.project().body.poll_frame(cx);
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
