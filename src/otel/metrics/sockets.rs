//! Sockets.

use super::{
    LazyCounter, LazyHistogram, LazyUpDownCounter, failure_attribute, histogram, u64_counter,
    up_down_counter,
};
use crate::instrument::{
    SocketErrorMetadata, SocketHandle, SocketOperation, SocketRole, Transport,
};
use crate::otel::names;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};

const TRANSPORTS: usize = 3;

pub(in crate::otel) struct SocketMetrics {
    duration: Histogram<f64>,
    /// By operation, by whether it was immediate, by transport.
    durations: [[[LazyHistogram; TRANSPORTS]; 2]; 4],
    io: Counter<u64>,
    received: [LazyCounter<u64>; TRANSPORTS],
    transmitted: [LazyCounter<u64>; TRANSPORTS],
    active: UpDownCounter<i64>,
    /// By role and transport.
    actives: [[LazyUpDownCounter; TRANSPORTS]; 3],
}

impl SocketMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            duration: histogram(meter, &names::SOCKET_OPERATION_DURATION),
            durations: Default::default(),
            io: u64_counter(meter, &names::SOCKET_IO),
            received: Default::default(),
            transmitted: Default::default(),
            active: up_down_counter(meter, &names::SOCKET_ACTIVE),
            actives: Default::default(),
        }
    }

    /// An operation succeeded.
    pub(in crate::otel) fn succeeded(
        &self,
        operation: SocketOperation,
        immediate: bool,
        transport: Transport,
        seconds: f64,
    ) {
        let by_transport = &self.durations[operation_index(operation)][usize::from(immediate)];
        by_transport[transport_index(transport)]
            .get_or_init(|| {
                self.duration
                    .bind(&operation_attributes(operation, immediate, transport))
            })
            .record(seconds);
    }

    /// An operation failed or was cancelled.
    pub(in crate::otel) fn failed(&self, metadata: &SocketErrorMetadata<'_>) {
        let [operation, immediate, transport] = operation_attributes(
            metadata.operation,
            metadata.immediate,
            metadata.socket_handle.transport(),
        );
        self.duration.record(
            metadata.finish_time.seconds_since(metadata.start_time),
            &[
                operation,
                immediate,
                transport,
                failure_attribute(&metadata.failure),
            ],
        );
    }

    /// An operation moved bytes, with whatever success.
    pub(in crate::otel) fn moved(
        &self,
        operation: SocketOperation,
        transport: Transport,
        size: usize,
    ) {
        let (counters, direction) = match operation {
            SocketOperation::Recv => (&self.received, "receive"),
            SocketOperation::Send => (&self.transmitted, "transmit"),
            SocketOperation::Connect | SocketOperation::Accept => return,
        };
        if size == 0 {
            return;
        }
        counters[transport_index(transport)]
            .get_or_init(|| {
                self.io.bind(&[
                    KeyValue::new(names::NETWORK_IO_DIRECTION, direction),
                    KeyValue::new(names::NETWORK_TRANSPORT, transport.as_str()),
                ])
            })
            .add(size as u64);
    }

    /// A socket was opened.
    pub(in crate::otel) fn opened(&self, socket: &SocketHandle) {
        self.add_active(socket, 1);
    }

    /// A socket was closed.
    pub(in crate::otel) fn closed(&self, socket: &SocketHandle) {
        self.add_active(socket, -1);
    }

    fn add_active(&self, socket: &SocketHandle, change: i64) {
        let (role, transport) = (socket.role(), socket.transport());
        self.actives[role_index(role)][transport_index(transport)]
            .get_or_init(|| {
                self.active.bind(&[
                    KeyValue::new(names::NETWORK_TRANSPORT, transport.as_str()),
                    KeyValue::new(names::SOCKET_ROLE, role.as_str()),
                ])
            })
            .add(change);
    }
}

fn operation_attributes(
    operation: SocketOperation,
    immediate: bool,
    transport: Transport,
) -> [KeyValue; 3] {
    [
        KeyValue::new(names::SOCKET_OPERATION, operation.as_str()),
        KeyValue::new(names::IMMEDIATE, immediate),
        KeyValue::new(names::NETWORK_TRANSPORT, transport.as_str()),
    ]
}

// Places in the arrays above, by `match` so that another variant does not compile.

fn operation_index(operation: SocketOperation) -> usize {
    match operation {
        SocketOperation::Connect => 0,
        SocketOperation::Accept => 1,
        SocketOperation::Recv => 2,
        SocketOperation::Send => 3,
    }
}

fn transport_index(transport: Transport) -> usize {
    match transport {
        Transport::Tcp => 0,
        Transport::Udp => 1,
        Transport::Unix => 2,
    }
}

fn role_index(role: SocketRole) -> usize {
    match role {
        SocketRole::Client => 0,
        SocketRole::Server => 1,
        SocketRole::Listener => 2,
    }
}
