//! What tasks wait for, and what wakes them.

use super::{QueueInfo, SocketHandle, SocketOperation, SyncInfo, TaskId};
use crate::clock::Timestamp;
use std::fmt;
use std::rc::Rc;

/// What a task that yielded waits for.
///
/// A task that waits for several things at once (a `select`, a `join`) shows the one that it asked
/// for last in the poll that ended.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub enum Command {
    /// Its next turn.
    Yield,
    /// A moment in time.
    Sleep {
        /// When it wants to be woken.
        until: Timestamp,
    },
    /// A connection to be established.
    SocketConnect(Rc<SocketHandle>),
    /// A connection to accept.
    SocketAccept(Rc<SocketHandle>),
    /// Data to arrive.
    SocketRecv(Rc<SocketHandle>),
    /// Room in the kernel's buffer.
    SocketSend(Rc<SocketHandle>),
    /// The peer's part of a TLS handshake.
    TlsHandshake(Rc<SocketHandle>),
    /// The resolver.
    DnsLookup {
        /// The name that is looked up.
        name: Rc<str>,
    },
    /// An item in a queue.
    QueueGet(Rc<QueueInfo>),
    /// Room in a queue.
    QueuePut(Rc<QueueInfo>),
    /// Its turn at a lock.
    Lock(Rc<SyncInfo>),
    /// An event to be set.
    Event(Rc<SyncInfo>),
    /// Word that a condition may hold.
    Condition(Rc<SyncInfo>),
    /// A latch to be counted down.
    CountdownLatch(Rc<SyncInfo>),
    /// The end of another task.
    Join(TaskId),
    /// The end of one of the tasks of a group.
    JoinAny {
        /// How many tasks there are.
        tasks: usize,
    },
    /// Work on another thread, that may block.
    Blocking,
    /// A signal of the operating system.
    Signal {
        /// The signal's name, where it has one: `SIGTERM`.
        name: Option<&'static str>,
    },
    /// The loop to begin its graceful end.
    Stop,
    /// Something the loop knows nothing of, such as another library's channel.
    Foreign,
}

impl Command {
    /// What an operation on a socket waits for.
    pub(super) fn of_socket(operation: SocketOperation, socket: Rc<SocketHandle>) -> Self {
        match operation {
            SocketOperation::Connect => Self::SocketConnect(socket),
            SocketOperation::Accept => Self::SocketAccept(socket),
            SocketOperation::Recv => Self::SocketRecv(socket),
            SocketOperation::Send => Self::SocketSend(socket),
        }
    }

    /// Whether it is what that operation waits for.
    #[inline]
    pub(super) fn is_of_socket(
        &self,
        operation: SocketOperation,
        socket: &Rc<SocketHandle>,
    ) -> bool {
        let (own, of) = match self {
            Self::SocketConnect(own) => (own, SocketOperation::Connect),
            Self::SocketAccept(own) => (own, SocketOperation::Accept),
            Self::SocketRecv(own) => (own, SocketOperation::Recv),
            Self::SocketSend(own) => (own, SocketOperation::Send),
            _ => return false,
        };
        of == operation && Rc::ptr_eq(own, socket)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yield => f.write_str("yield"),
            Self::Sleep { .. } => f.write_str("sleep"),
            Self::SocketConnect(socket) => write!(f, "connect to {socket}"),
            Self::SocketAccept(socket) => write!(f, "accept on {socket}"),
            Self::SocketRecv(socket) => write!(f, "recv from {socket}"),
            Self::SocketSend(socket) => write!(f, "send to {socket}"),
            Self::TlsHandshake(socket) => write!(f, "TLS handshake with {socket}"),
            Self::DnsLookup { name } => write!(f, "DNS lookup of {name}"),
            Self::QueueGet(queue) => write!(f, "get from queue {queue}"),
            Self::QueuePut(queue) => write!(f, "put to queue {queue}"),
            Self::Lock(lock) => write!(f, "lock {lock}"),
            Self::Event(event) => write!(f, "event {event}"),
            Self::Condition(condition) => write!(f, "condition {condition}"),
            Self::CountdownLatch(latch) => write!(f, "countdown latch {latch}"),
            Self::Join(task) => write!(f, "join of task #{task}"),
            Self::JoinAny { tasks } => write!(f, "join of one of {tasks} tasks"),
            Self::Blocking => f.write_str("blocking work"),
            Self::Signal { name: Some(name) } => write!(f, "signal {name}"),
            Self::Signal { name: None } => f.write_str("a signal"),
            Self::Stop => f.write_str("the loop to stop"),
            Self::Foreign => f.write_str("something foreign"),
        }
    }
}

/// What a task is resumed with: the value of the original's `send`.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resumption {
    /// It runs for the first time.
    Started,
    /// It had yielded and its turn has come.
    Yielded,
    /// A socket it waits for is ready.
    SocketReady,
    /// A timer of its has fired.
    TimerFired,
    /// A queue has an item, or room, for it.
    QueueReady,
    /// It was given a lock.
    LockAcquired,
    /// It was notified: of an event, a condition, a latch, a signal.
    Notified,
    /// A task that it joins has ended.
    Joined,
    /// A name that it looked up is resolved.
    Resolved,
    /// Something the loop knows nothing of woke it.
    Foreign,
}

impl fmt::Display for Resumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Started => "started",
            Self::Yielded => "yielded",
            Self::SocketReady => "socket ready",
            Self::TimerFired => "timer fired",
            Self::QueueReady => "queue ready",
            Self::LockAcquired => "lock acquired",
            Self::Notified => "notified",
            Self::Joined => "joined",
            Self::Resolved => "resolved",
            Self::Foreign => "woken by something foreign",
        })
    }
}

/// What a task is resumed with when it is an error: the exception of the original's `throw`.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskException {
    /// It was cancelled: its future is dropped.
    Cancelled,
    /// A queue that it waits for was closed.
    QueueClosed,
    /// A task that it joins has failed, panicked or was cancelled.
    JoinedTaskFailed,
    /// A time limit that it set has passed.
    TimedOut,
}

impl fmt::Display for TaskException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "cancelled",
            Self::QueueClosed => "queue closed",
            Self::JoinedTaskFailed => "joined task failed",
            Self::TimedOut => "timed out",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_say_what_is_waited_for() {
        let task = TaskId::new();
        let name = Some("SIGTERM");
        let named = |name: &str| Rc::new(SyncInfo::new(Some(name.into())));
        let unnamed = Rc::new(SyncInfo::new(None));
        let number = unnamed.id().get();
        let said = [
            (Command::Yield, String::from("yield")),
            (Command::Join(task), format!("join of task #{task}")),
            (
                Command::JoinAny { tasks: 3 },
                "join of one of 3 tasks".into(),
            ),
            (Command::Lock(named("config")), "lock config".into()),
            (Command::Lock(unnamed), format!("lock #{number}")),
            (Command::Event(named("ready")), "event ready".into()),
            (Command::Condition(named("full")), "condition full".into()),
            (
                Command::CountdownLatch(named("workers")),
                "countdown latch workers".into(),
            ),
            (Command::Blocking, "blocking work".into()),
            (Command::Signal { name }, "signal SIGTERM".into()),
            (Command::Signal { name: None }, "a signal".into()),
            (Command::Stop, "the loop to stop".into()),
            (Command::Foreign, "something foreign".into()),
        ];
        for (command, text) in said {
            assert_eq!(command.to_string(), text);
        }
    }
}
