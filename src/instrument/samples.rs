//! One event of each hook, for the tests of what hears them.

use super::event_loop_instrument::for_each_hook;
use super::metadata::*;
use super::{
    Address, Command, EventLoopInstrument, Failure, QueueInfo, Resumption, SocketHandle,
    SocketRole, TaskException, TaskId, TaskInfo, Transport,
};
use crate::clock::Timestamp;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

/// When each operation started, ten milliseconds before its end.
pub(super) const START: Timestamp = Timestamp::from_nanos(1_000_000_000);
/// When each operation ended.
pub(super) const FINISH: Timestamp = Timestamp::from_nanos(1_010_000_000);

/// What the sample events are about. Its names hold what an attacker might put into them.
pub(super) struct Samples {
    pub(super) task: TaskInfo,
    pub(super) parent: TaskInfo,
    pub(super) queue: Rc<QueueInfo>,
    pub(super) socket: Rc<SocketHandle>,
    pub(super) listener: Rc<SocketHandle>,
    target: Address,
    event_loop: LoopInfo,
    command: Command,
    error: io::Error,
    panic: String,
    answers: [IpAddr; 2],
}

impl Samples {
    pub(super) fn new() -> Self {
        let address = |text: &str| Address::Ip(text.parse().expect("an address"));
        let socket = SocketHandle::new(Transport::Tcp, SocketRole::Client);
        socket.set_peer_address(address("192.0.2.1:443"));
        socket.set_local_address(address("192.0.2.9:50000"));
        let listener = SocketHandle::new(Transport::Tcp, SocketRole::Listener);
        listener.set_local_address(address("192.0.2.9:80"));
        let parent = TaskInfo::new(TaskId::new(), None, None, None);
        let name = Some("evil\x1b[2J\nname".into());
        Self {
            task: TaskInfo::new(TaskId::new(), name, Some(parent.id()), Some(START)),
            parent,
            queue: Rc::new(QueueInfo::new(Some("jobs\r".into()), Some(8))),
            socket: Rc::new(socket),
            listener: Rc::new(listener),
            target: address("192.0.2.1:443"),
            event_loop: LoopInfo::new(Some("main\t".into())),
            command: Command::DnsLookup {
                name: "ex\nample".into(),
            },
            error: io::Error::new(io::ErrorKind::ConnectionReset, "reset\nby peer"),
            panic: "boom\x1b]0;title\x07".into(),
            answers: [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        }
    }

    fn event_on<'a>(&'a self, socket: &'a Rc<SocketHandle>) -> InstrumentationMetadata<'a> {
        InstrumentationMetadata::new(Some(&self.task), socket, START)
    }

    fn ready<'a>(&'a self, socket: &'a Rc<SocketHandle>) -> ReadySocketInstrumentationMetadata<'a> {
        let task = Some(&self.task);
        let mut metadata =
            ReadySocketInstrumentationMetadata::new(task, socket, false, START, FINISH);
        metadata.ready_time = Some(FINISH);
        metadata
    }

    fn moved(&self) -> ReadySocketInstrumentationMetadata<'_> {
        let mut metadata = self.ready(&self.socket);
        metadata.size = Some(5);
        metadata
    }

    /// A failure of the sample error.
    pub(super) fn failure(&self) -> Failure<'_> {
        Failure::from_io(&self.error)
    }

    fn end(&self) -> TaskEndMetadata<'_> {
        TaskEndMetadata::new(&self.task, true, START, FINISH)
    }
}

/// What each hook is told, in a method of the hook's name.
impl Samples {
    pub(super) fn on_queue_get(&self) -> QueueMetadata<'_> {
        QueueMetadata::new(Some(&self.task), &self.queue, &42, 0, false, START, FINISH)
    }

    pub(super) fn on_queue_put(&self) -> QueueMetadata<'_> {
        QueueMetadata::new(Some(&self.task), &self.queue, &42, 1, true, START, START)
    }

    pub(super) fn on_socket_open(&self) -> InstrumentationMetadata<'_> {
        self.event_on(&self.socket)
    }

    pub(super) fn on_socket_connect_start(&self) -> SocketConnectStartMetadata<'_> {
        SocketConnectStartMetadata::new(Some(&self.task), &self.socket, &self.target, START)
    }

    pub(super) fn on_socket_connect_ready(&self) -> SocketConnectReadyMetadata<'_> {
        let (task, socket) = (Some(&self.task), &self.socket);
        SocketConnectReadyMetadata::new(task, socket, &self.target, false, START, FINISH)
    }

    pub(super) fn on_socket_accept_start(&self) -> InstrumentationMetadata<'_> {
        self.event_on(&self.listener)
    }

    pub(super) fn on_socket_accept_ready(&self) -> ReadySocketInstrumentationMetadata<'_> {
        let mut metadata = self.ready(&self.listener);
        metadata.accepted = Some(&self.socket);
        metadata
    }

    pub(super) fn on_socket_recv_start(&self) -> InstrumentationMetadata<'_> {
        self.event_on(&self.socket)
    }

    pub(super) fn on_socket_recv_ready(&self) -> ReadySocketInstrumentationMetadata<'_> {
        self.moved()
    }

    pub(super) fn on_socket_recv_data(&self) -> SocketRecvDataMetadata<'_> {
        SocketRecvDataMetadata::new(&self.socket, b"hello")
    }

    pub(super) fn on_socket_send_start(&self) -> InstrumentationMetadata<'_> {
        self.event_on(&self.socket)
    }

    pub(super) fn on_socket_send_data(&self) -> SocketSendDataMetadata<'_> {
        SocketSendDataMetadata::new(&self.socket, b"hello world", 5)
    }

    pub(super) fn on_socket_send_ready(&self) -> ReadySocketInstrumentationMetadata<'_> {
        self.moved()
    }

    pub(super) fn on_socket_error(&self) -> SocketErrorMetadata<'_> {
        let (task, socket, failure) = (Some(&self.task), &self.socket, self.failure());
        SocketErrorMetadata::new(task, socket, SocketOperation::Recv, failure, START, FINISH)
    }

    pub(super) fn on_socket_close(&self) -> InstrumentationMetadata<'_> {
        self.event_on(&self.socket)
    }

    pub(super) fn on_tls_handshake_complete(&self) -> TlsHandshakeMetadata<'_> {
        let session = TlsSession {
            version: Some("TLSv1.3"),
            cipher: Some("TLS_AES_256_GCM_SHA384"),
            curve: Some("X25519"),
            next_protocol: Some(b"h\x1b2"),
            resumed: Some(false),
        };
        let (task, socket) = (Some(&self.task), &self.socket);
        let mut metadata = TlsHandshakeMetadata::new(task, socket, session, false, START, FINISH);
        metadata.server_hostname = Some("ex\nample");
        metadata
    }

    pub(super) fn on_tls_handshake_error(&self) -> TlsHandshakeErrorMetadata<'_> {
        let (task, socket, failure) = (Some(&self.task), &self.socket, self.failure());
        TlsHandshakeErrorMetadata::new(task, socket, failure, false, START, FINISH)
    }

    pub(super) fn on_dns_lookup_start(&self) -> DnsLookupStartMetadata<'_> {
        DnsLookupStartMetadata::new(Some(&self.task), "ex\nample", START)
    }

    pub(super) fn on_dns_lookup_ready(&self) -> DnsLookupReadyMetadata<'_> {
        let (task, answers) = (Some(&self.task), Ok(&self.answers[..]));
        DnsLookupReadyMetadata::new(task, "ex\nample", answers, false, START, FINISH)
    }

    pub(super) fn on_task_spawned(&self) -> TaskSpawnedMetadata<'_> {
        TaskSpawnedMetadata::new(&self.task, Some(&self.parent), START)
    }

    pub(super) fn on_task_before_send(&self) -> TaskSendMetadata<'_> {
        TaskSendMetadata::new(&self.task, Resumption::Started, START)
    }

    pub(super) fn on_task_after_send(&self) -> TaskAfterSendMetadata<'_> {
        TaskAfterSendMetadata::new(self.on_task_before_send(), &self.command, FINISH)
    }

    pub(super) fn on_task_before_throw(&self) -> TaskThrowMetadata<'_> {
        TaskThrowMetadata::new(&self.task, TaskException::TimedOut, START)
    }

    pub(super) fn on_task_after_throw(&self) -> TaskAfterThrowMetadata<'_> {
        TaskAfterThrowMetadata::new(self.on_task_before_throw(), &self.command, FINISH)
    }

    pub(super) fn on_task_completed(&self) -> TaskEndMetadata<'_> {
        self.end()
    }

    pub(super) fn on_task_error(&self) -> TaskErrorMetadata<'_> {
        TaskErrorMetadata::new(self.end(), TaskFailure::Panic(&self.panic))
    }

    pub(super) fn on_task_cancelled(&self) -> TaskEndMetadata<'_> {
        self.end()
    }

    pub(super) fn on_loop_park(&self) -> LoopParkMetadata<'_> {
        LoopParkMetadata::new(&self.event_loop, START, FINISH)
    }

    pub(super) fn on_loop_unpark(&self) -> LoopUnparkMetadata<'_> {
        let mut metadata = LoopUnparkMetadata::new(&self.event_loop, START, FINISH);
        metadata.events = 3;
        metadata
    }

    pub(super) fn on_timer_fired(&self) -> TimerFiredMetadata<'_> {
        TimerFiredMetadata::new(Some(&self.task), START, FINISH)
    }
}

macro_rules! fire_all {
    ($($hook:ident = $name:ident: $metadata:ty,)*) => {
        /// The name of every hook.
        pub(super) const HOOKS: &[&str] = &[$(stringify!($hook)),*];

        impl Samples {
            /// Fires every hook once, in the order of [`HOOKS`], and calls `after` after each.
            pub(super) fn fire_all(
                &self,
                instrument: &dyn EventLoopInstrument,
                mut after: impl FnMut(&'static str),
            ) {
                $(
                    instrument.$hook(&self.$hook());
                    after(stringify!($hook));
                )*
            }
        }
    };
}

for_each_hook!(fire_all);
