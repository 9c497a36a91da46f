//! The hooks: each goes to those who make metrics and spans of it.

use super::tasks::TaskOutcome;
use super::{OtelInstrument, names};
use crate::instrument::*;

/// What begins is told again when it ends, and what data is made of is nobody's business.
const IGNORED: HookSet = HookSet::of(&[
    Hook::SocketConnectStart,
    Hook::SocketAcceptStart,
    Hook::SocketRecvStart,
    Hook::SocketRecvData,
    Hook::SocketSendStart,
    Hook::SocketSendData,
    Hook::DnsLookupStart,
]);

impl EventLoopInstrument for OtelInstrument {
    fn wanted_hooks(&self) -> HookSet {
        HookSet::ALL.difference(IGNORED)
    }

    fn on_queue_get(&self, metadata: &QueueMetadata<'_>) {
        self.shared.metrics.queues.got(self.shared.key, metadata);
        self.shared.queue_span(&names::QUEUE_GET, metadata);
    }

    fn on_queue_put(&self, metadata: &QueueMetadata<'_>) {
        self.shared.metrics.queues.put(self.shared.key, metadata);
        self.shared.queue_span(&names::QUEUE_PUT, metadata);
    }

    fn on_socket_open(&self, metadata: &InstrumentationMetadata<'_>) {
        self.shared.metrics.sockets.opened(metadata.socket_handle);
    }

    fn on_socket_connect_ready(&self, metadata: &SocketConnectReadyMetadata<'_>) {
        self.shared.connected(metadata);
    }

    fn on_socket_accept_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        self.shared.ready(SocketOperation::Accept, metadata);
    }

    fn on_socket_recv_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        self.shared.ready(SocketOperation::Recv, metadata);
    }

    fn on_socket_send_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        self.shared.ready(SocketOperation::Send, metadata);
    }

    fn on_socket_error(&self, metadata: &SocketErrorMetadata<'_>) {
        self.shared.socket_failed(metadata);
    }

    fn on_socket_close(&self, metadata: &InstrumentationMetadata<'_>) {
        self.shared.metrics.sockets.closed(metadata.socket_handle);
    }

    fn on_tls_handshake_complete(&self, metadata: &TlsHandshakeMetadata<'_>) {
        self.shared.handshake_complete(metadata);
    }

    fn on_tls_handshake_error(&self, metadata: &TlsHandshakeErrorMetadata<'_>) {
        self.shared.handshake_failed(metadata);
    }

    fn on_dns_lookup_ready(&self, metadata: &DnsLookupReadyMetadata<'_>) {
        self.shared.looked_up(metadata);
    }

    fn on_task_spawned(&self, metadata: &TaskSpawnedMetadata<'_>) {
        self.shared.task_spawned(metadata);
    }

    fn on_task_before_send(&self, metadata: &TaskSendMetadata<'_>) {
        let TaskSendMetadata {
            task,
            wake_time,
            start_time,
            ..
        } = *metadata;
        self.shared.task_resumed(task, wake_time, start_time);
    }

    fn on_task_after_send(&self, metadata: &TaskAfterSendMetadata<'_>) {
        let TaskSendMetadata {
            task, start_time, ..
        } = metadata.sent;
        self.shared
            .task_yielded(task, start_time, metadata.finish_time);
    }

    fn on_task_before_throw(&self, metadata: &TaskThrowMetadata<'_>) {
        let TaskThrowMetadata {
            task,
            wake_time,
            start_time,
            ..
        } = *metadata;
        self.shared.task_resumed(task, wake_time, start_time);
    }

    fn on_task_after_throw(&self, metadata: &TaskAfterThrowMetadata<'_>) {
        let TaskThrowMetadata {
            task, start_time, ..
        } = metadata.thrown;
        self.shared
            .task_yielded(task, start_time, metadata.finish_time);
    }

    fn on_task_completed(&self, metadata: &TaskEndMetadata<'_>) {
        self.shared
            .task_ended(metadata, TaskOutcome::Completed, None);
    }

    fn on_task_error(&self, metadata: &TaskErrorMetadata<'_>) {
        self.shared
            .task_ended(&metadata.end, TaskOutcome::Error, Some(&metadata.failure));
    }

    fn on_task_cancelled(&self, metadata: &TaskEndMetadata<'_>) {
        self.shared
            .task_ended(metadata, TaskOutcome::Cancelled, None);
    }

    fn on_loop_park(&self, metadata: &LoopParkMetadata<'_>) {
        self.shared.metrics.loops.parked(self.shared.key, metadata);
    }

    fn on_loop_unpark(&self, metadata: &LoopUnparkMetadata<'_>) {
        self.shared
            .metrics
            .loops
            .unparked(self.shared.key, metadata);
    }

    fn on_timer_fired(&self, metadata: &TimerFiredMetadata<'_>) {
        self.shared.metrics.tasks.timer_fired(metadata);
    }
}
