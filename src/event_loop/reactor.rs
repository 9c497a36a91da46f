//! Readiness of sockets: mio's poll, and what it last said of each socket and direction.
//!
//! A socket is registered once, edge-triggered, for both directions. Readiness is remembered until
//! a system call shows that it has passed, so the call is tried first and the poller asked only
//! when there is nothing to do.

use super::core::Core;
use super::wake;
use super::waker::LocalWaker;
use crate::clock::{TimeCell, Timestamp};
use crate::instrument::Resumption;
use crate::instrument::hooks::Wake;
use mio::event::{Event, Source};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::rc::Rc;
use std::task::Context;
use std::time::Duration;

/// What wakes the poller from other threads has this token.
const WAKER: Token = Token(usize::MAX);
/// More events than this wait for the next turn.
const EVENTS: usize = 256;
/// A token is a slot's index below and the slot's generation above: an event of a socket that was
/// closed in the same turn is not taken for one of the socket that has its slot now.
const INDEX_BITS: u32 = usize::BITS / 2;

pub(crate) struct Reactor {
    poll: RefCell<Poll>,
    events: RefCell<Events>,
    sources: RefCell<Slab<Rc<Readiness>>>,
    generation: Cell<usize>,
}

impl Reactor {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            poll: RefCell::new(Poll::new()?),
            events: RefCell::new(Events::with_capacity(EVENTS)),
            sources: RefCell::default(),
            generation: Cell::new(0),
        })
    }

    /// What other threads wake this reactor with.
    pub(super) fn waker(&self) -> io::Result<mio::Waker> {
        mio::Waker::new(self.poll.borrow().registry(), WAKER)
    }

    pub(crate) fn register(&self, source: &mut impl Source) -> io::Result<Rc<Readiness>> {
        let generation = self.generation.get().wrapping_add(1);
        self.generation.set(generation);
        let mut sources = self.sources.borrow_mut();
        let entry = sources.vacant_entry();
        let token = entry.key() | generation << INDEX_BITS;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .borrow()
            .registry()
            .register(source, Token(token), interest)?;
        Ok(entry.insert(Rc::new(Readiness::new(token))).clone())
    }

    /// Forgets a socket, which its owner closes: that ends its registration with the system.
    pub(crate) fn forget(&self, readiness: &Readiness) {
        self.sources.borrow_mut().try_remove(index(readiness.token));
    }

    /// How many sockets are registered.
    pub(super) fn len(&self) -> usize {
        self.sources.borrow().len()
    }

    /// Waits for events, not longer than `timeout`, and returns how many there were.
    /// [`dispatch`](Self::dispatch) tells those who wait for them.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> io::Result<usize> {
        let mut events = self.events.borrow_mut();
        match self.poll.borrow_mut().poll(&mut events, timeout) {
            Ok(()) => Ok(events.iter().count()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                events.clear();
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }

    /// Wakes the tasks that wait for what the last [`wait`](Self::wait) has seen. One reading of the
    /// clock serves all events, and none is made where nobody who waits is listened to.
    pub(super) fn dispatch(&self, core: &Core, now: &mut Option<Timestamp>) {
        let events = self.events.borrow();
        for event in events.iter().filter(|event| event.token() != WAKER) {
            let Token(token) = event.token();
            let readiness = self.sources.borrow().get(index(token)).cloned();
            if let Some(readiness) = readiness.filter(|readiness| readiness.token == token) {
                readiness.note(core, event, now);
            }
        }
    }
}

fn index(token: usize) -> usize {
    token & ((1 << INDEX_BITS) - 1)
}

/// What the system last said of a socket.
pub(crate) struct Readiness {
    token: usize,
    read: Direction,
    write: Direction,
}

/// One of the two directions of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Read,
    Write,
}

impl Readiness {
    fn new(token: usize) -> Self {
        Self {
            token,
            read: Direction::new(),
            write: Direction::new(),
        }
    }

    pub(crate) fn direction(&self, side: Side) -> &Direction {
        match side {
            Side::Read => &self.read,
            Side::Write => &self.write,
        }
    }

    fn note(&self, core: &Core, event: &Event, now: &mut Option<Timestamp>) {
        let failed = event.is_error();
        if event.is_readable() || event.is_read_closed() || failed {
            self.read.note(core, event.is_read_closed() || failed, now);
        }
        if event.is_writable() || event.is_write_closed() || failed {
            self.write
                .note(core, event.is_write_closed() || failed, now);
        }
    }
}

/// What the system last said of one direction of a socket, and who waits for it.
pub(crate) struct Direction {
    /// The next system call may succeed.
    ready: Cell<bool>,
    /// The direction has ended: there will be no further event, so readiness stays.
    closed: Cell<bool>,
    /// When the last readiness was seen, where somebody who waited for it was listened to.
    ready_time: TimeCell,
    heard: Cell<bool>,
    /// Somebody waits.
    awaited: Cell<bool>,
    /// Nearly always one task waits for a direction.
    waiter: Cell<LocalWaker>,
    others: OnceCell<Box<Others>>,
}

/// Those who wait beside the first: seldom any, and so apart.
type Others = Cell<Vec<LocalWaker>>;

impl Direction {
    fn new() -> Self {
        Self {
            ready: Cell::new(true),
            closed: Cell::new(false),
            ready_time: TimeCell::new(None),
            heard: Cell::new(false),
            awaited: Cell::new(false),
            waiter: Cell::default(),
            others: OnceCell::new(),
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready.get()
    }

    /// Has the next system call made, whatever the system last said.
    pub(crate) fn assume_ready(&self) {
        self.ready.set(true);
    }

    /// The system call would have blocked.
    pub(crate) fn clear(&self) {
        self.ready.set(false);
    }

    /// The system call moved less than it was asked to: there is no more for now, and an edge will
    /// tell of more. At the end of a stream there will be no such edge.
    pub(crate) fn clear_after_short(&self) {
        if SHORT_MEANS_DRAINED {
            self.ready.set(self.closed.get());
        }
    }

    /// When the readiness was seen that ended a wait.
    pub(crate) fn ready_time(&self) -> Option<Timestamp> {
        self.ready_time.get()
    }

    /// Has whoever polls with `cx` on `core`, the loop that runs, woken at the next readiness;
    /// `heard` says whether the time of it is wanted.
    pub(crate) fn wait(&self, core: &Core, cx: &Context<'_>, heard: bool) {
        if heard {
            self.heard.set(true);
        }
        if !self.awaited.replace(true) {
            self.waiter.set(LocalWaker::on(core, cx));
            return;
        }
        let waiter = self.waiter.take();
        if !waiter.wakes(cx) {
            self.wait_too(core, cx);
        }
        self.waiter.set(waiter);
    }

    fn wait_too(&self, core: &Core, cx: &Context<'_>) {
        let slot = self.others.get_or_init(Box::default);
        let mut others = slot.take();
        if !others.iter().any(|other| other.wakes(cx)) {
            others.push(LocalWaker::on(core, cx));
        }
        slot.set(others);
    }

    fn note(&self, core: &Core, closed: bool, now: &mut Option<Timestamp>) {
        if closed {
            self.closed.set(true);
        }
        self.ready.set(true);
        // Each event tells of both directions, and most often nobody waits to send.
        if self.awaited.take() {
            self.wake_waiters(core, now);
        }
    }

    fn wake_waiters(&self, core: &Core, now: &mut Option<Timestamp>) {
        let heard = self.heard.take();
        self.ready_time
            .set(heard.then(|| *now.get_or_insert_with(Timestamp::now)));
        let reason = Wake::Send(Resumption::SocketReady);
        wake::because(reason, self.ready_time.get(), || {
            self.waiter.take().wake_on(core);
            if let Some(others) = self.others.get() {
                let others = others.take();
                others.into_iter().for_each(|other| other.wake_on(core));
            }
        });
    }
}

/// Whether a short read or write means that the kernel has no more: so with epoll and kqueue.
const SHORT_MEANS_DRAINED: bool = cfg!(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "ios",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
));
