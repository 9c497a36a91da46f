//! Who a task is, as instruments see it.

use super::{Command, Slots, SocketHandle, SocketOperation};
use crate::clock::{TimeCell, Timestamp};
use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The number of a task, unique in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct TaskId(NonZeroU64);

impl TaskId {
    /// The next unused number.
    #[expect(clippy::new_without_default, reason = "each call gives another value")]
    pub fn new() -> Self {
        Self(next_number())
    }

    /// The number as an integer.
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Numbers tasks, sockets, queues and loops: one sequence, so that no two things share one. Each
/// thread takes some of its numbers at once, since threads that count together wait for each other.
pub(super) fn next_number() -> NonZeroU64 {
    const AT_ONCE: u64 = 64;
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static NEXT_HERE: Cell<u64> = const { Cell::new(0) };
    }
    let mut number = NEXT_HERE.get();
    if number.is_multiple_of(AT_ONCE) {
        number = NEXT.fetch_add(AT_ONCE, Ordering::Relaxed);
    }
    NEXT_HERE.set(number + 1);
    NonZeroU64::new(number).unwrap_or(NonZeroU64::MAX)
}

/// A task as instruments see it: its identity, what it did so far, and what they keep in it.
pub struct TaskInfo {
    id: TaskId,
    name: Option<Rc<str>>,
    parent: Option<TaskId>,
    spawn_time: TimeCell,
    polls: Cell<u64>,
    /// In nanoseconds.
    busy: Cell<u64>,
    waiting_since: TimeCell,
    /// What it waits for, or waited for before the poll under way.
    command: Cell<Option<Command>>,
    /// Whether that is so now.
    waits: Cell<bool>,
    slots: Slots,
}

impl TaskInfo {
    /// Describes a task that `parent` has spawned.
    ///
    /// `spawn_time` is `None` where nobody listened when it was spawned and so no clock was read.
    pub fn new(
        id: TaskId,
        name: Option<Rc<str>>,
        parent: Option<TaskId>,
        spawn_time: Option<Timestamp>,
    ) -> Self {
        Self {
            id,
            name,
            parent,
            spawn_time: TimeCell::new(spawn_time),
            polls: Cell::new(0),
            busy: Cell::new(0),
            waiting_since: TimeCell::new(None),
            command: Cell::new(None),
            waits: Cell::new(false),
            slots: Slots::new(),
        }
    }

    /// Forgets what the task was, and drops what instruments keep in it.
    pub(crate) fn clear(&mut self) {
        self.name = None;
        self.slots.clear();
        self.command.set(None);
    }

    /// Describes another task in the place of one that was [cleared](Self::clear).
    pub(crate) fn renew(
        &mut self,
        name: Option<Rc<str>>,
        parent: Option<TaskId>,
        spawn_time: Option<Timestamp>,
    ) {
        self.id = TaskId::new();
        self.name = name;
        self.parent = parent;
        self.spawn_time.set(spawn_time);
        self.polls.set(0);
        self.busy.set(0);
        self.waiting_since.set(None);
        self.waits.set(false);
    }

    /// The task's number.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// The name its spawner gave it, if any.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The task that spawned it; none for a loop's main task and for what other threads spawn.
    pub fn parent(&self) -> Option<TaskId> {
        self.parent
    }

    /// When it was spawned, where an instrument was in force then.
    pub fn spawn_time(&self) -> Option<Timestamp> {
        self.spawn_time.get()
    }

    /// How often it was polled, the poll under way included.
    pub fn polls(&self) -> u64 {
        self.polls.get()
    }

    /// How long its polls took in all, those counted that an instrument heard.
    pub fn busy(&self) -> Duration {
        Duration::from_nanos(self.busy.get())
    }

    /// Since when it has been waiting, where an instrument heard it yield; none while it is polled.
    pub fn waiting_since(&self) -> Option<Timestamp> {
        self.waiting_since.get()
    }

    /// What it waits for, or is about to wait for; none otherwise.
    pub fn command(&self) -> Option<Command> {
        let command = self.command.take();
        let copy = command.clone().filter(|_| self.waits.get());
        self.command.set(command);
        copy
    }

    /// What instruments keep in this task.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Counts a poll that begins: the task waits no longer.
    #[inline]
    pub fn begin_poll(&self) {
        self.polls.set(self.polls.get() + 1);
        self.waiting_since.set(None);
    }

    /// Notes when it has yielded, in a poll that was measured.
    pub fn set_waiting_since(&self, yield_time: Timestamp) {
        self.waiting_since.set(Some(yield_time));
    }

    /// Adds the length of a poll that was measured.
    pub fn add_busy(&self, busy: Duration) {
        let busy = u64::try_from(busy.as_nanos()).unwrap_or(u64::MAX);
        self.busy.set(self.busy.get().saturating_add(busy));
    }

    /// Sets what the task waits for.
    #[inline]
    pub fn set_command(&self, command: Option<Command>) {
        self.waits.set(command.is_some());
        // An old one stays until a new one takes its place: to drop it costs more than all else.
        if command.is_some() {
            self.command.set(command);
        }
    }

    /// Sets what the task waits for and returns what was there, to be dropped when nothing is
    /// borrowed: it may be the last owner of a queue and what instruments keep in it.
    #[inline]
    pub(crate) fn replace_command(&self, command: Command) -> Option<Command> {
        self.waits.set(true);
        self.command.replace(Some(command))
    }

    /// As [`replace_command`](Self::replace_command), for an operation on a socket.
    #[inline]
    pub(crate) fn wait_on_socket(
        &self,
        operation: SocketOperation,
        socket: &Rc<SocketHandle>,
    ) -> Option<Command> {
        self.waits.set(true);
        let last = self.command.take();
        match &last {
            Some(command) if command.is_of_socket(operation, socket) => {
                self.command.set(last);
                None
            }
            _ => {
                let command = Command::of_socket(operation, socket.clone());
                self.command.set(Some(command));
                last
            }
        }
    }

    /// Whether it is known what the task waits for.
    #[inline]
    pub(crate) fn has_command(&self) -> bool {
        self.waits.get()
    }

    pub(crate) fn take_command(&self) -> Option<Command> {
        if self.waits.take() {
            self.command.take()
        } else {
            None
        }
    }
}

impl fmt::Debug for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskInfo")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("parent", &self.parent)
            .field("polls", &self.polls())
            .field("command", &self.command())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for TaskInfo {
    /// `name#7` or `#7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.name().unwrap_or_default(), self.id)
    }
}
