//! One event, owned.

use crate::clock::Timestamp;
use crate::instrument::metadata::*;
use crate::instrument::{
    Address, ErrorType, Failure, QueueId, Resumption, SocketHandle, SocketId, SocketOperation,
    SocketRole, TaskException, TaskId, TaskInfo,
};
use std::fmt;

/// One event: which hook was fired, and what it was told, as far as it applies.
#[non_exhaustive]
#[derive(Clone, Default, PartialEq)]
pub struct Recorded {
    /// The hook's name.
    pub hook: &'static str,
    /// The task that asked, or that the event is about.
    pub task: Option<TaskId>,
    /// That task's name.
    pub task_name: Option<String>,
    /// The task that spawned it.
    pub parent: Option<TaskId>,
    /// The socket; the listener where a connection was accepted.
    pub socket: Option<SocketId>,
    /// Which end the socket is.
    pub role: Option<SocketRole>,
    /// The connection that was accepted.
    pub accepted: Option<SocketId>,
    /// The queue.
    pub queue: Option<QueueId>,
    /// The operation of which this is an event.
    pub operation: Option<SocketOperation>,
    /// The peer's address, or the one to connect to.
    pub peer: Option<Address>,
    /// The socket's own address.
    pub local: Option<Address>,
    /// Whether the task did not have to wait.
    pub immediate: Option<bool>,
    /// When it started.
    pub start_time: Option<Timestamp>,
    /// When the loop saw the readiness.
    pub ready_time: Option<Timestamp>,
    /// When it ended.
    pub finish_time: Option<Timestamp>,
    /// When the task was woken.
    pub wake_time: Option<Timestamp>,
    /// Bytes moved, or items in the queue.
    pub size: Option<usize>,
    /// The data, or the item by its `Debug`.
    pub data: Option<Vec<u8>>,
    /// What went wrong; `cancelled` where it was cancelled.
    pub failure: Option<String>,
    /// The kind of failure.
    pub error_type: Option<ErrorType>,
    /// A queue's name, a server's name, a name that is looked up, a loop's name.
    pub name: Option<String>,
    /// What the task waits for.
    pub command: Option<String>,
    /// What the task was resumed with.
    pub resumption: Option<Resumption>,
    /// The error that the task was resumed with.
    pub exception: Option<TaskException>,
    /// TLS version, cipher suite, group and application protocol.
    pub tls: Option<[Option<String>; 4]>,
    /// Whether a TLS session was resumed.
    pub resumed: Option<bool>,
    /// Whether the instrument has heard of the task's spawn.
    pub since_spawn: Option<bool>,
    /// How many addresses a name was resolved to.
    pub answers: Option<usize>,
    /// Whether a task that was spawned is meant to outlive what its parent does.
    pub detached: Option<bool>,
    /// The connection that a task that was spawned serves.
    pub serves: Option<SocketId>,
    /// Whether the loop's run ends with this park.
    pub stops: Option<bool>,
}

/// Shows what applies to the event, and nothing else: a failed assertion is to be read.
impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.hook);
        macro_rules! show {
            ($($field:ident)*) => {
                $(if let Some(value) = &self.$field {
                    shown.field(stringify!($field), value);
                })*
            };
        }
        show!(task task_name parent socket role accepted queue operation peer local immediate);
        show!(start_time ready_time finish_time wake_time size);
        if let Some(data) = &self.data {
            shown.field("data", &format_args!("{}", data.escape_ascii()));
        }
        show!(failure error_type name command resumption exception tls resumed since_spawn);
        show!(answers detached serves stops);
        shown.finish()
    }
}

impl Recorded {
    fn new(hook: &'static str, task: Option<&TaskInfo>) -> Self {
        Self {
            hook,
            task: task.map(TaskInfo::id),
            task_name: task.and_then(TaskInfo::name).map(String::from),
            ..Self::default()
        }
    }

    fn on(mut self, socket: &SocketHandle) -> Self {
        self.socket = Some(socket.id());
        self.role = Some(socket.role());
        self.peer = socket.peer_address().cloned();
        self.local = socket.local_address().cloned();
        self.operation = operation_of(self.hook);
        self
    }

    /// The other end, where the operation knows it and the socket does not.
    fn with(mut self, peer: Option<&Address>) -> Self {
        self.peer = self.peer.or_else(|| peer.cloned());
        self
    }

    fn took(mut self, immediate: bool, start: Timestamp, finish: Timestamp) -> Self {
        self.immediate = Some(immediate);
        self.start_time = Some(start);
        self.finish_time = Some(finish);
        self
    }
}

/// The operation of which a hook tells, by the hook's name.
fn operation_of(hook: &str) -> Option<SocketOperation> {
    let name = hook.strip_prefix("on_socket_")?.split('_').next()?;
    let operations = [
        SocketOperation::Connect,
        SocketOperation::Accept,
        SocketOperation::Recv,
        SocketOperation::Send,
    ];
    operations
        .into_iter()
        .find(|operation| operation.as_str() == name)
}

/// What a failure says, and its kind.
fn describe(failure: &Failure<'_>) -> (String, Option<ErrorType>) {
    let error_type = match failure {
        Failure::Error { error_type, .. } => Some(*error_type),
        Failure::Cancelled => None,
    };
    (failure.to_string(), error_type)
}

/// Metadata that can be recorded.
pub(super) trait Facts {
    fn facts(&self, hook: &'static str) -> Recorded;
}

impl Facts for QueueMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            queue: Some(self.queue.id()),
            name: self.queue.name().map(String::from),
            data: Some(format!("{:?}", self.item).into_bytes()),
            size: Some(self.len),
            ready_time: self.ready_time,
            ..Recorded::new(hook, self.task).took(self.immediate, self.start_time, self.finish_time)
        }
    }
}

impl Facts for InstrumentationMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            start_time: Some(self.start_time),
            ..Recorded::new(hook, self.task)
                .on(self.socket_handle)
                .with(self.peer_address)
        }
    }
}

impl Facts for ReadySocketInstrumentationMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            accepted: self.accepted.map(|accepted| accepted.id()),
            ready_time: self.ready_time,
            size: self.size,
            ..Recorded::new(hook, self.task)
                .on(self.socket_handle)
                .with(self.peer_address)
                .took(self.immediate, self.start_time, self.finish_time)
        }
    }
}

impl Facts for SocketConnectStartMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            peer: Some(self.target_address.clone()),
            start_time: Some(self.start_time),
            ..Recorded::new(hook, self.task).on(self.socket_handle)
        }
    }
}

impl Facts for SocketConnectReadyMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            peer: Some(self.target_address.clone()),
            ready_time: self.ready_time,
            ..Recorded::new(hook, self.task).on(self.socket_handle).took(
                self.immediate,
                self.start_time,
                self.finish_time,
            )
        }
    }
}

impl Facts for SocketRecvDataMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            size: Some(self.data.len()),
            data: Some(self.data.into()),
            ..Recorded::new(hook, None).on(self.socket_handle)
        }
    }
}

impl Facts for SocketSendDataMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            size: Some(self.bytes_sent),
            data: Some(self.data.into()),
            ..Recorded::new(hook, None).on(self.socket_handle)
        }
    }
}

impl Facts for SocketErrorMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        let (failure, error_type) = describe(&self.failure);
        let recorded = Recorded::new(hook, self.task).on(self.socket_handle).took(
            self.immediate,
            self.start_time,
            self.finish_time,
        );
        Recorded {
            operation: Some(self.operation),
            ready_time: self.ready_time,
            size: Some(self.size),
            failure: Some(failure),
            error_type,
            peer: self.target_address.cloned().or(recorded.peer.clone()),
            ..recorded
        }
    }
}

impl Facts for TlsHandshakeMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        let session = &self.session;
        let text = |part: Option<&str>| part.map(String::from);
        let protocol = session
            .next_protocol
            .map(|name| String::from_utf8_lossy(name).into());
        Recorded {
            name: text(self.server_hostname),
            tls: Some([
                text(session.version),
                text(session.cipher),
                text(session.curve),
                protocol,
            ]),
            resumed: session.resumed,
            ..Recorded::new(hook, self.task).on(self.socket_handle).took(
                self.immediate,
                self.start_time,
                self.finish_time,
            )
        }
    }
}

impl Facts for TlsHandshakeErrorMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        let (failure, error_type) = describe(&self.failure);
        Recorded {
            name: self.server_hostname.map(String::from),
            failure: Some(failure),
            error_type,
            ..Recorded::new(hook, self.task).on(self.socket_handle).took(
                self.immediate,
                self.start_time,
                self.finish_time,
            )
        }
    }
}

impl Facts for DnsLookupStartMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            name: Some(self.name.into()),
            start_time: Some(self.start_time),
            ..Recorded::new(hook, self.task)
        }
    }
}

impl Facts for DnsLookupReadyMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        let failure = self.outcome.err().map(|failure| describe(&failure));
        Recorded {
            name: Some(self.name.into()),
            answers: self.outcome.ok().map(<[_]>::len),
            error_type: failure.as_ref().and_then(|(_, error_type)| *error_type),
            failure: failure.map(|(failure, _)| failure),
            ..Recorded::new(hook, self.task).took(self.immediate, self.start_time, self.finish_time)
        }
    }
}

impl Facts for TaskSpawnedMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            parent: self.parent.map(TaskInfo::id),
            detached: Some(self.detached),
            serves: self.serves.map(|socket| socket.id()),
            start_time: Some(self.spawn_time),
            ..Recorded::new(hook, Some(self.task))
        }
    }
}

impl Facts for TaskSendMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            resumption: Some(self.resumption),
            wake_time: self.wake_time,
            start_time: Some(self.start_time),
            ..Recorded::new(hook, Some(self.task))
        }
    }
}

impl Facts for TaskAfterSendMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            command: Some(self.command.to_string()),
            finish_time: Some(self.finish_time),
            ..self.sent.facts(hook)
        }
    }
}

impl Facts for TaskThrowMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            exception: Some(self.exception),
            wake_time: self.wake_time,
            start_time: Some(self.start_time),
            ..Recorded::new(hook, Some(self.task))
        }
    }
}

impl Facts for TaskAfterThrowMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            command: Some(self.command.to_string()),
            finish_time: Some(self.finish_time),
            ..self.thrown.facts(hook)
        }
    }
}

impl Facts for TaskEndMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            since_spawn: Some(self.since_spawn),
            start_time: Some(self.start_time),
            finish_time: Some(self.finish_time),
            ..Recorded::new(hook, Some(self.task))
        }
    }
}

impl Facts for TaskErrorMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            failure: Some(self.failure.to_string()),
            ..self.end.facts(hook)
        }
    }
}

impl Facts for LoopParkMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            name: self.event_loop.name().map(String::from),
            stops: Some(self.stops),
            start_time: Some(self.active_since),
            finish_time: Some(self.park_time),
            ..Recorded::new(hook, None)
        }
    }
}

impl Facts for LoopUnparkMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            name: self.event_loop.name().map(String::from),
            size: Some(self.events),
            start_time: Some(self.park_time),
            finish_time: Some(self.unpark_time),
            ..Recorded::new(hook, None)
        }
    }
}

impl Facts for TimerFiredMetadata<'_> {
    fn facts(&self, hook: &'static str) -> Recorded {
        Recorded {
            start_time: Some(self.deadline),
            finish_time: Some(self.fire_time),
            ..Recorded::new(hook, self.task)
        }
    }
}
