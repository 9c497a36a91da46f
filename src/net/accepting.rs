//! Accepting connections, on whatever a listener listens.

use super::socket::Socket;
use crate::event_loop::reactor::Side;
use crate::event_loop::{Stopped, Stopping, park, stopping};
use crate::instrument::hooks::SocketOp;
use crate::instrument::{Command, SocketHandle, SocketOperation};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// What accepts connections.
pub(super) trait Accept {
    /// What the system accepts.
    type Raw;
    /// What it becomes.
    type Accepted;
    type Io;

    fn socket(&self) -> &Socket<Self::Io>;

    fn accept_raw(io: &Self::Io) -> io::Result<Self::Raw>;

    fn wrap(&self, raw: Self::Raw) -> io::Result<Self::Accepted>;

    fn handle_of(accepted: &Self::Accepted) -> &Rc<SocketHandle>;

    /// Ends the listening, as far as the system allows with the descriptor open.
    fn shut_down(io: &Self::Io);
}

/// One accept after the other.
pub(super) struct Accepting {
    op: Option<SocketOp>,
    stopping: Stopping,
}

impl Accepting {
    pub(super) fn new() -> Self {
        Self {
            op: None,
            stopping: stopping(),
        }
    }

    /// Accepts a connection; [`Stopped`] when the loop stops and those that were connected before
    /// are accepted.
    pub(super) fn poll<L: Accept>(
        &mut self,
        listener: &L,
        cx: &mut Context<'_>,
    ) -> Poll<Result<io::Result<L::Accepted>, Stopped>> {
        let socket = listener.socket();
        let op = self
            .op
            .get_or_insert_with(|| SocketOp::start(SocketOperation::Accept, socket.handle()));
        let polled = op.step(|heard| {
            socket.poll_io(Side::Read, cx, heard, Command::SocketAccept, L::accept_raw)
        });
        // Not only out of its share of this turn: there is none to accept.
        let drained = polled.is_pending() && !socket.direction(Side::Read).is_ready();
        if drained && park::beside(|| Pin::new(&mut self.stopping).poll(cx)).is_ready() {
            L::shut_down(socket.io());
            // Dropped, the operation says that it was cancelled.
            self.op = None;
            return Poll::Ready(Err(Stopped));
        }
        let result = ready!(polled).and_then(|raw| listener.wrap(raw));
        let ready_time = socket.ready_time(Side::Read);
        if let Some(op) = self.op.take() {
            match &result {
                Ok(accepted) => op.accepted(L::handle_of(accepted), ready_time),
                Err(error) => op.failed(error, ready_time),
            }
        }
        Poll::Ready(Ok(result))
    }
}

/// The error of an accept that the end of the loop's run has ended.
pub(super) fn stopped(error: Stopped) -> io::Error {
    io::Error::other(error)
}
