//! The event of each hook.

use super::LogInstrument;
use crate::clock::Timestamp;
use crate::instrument::metadata::*;
use crate::instrument::text::{Escape, Item, Preview};
use crate::instrument::{Address, EventLoopInstrument, Failure, SocketHandle, TaskInfo};
use tracing::debug;
use tracing::field::{DisplayValue, display};

fn seconds(start: Timestamp, finish: Timestamp) -> f64 {
    (finish - start).as_secs_f64()
}

fn id(task: Option<&TaskInfo>) -> Option<u64> {
    task.map(|task| task.id().get())
}

fn name(task: Option<&TaskInfo>) -> Option<DisplayValue<Escape<&str>>> {
    Some(display(Escape(task?.name()?)))
}

fn local(socket: &SocketHandle) -> Option<DisplayValue<Escape<&Address>>> {
    Some(display(Escape(socket.local_address()?)))
}

/// The other end: of the operation, or else of the socket.
fn peer<'a>(
    socket: &'a SocketHandle,
    of_operation: Option<&'a Address>,
) -> Option<DisplayValue<Escape<&'a Address>>> {
    Some(display(Escape(of_operation.or(socket.peer_address())?)))
}

fn error_type(failure: &Failure<'_>) -> Option<&'static str> {
    match failure {
        Failure::Error { error_type, .. } => Some(error_type.as_str()),
        Failure::Cancelled => None,
    }
}

fn outcome(failure: &Failure<'_>) -> &'static str {
    match failure {
        Failure::Error { .. } => "failed",
        Failure::Cancelled => "cancelled",
    }
}

/// An event with the fields that all events in a task share.
///
/// What the fields are made of is evaluated only where somebody wants the event.
macro_rules! event {
    ($target:literal, $task:expr, { $($fields:tt)* }, $($message:tt)+) => {
        debug!(
            target: $target,
            { task.id = id($task), task.name = name($task), $($fields)* },
            $($message)+
        )
    };
}

impl LogInstrument {
    fn shown<'a>(&self, data: &'a [u8]) -> Option<DisplayValue<Preview<'a>>> {
        Preview::of(data, self.preview).map(display)
    }
}

impl EventLoopInstrument for LogInstrument {
    fn on_queue_get(&self, metadata: &QueueMetadata<'_>) {
        event!(
            "loopscope::queue",
            metadata.task,
            {
                queue = %Escape(metadata.queue),
                item = %Item(metadata.item),
                len = metadata.len,
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "item retrieved from queue"
        );
    }

    fn on_queue_put(&self, metadata: &QueueMetadata<'_>) {
        event!(
            "loopscope::queue",
            metadata.task,
            {
                queue = %Escape(metadata.queue),
                item = %Item(metadata.item),
                len = metadata.len,
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "item put in queue"
        );
    }

    fn on_socket_open(&self, metadata: &InstrumentationMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                role = metadata.socket_handle.role().as_str(),
                peer = peer(metadata.socket_handle, None),
                local = local(metadata.socket_handle),
            },
            "socket opened"
        );
    }

    fn on_socket_connect_start(&self, metadata: &SocketConnectStartMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = %Escape(metadata.target_address),
            },
            "connecting"
        );
    }

    fn on_socket_connect_ready(&self, metadata: &SocketConnectReadyMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = %Escape(metadata.target_address),
                local = local(metadata.socket_handle),
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "connected"
        );
    }

    fn on_socket_accept_start(&self, metadata: &InstrumentationMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                local = local(metadata.socket_handle),
            },
            "waiting for a connection"
        );
    }

    fn on_socket_accept_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                accepted = metadata.accepted.map(|accepted| accepted.id().get()),
                peer = metadata.accepted.map(|accepted| display(Escape(accepted))),
                local = local(metadata.socket_handle),
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "connection accepted"
        );
    }

    fn on_socket_recv_start(&self, metadata: &InstrumentationMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = peer(metadata.socket_handle, metadata.peer_address),
            },
            "waiting for data"
        );
    }

    fn on_socket_recv_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = peer(metadata.socket_handle, metadata.peer_address),
                local = local(metadata.socket_handle),
                size = metadata.size,
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "ready to receive data"
        );
    }

    fn on_socket_recv_data(&self, metadata: &SocketRecvDataMetadata<'_>) {
        debug!(
            target: "loopscope::socket",
            socket = metadata.socket_handle.id().get(),
            peer = peer(metadata.socket_handle, None),
            size = metadata.data.len(),
            data = self.shown(metadata.data),
            "data received"
        );
    }

    fn on_socket_send_start(&self, metadata: &InstrumentationMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = peer(metadata.socket_handle, metadata.peer_address),
            },
            "starting send"
        );
    }

    fn on_socket_send_data(&self, metadata: &SocketSendDataMetadata<'_>) {
        debug!(
            target: "loopscope::socket",
            socket = metadata.socket_handle.id().get(),
            peer = peer(metadata.socket_handle, None),
            size = metadata.bytes_sent,
            of = metadata.data.len(),
            data = self.shown(metadata.data),
            "data sent"
        );
    }

    fn on_socket_send_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = peer(metadata.socket_handle, metadata.peer_address),
                local = local(metadata.socket_handle),
                size = metadata.size,
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "send completed"
        );
    }

    fn on_socket_error(&self, metadata: &SocketErrorMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = peer(metadata.socket_handle, metadata.target_address),
                local = local(metadata.socket_handle),
                operation = metadata.operation.as_str(),
                error = %Escape(metadata.failure),
                error.type = error_type(&metadata.failure),
                size = metadata.size,
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "socket operation {}", outcome(&metadata.failure)
        );
    }

    fn on_socket_close(&self, metadata: &InstrumentationMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                role = metadata.socket_handle.role().as_str(),
                peer = peer(metadata.socket_handle, None),
            },
            "socket closed"
        );
    }

    fn on_tls_handshake_complete(&self, metadata: &TlsHandshakeMetadata<'_>) {
        let session = &metadata.session;
        event!(
            "loopscope::tls",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = peer(metadata.socket_handle, None),
                server.name = metadata.server_hostname.map(|name| display(Escape(name))),
                version = session.version,
                cipher = session.cipher,
                curve = session.curve,
                protocol = session.next_protocol.map(|name| display(name.escape_ascii())),
                resumed = session.resumed,
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "TLS handshake complete"
        );
    }

    fn on_tls_handshake_error(&self, metadata: &TlsHandshakeErrorMetadata<'_>) {
        event!(
            "loopscope::tls",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = peer(metadata.socket_handle, None),
                server.name = metadata.server_hostname.map(|name| display(Escape(name))),
                error = %Escape(metadata.failure),
                error.type = error_type(&metadata.failure),
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "TLS handshake {}", outcome(&metadata.failure)
        );
    }

    fn on_dns_lookup_start(&self, metadata: &DnsLookupStartMetadata<'_>) {
        event!(
            "loopscope::socket::dns",
            metadata.task,
            {
                name = %Escape(metadata.name),
            },
            "looking up a name"
        );
    }

    fn on_dns_lookup_ready(&self, metadata: &DnsLookupReadyMetadata<'_>) {
        let failure = metadata.outcome.err();
        event!(
            "loopscope::socket::dns",
            metadata.task,
            {
                name = %Escape(metadata.name),
                answers = metadata.outcome.ok().map(tracing::field::debug),
                error = failure.map(|failure| display(Escape(failure))),
                error.type = failure.as_ref().and_then(error_type),
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "name look-up {}", failure.as_ref().map_or("complete", outcome)
        );
    }

    fn on_task_spawned(&self, metadata: &TaskSpawnedMetadata<'_>) {
        event!(
            "loopscope::task",
            Some(metadata.task),
            {
                parent = id(metadata.parent),
                detached = metadata.detached,
                serves = metadata.serves.map(|socket| display(Escape(socket))),
            },
            "task spawned"
        );
    }

    fn on_task_before_send(&self, metadata: &TaskSendMetadata<'_>) {
        event!(
            "loopscope::task",
            Some(metadata.task),
            {
                resumption = %metadata.resumption,
            },
            "task resumed"
        );
    }

    fn on_task_after_send(&self, metadata: &TaskAfterSendMetadata<'_>) {
        event!(
            "loopscope::task",
            Some(metadata.sent.task),
            {
                command = %Escape(metadata.command),
                duration = seconds(metadata.sent.start_time, metadata.finish_time),
            },
            "task waits"
        );
    }

    fn on_task_before_throw(&self, metadata: &TaskThrowMetadata<'_>) {
        event!(
            "loopscope::task",
            Some(metadata.task),
            {
                exception = %metadata.exception,
            },
            "task resumed by an error"
        );
    }

    fn on_task_after_throw(&self, metadata: &TaskAfterThrowMetadata<'_>) {
        event!(
            "loopscope::task",
            Some(metadata.thrown.task),
            {
                command = %Escape(metadata.command),
                duration = seconds(metadata.thrown.start_time, metadata.finish_time),
            },
            "task waits"
        );
    }

    fn on_task_completed(&self, metadata: &TaskEndMetadata<'_>) {
        end(metadata, None, "completed");
    }

    fn on_task_error(&self, metadata: &TaskErrorMetadata<'_>) {
        let how = if metadata.failure.is_panic() {
            "panicked"
        } else {
            "failed"
        };
        end(&metadata.end, Some(&metadata.failure), how);
    }

    fn on_task_cancelled(&self, metadata: &TaskEndMetadata<'_>) {
        end(metadata, None, "cancelled");
    }

    fn on_loop_park(&self, metadata: &LoopParkMetadata<'_>) {
        debug!(
            target: "loopscope::loop",
            event_loop = %Escape(metadata.event_loop),
            active = seconds(metadata.active_since, metadata.park_time),
            timeout = metadata.timeout.map(|timeout| timeout.as_secs_f64()),
            "loop {}", if metadata.stops { "stops" } else { "sleeps" }
        );
    }

    fn on_loop_unpark(&self, metadata: &LoopUnparkMetadata<'_>) {
        debug!(
            target: "loopscope::loop",
            event_loop = %Escape(metadata.event_loop),
            idle = seconds(metadata.park_time, metadata.unpark_time),
            events = metadata.events,
            "loop woke"
        );
    }

    fn on_timer_fired(&self, metadata: &TimerFiredMetadata<'_>) {
        event!(
            "loopscope::loop",
            metadata.task,
            {
                late = seconds(metadata.deadline, metadata.fire_time),
            },
            "timer fired"
        );
    }
}

fn end(metadata: &TaskEndMetadata<'_>, failure: Option<&TaskFailure<'_>>, how: &str) {
    event!(
        "loopscope::task",
        Some(metadata.task),
        {
            polls = metadata.task.polls(),
            busy = metadata.task.busy().as_secs_f64(),
            error = failure.map(|failure| display(Escape(failure))),
        },
        "task {how}"
    );
}
