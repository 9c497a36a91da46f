//! Structured events for logs.

use super::metadata::*;
use super::text::{Escape, Preview};
use super::{EventLoopInstrument, Failure, SocketHandle, TaskInfo};
use crate::clock::Timestamp;
use tracing::debug;

/// Emits a `tracing` event at debug level for each event, with its facts as fields.
///
/// Targets: `loopscope::socket`, `loopscope::tls`, `loopscope::dns`, `loopscope::queue`,
/// `loopscope::task`, `loopscope::loop`. Durations are in seconds. Where no `tracing` subscriber is
/// set, the events reach the `log` crate's logger.
///
/// Payloads are private: their sizes are logged, and their first bytes where a
/// [`preview`](Self::preview) is asked for.
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::instrument::{EnterScope, LogInstrument};
///
/// let _scope = LogInstrument::new().enter();
/// EventLoop::new()?.run_until_complete(async { /* … */ });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct LogInstrument {
    preview: usize,
}

impl LogInstrument {
    /// Logs sizes only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Logs also the first `bytes` bytes of what is sent and received.
    #[must_use]
    pub fn preview(mut self, bytes: usize) -> Self {
        self.preview = bytes;
        self
    }
}

fn seconds(start: Timestamp, finish: Timestamp) -> f64 {
    (finish - start).as_secs_f64()
}

fn id(task: Option<&TaskInfo>) -> Option<u64> {
    task.map(|task| task.id().get())
}

fn name(task: Option<&TaskInfo>) -> Option<&str> {
    task.and_then(TaskInfo::name)
}

/// The other end's address; a listener's own.
fn peer(socket: &SocketHandle) -> String {
    socket.to_string()
}

fn local(socket: &SocketHandle) -> Option<String> {
    socket.local_address().map(ToString::to_string)
}

/// An event with the facts that all events in a task share.
macro_rules! event {
    ($target:literal, $task:expr, { $($fields:tt)* }, $($message:tt)+) => {{
        let task: Option<&TaskInfo> = $task;
        debug!(
            target: $target,
            { task.id = id(task), task.name = name(task), $($fields)* },
            $($message)+
        );
    }};
}

impl EventLoopInstrument for LogInstrument {
    fn on_queue_get(&self, metadata: &QueueMetadata<'_>) {
        event!(
            "loopscope::queue",
            metadata.task,
            {
                queue = %Escape(metadata.queue),
                item = %Escape(format_args!("{:?}", metadata.item)),
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
                item = %Escape(format_args!("{:?}", metadata.item)),
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
                peer = %metadata.target_address,
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
                peer = %metadata.target_address,
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
                socket = metadata.accepted.map(|accepted| accepted.id().get()),
                peer = metadata.accepted.map(|accepted| peer(accepted)),
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
                peer = peer(metadata.socket_handle),
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
                peer = peer(metadata.socket_handle),
                size = metadata.size,
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "data received"
        );
    }

    fn on_socket_recv_data(&self, metadata: &SocketRecvDataMetadata<'_>) {
        let preview = Preview {
            data: metadata.data,
            limit: self.preview,
        };
        debug!(target: "loopscope::socket", socket = metadata.socket_handle.id().get(),
            size = metadata.data.len(), "got {} bytes{preview}", metadata.data.len());
    }

    fn on_socket_send_start(&self, metadata: &InstrumentationMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = peer(metadata.socket_handle),
            },
            "sending"
        );
    }

    fn on_socket_send_data(&self, metadata: &SocketSendDataMetadata<'_>) {
        let preview = Preview {
            data: metadata.data,
            limit: self.preview,
        };
        debug!(target: "loopscope::socket", socket = metadata.socket_handle.id().get(),
            size = metadata.bytes_sent,
            "sent {}/{} bytes{preview}", metadata.bytes_sent, metadata.data.len());
    }

    fn on_socket_send_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = peer(metadata.socket_handle),
                size = metadata.size,
                immediate = metadata.immediate,
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "data sent"
        );
    }

    fn on_socket_error(&self, metadata: &SocketErrorMetadata<'_>) {
        let error_type = error_type(&metadata.failure);
        event!(
            "loopscope::socket",
            metadata.task,
            {
                socket = metadata.socket_handle.id().get(),
                peer = peer(metadata.socket_handle),
                operation = metadata.operation.as_str(),
                error.type = error_type,
                error = %Escape(metadata.failure),
                size = metadata.size,
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
                peer = peer(metadata.socket_handle),
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
                peer = peer(metadata.socket_handle),
                server.name = metadata .server_hostname .map(|name| Escape(name).to_string()),
                version = session.version,
                cipher = session.cipher,
                curve = session.curve,
                resumed = session.resumed,
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
                peer = peer(metadata.socket_handle),
                server.name = metadata.server_hostname.map(|name| Escape(name).to_string()),
                error.type = error_type(&metadata.failure),
                error = %Escape(metadata.failure),
                duration = seconds(metadata.start_time, metadata.finish_time),
            },
            "TLS handshake {}", outcome(&metadata.failure)
        );
    }

    fn on_dns_lookup_start(&self, metadata: &DnsLookupStartMetadata<'_>) {
        event!(
            "loopscope::dns",
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
            "loopscope::dns",
            metadata.task,
            {
                name = %Escape(metadata.name),
                answers = ?metadata.outcome.unwrap_or_default(),
                error.type = failure.as_ref().and_then(error_type),
                error = failure.map(|failure| Escape(failure).to_string()),
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
        end(metadata, None, "task completed");
    }

    fn on_task_error(&self, metadata: &TaskErrorMetadata<'_>) {
        let message = if metadata.failure.is_panic() {
            "task panicked"
        } else {
            "task failed"
        };
        end(
            &metadata.end,
            Some(Escape(metadata.failure).to_string()),
            message,
        );
    }

    fn on_task_cancelled(&self, metadata: &TaskEndMetadata<'_>) {
        end(metadata, None, "task cancelled");
    }

    fn on_loop_park(&self, metadata: &LoopParkMetadata<'_>) {
        debug!(target: "loopscope::loop", event_loop = %Escape(metadata.event_loop),
            active = seconds(metadata.active_since, metadata.park_time),
            stops = metadata.stops, "loop sleeps");
    }

    fn on_loop_unpark(&self, metadata: &LoopUnparkMetadata<'_>) {
        debug!(target: "loopscope::loop", event_loop = %Escape(metadata.event_loop),
            idle = seconds(metadata.park_time, metadata.unpark_time),
            events = metadata.events, "loop woke");
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

fn end(metadata: &TaskEndMetadata<'_>, error: Option<String>, message: &'static str) {
    event!(
        "loopscope::task",
        Some(metadata.task),
        {
            polls = metadata.task.polls(),
            busy = metadata.task.busy().as_secs_f64(),
            error = error,
        },
        "{message}"
    );
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
