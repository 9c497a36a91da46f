//! Accepting connections, on whatever a listener listens.

use super::accept_pause::AcceptPause;
use super::socket::Socket;
use crate::event_loop::reactor::Side;
use crate::event_loop::{Sleep, Stopped, Stopping, park, stopping};
use crate::instrument::hooks::SocketOp;
use crate::instrument::{SocketHandle, SocketOperation};
use futures_core::Stream;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// What accepts connections.
pub(super) trait Accept {
    /// What the system accepts.
    type Raw;
    /// What it becomes.
    type Stream;
    /// The address of the other end.
    type Peer;
    type Io;

    fn socket(&self) -> &Socket<Self::Io>;

    fn pause(&self) -> &AcceptPause;

    fn accept_raw(io: &Self::Io) -> io::Result<Self::Raw>;

    fn wrap(&self, raw: Self::Raw) -> io::Result<(Self::Stream, Self::Peer)>;

    fn handle_of(accepted: &Self::Stream) -> &Rc<SocketHandle>;

    /// Ends the listening, as far as the system allows with the descriptor open.
    fn shut_down(io: &Self::Io);
}

/// A connection that was accepted, and whose it is.
type Accepted<L> = (<L as Accept>::Stream, <L as Accept>::Peer);

/// Accepts a connection.
pub(super) async fn accept<L: Accept>(listener: &L) -> io::Result<Accepted<L>> {
    let mut accepting = Accepting::new();
    let accepted = poll_fn(|cx| accepting.poll(listener, cx)).await;
    accepted.unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
}

/// The connections of a listener, until the loop stops.
pub(super) struct Incoming<'a, L> {
    listener: &'a L,
    accepting: Accepting,
}

impl<'a, L: Accept> Incoming<'a, L> {
    pub(super) fn new(listener: &'a L) -> Self {
        Self {
            listener,
            accepting: Accepting::new(),
        }
    }
}

impl<L: Accept> Stream for Incoming<'_, L> {
    type Item = io::Result<L::Stream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let polled = this.accepting.poll(this.listener, cx);
        polled.map(|result| Some(result.ok()?.map(|(stream, _)| stream)))
    }
}

impl<L: fmt::Debug> fmt::Debug for Incoming<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("listener", self.listener)
            .finish_non_exhaustive()
    }
}

/// One accept after the other.
struct Accepting {
    op: Option<SocketOp>,
    pause: Option<Sleep>,
    stopping: Stopping,
}

impl Accepting {
    fn new() -> Self {
        Self {
            op: None,
            pause: None,
            stopping: stopping(),
        }
    }

    /// Accepts a connection; [`Stopped`] when the loop stops and those that were connected before
    /// are accepted.
    fn poll<L: Accept>(
        &mut self,
        listener: &L,
        cx: &mut Context<'_>,
    ) -> Poll<Result<io::Result<Accepted<L>>, Stopped>> {
        let socket = listener.socket();
        let mut polled = self.poll_accept(listener, cx);
        // Neither pausing nor out of its share of this turn: there was none to accept.
        let is_drained = || !socket.direction(Side::Read).is_ready();
        if polled.is_pending() && is_drained() && Pin::new(&mut self.stopping).poll(cx).is_ready() {
            // What the poller last said may be older than the last connection.
            socket.direction(Side::Read).assume_ready();
            polled = self.poll_accept(listener, cx);
            if polled.is_pending() && is_drained() {
                L::shut_down(socket.io());
                // Dropped, the operation says that it was cancelled.
                self.op = None;
                return Poll::Ready(Err(Stopped));
            }
        }
        let result = ready!(polled).and_then(|raw| listener.wrap(raw));
        listener.pause().note(&result);
        let ready_time = socket.ready_time(Side::Read);
        if let Some(mut op) = self.op.take() {
            match &result {
                Ok((accepted, _)) => op.accepted(L::handle_of(accepted), ready_time),
                Err(error) => op.failed(error, ready_time),
            }
        }
        Poll::Ready(Ok(result))
    }

    /// Asks the system for a connection, if there may be one and it is no time to pause.
    fn poll_accept<L: Accept>(
        &mut self,
        listener: &L,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<L::Raw>> {
        let socket = listener.socket();
        let op = self
            .op
            .get_or_insert_with(|| SocketOp::start(SocketOperation::Accept, socket.handle()));
        op.step(|heard| {
            if listener.pause().poll(cx, &mut self.pause).is_pending() {
                park::wait_on_socket(SocketOperation::Accept, socket.handle());
                return Poll::Pending;
            }
            socket.poll_io(
                Side::Read,
                cx,
                heard,
                SocketOperation::Accept,
                L::accept_raw,
            )
        })
    }
}
