//! A socket that is registered with its loop's reactor.

use super::connecting::Connect;
use crate::clock::Timestamp;
use crate::event_loop::reactor::{Direction, Readiness, Side};
use crate::event_loop::{self, Core, park};
use crate::instrument::hooks::OpenSocket;
use crate::instrument::{SocketHandle, SocketOperation};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A socket, what is known of its readiness, and who is told of its close.
///
/// The fields are dropped in this order: the descriptor is closed before that is reported.
pub(crate) struct Socket<S> {
    registered: Registered<S>,
    open: OpenSocket,
}

/// A descriptor that is registered with its loop's reactor.
pub(crate) struct Registered<S> {
    io: S,
    registration: Registration,
}

/// A descriptor's place in its loop's reactor, given up when it is dropped.
struct Registration {
    readiness: Rc<Readiness>,
    core: Rc<Core>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.core.reactor.forget(&self.readiness);
    }
}

impl<S: mio::event::Source> Registered<S> {
    /// Registers a descriptor with the loop that runs.
    pub(crate) fn new(mut io: S) -> io::Result<Self> {
        let core = running_loop()?;
        let readiness = core.reactor.register(&mut io)?;
        Ok(Self {
            io,
            registration: Registration { readiness, core },
        })
    }

    /// Makes it the socket whose opening was told.
    pub(crate) fn opened(self, open: OpenSocket) -> Socket<S> {
        Socket {
            registered: self,
            open,
        }
    }
}

impl<S: mio::event::Source> Socket<S> {
    /// Registers a socket with the loop that runs.
    pub(crate) fn new(io: S, open: OpenSocket) -> io::Result<Self> {
        Ok(Registered::new(io)?.opened(open))
    }
}

impl<S> Registered<S> {
    pub(crate) fn direction(&self, side: Side) -> &Direction {
        self.registration.readiness.direction(side)
    }
}

impl<S> Socket<S> {
    pub(crate) fn io(&self) -> &S {
        &self.registered.io
    }

    pub(crate) fn handle(&self) -> &Rc<SocketHandle> {
        self.open.handle()
    }

    /// Tells the socket's own address to those who listen, if anyone does: it costs a system call.
    pub(crate) fn tell_local_address(&self)
    where
        S: Connect,
    {
        if self.open.is_heard()
            && let Ok(address) = self.registered.io.local_address()
        {
            self.handle().set_local_address(address);
        }
    }

    /// When the readiness was seen that ended the last wait.
    pub(crate) fn ready_time(&self, side: Side) -> Option<Timestamp> {
        self.direction(side).ready_time()
    }

    pub(crate) fn direction(&self, side: Side) -> &Direction {
        self.registered.direction(side)
    }

    /// Makes a system call when it may succeed; until then the task waits.
    ///
    /// `heard` says whether the time of the readiness is wanted.
    #[inline(always)]
    pub(crate) fn poll_io<R>(
        &self,
        side: Side,
        cx: &Context<'_>,
        heard: bool,
        operation: SocketOperation,
        mut call: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let direction = self.direction(side);
        loop {
            if !direction.is_ready() {
                return self.wait(direction, cx, heard, operation);
            }
            ready!(park::poll_budget(cx));
            match call(&self.registered.io) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => direction.clear(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn wait<R>(
        &self,
        direction: &Direction,
        cx: &Context<'_>,
        heard: bool,
        operation: SocketOperation,
    ) -> Poll<io::Result<R>> {
        let core = &self.registered.registration.core;
        if !event_loop::is_current(core) {
            return Poll::Ready(Err(io::Error::other(
                "a socket that was made on one event loop was awaited on another",
            )));
        }
        direction.wait(core, cx, heard);
        park::wait_on_socket(operation, self.handle());
        Poll::Pending
    }
}

fn running_loop() -> io::Result<Rc<Core>> {
    event_loop::current().ok_or_else(|| {
        io::Error::other(
            "sockets need a running event loop: make them inside of a future that \
             EventLoop::run_until_complete runs",
        )
    })
}
