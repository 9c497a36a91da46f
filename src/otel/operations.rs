//! Operations: what a task does and waits for, as a measurement and perhaps a span.

use super::Shared;
use super::attributes::{dns_answers, push_peer, push_socket, push_tls_session};
use super::lane::{LaneOperation, LaneParent, LaneSpan};
use super::metrics::signed;
use super::names::{self, SpanDefinition};
use super::spans::Operation;
use crate::instrument::*;
use opentelemetry::KeyValue;
use std::fmt;

/// What all metadata of operations has.
macro_rules! operation {
    ($metadata:expr, $failure:expr) => {
        Operation {
            task: $metadata.task,
            immediate: $metadata.immediate,
            start_time: $metadata.start_time,
            finish_time: $metadata.finish_time,
            failure: $failure,
        }
    };
}

impl Shared {
    pub(super) fn connected(&self, metadata: &SocketConnectReadyMetadata<'_>) {
        let operation = operation!(metadata, None);
        let SocketConnectReadyMetadata {
            socket_handle: socket,
            target_address: target,
            ..
        } = *metadata;
        self.metrics.sockets.succeeded(
            SocketOperation::Connect,
            metadata.immediate,
            socket.transport(),
            metadata.finish_time.seconds_since(metadata.start_time),
        );
        self.span(&names::SOCKET_CONNECT, &operation, |attributes| {
            push_socket(attributes, self.key, socket, Some(target));
            Some(target)
        });
    }

    pub(super) fn ready(
        &self,
        kind: SocketOperation,
        metadata: &ReadySocketInstrumentationMetadata<'_>,
    ) {
        let operation = operation!(metadata, None);
        let transport = metadata.socket_handle.transport();
        let sockets = &self.metrics.sockets;
        let seconds = metadata.finish_time.seconds_since(metadata.start_time);
        sockets.succeeded(kind, metadata.immediate, transport, seconds);
        sockets.moved(kind, transport, metadata.size.unwrap_or(0));
        if self.by_lane(kind, &operation, metadata) {
            return;
        }
        // Of an accept, the connection tells more than the listener.
        let socket = metadata.accepted.unwrap_or(metadata.socket_handle);
        self.span(socket_span(kind), &operation, |attributes| {
            push_socket(attributes, self.key, socket, metadata.peer_address);
            attributes.extend(metadata.size.map(size_attribute));
            NO_DETAIL
        });
    }

    /// Makes the span of a receive or a send by the lane, where that takes it; whether it does.
    fn by_lane(
        &self,
        kind: SocketOperation,
        operation: &Operation<'_>,
        metadata: &ReadySocketInstrumentationMetadata<'_>,
    ) -> bool {
        let Some((lane, parent)) = self.spans.lane(operation) else {
            return false;
        };
        let Some(span) = self.lane_span(kind, parent, metadata) else {
            return false;
        };
        lane.take(&span);
        true
    }

    fn lane_span<'a>(
        &self,
        kind: SocketOperation,
        parent: LaneParent,
        metadata: &ReadySocketInstrumentationMetadata<'a>,
    ) -> Option<LaneSpan<'a>> {
        let socket = metadata.socket_handle;
        if metadata.peer_address.is_some() && socket.peer_address().is_none() {
            // Each of these may have another peer.
            return None;
        }
        Some(LaneSpan {
            operation: match kind {
                SocketOperation::Recv => LaneOperation::Recv,
                SocketOperation::Send => LaneOperation::Send,
                SocketOperation::Connect | SocketOperation::Accept => return None,
            },
            parent,
            socket,
            task: metadata.task?,
            immediate: metadata.immediate,
            size: metadata.size?.try_into().ok()?,
            start_time: metadata.start_time,
            finish_time: metadata.finish_time,
            key: self.key,
        })
    }

    pub(super) fn socket_failed(&self, metadata: &SocketErrorMetadata<'_>) {
        let operation = operation!(metadata, Some(metadata.failure));
        let SocketErrorMetadata {
            socket_handle: socket,
            operation: kind,
            target_address: target,
            ..
        } = *metadata;
        self.metrics.sockets.failed(metadata);
        self.metrics
            .sockets
            .moved(kind, socket.transport(), metadata.size);
        self.span(socket_span(kind), &operation, |attributes| {
            push_socket(attributes, self.key, socket, target);
            if matches!(kind, SocketOperation::Recv | SocketOperation::Send) {
                attributes.push(size_attribute(metadata.size));
            }
            target
        });
    }

    pub(super) fn handshake_complete(&self, metadata: &TlsHandshakeMetadata<'_>) {
        self.metrics.tls.succeeded(metadata);
        let operation = operation!(metadata, None);
        self.handshake_span(
            metadata.socket_handle,
            metadata.server_hostname,
            &operation,
            Some(&metadata.session),
        );
    }

    pub(super) fn handshake_failed(&self, metadata: &TlsHandshakeErrorMetadata<'_>) {
        self.metrics.tls.failed(metadata);
        let operation = operation!(metadata, Some(metadata.failure));
        self.handshake_span(
            metadata.socket_handle,
            metadata.server_hostname,
            &operation,
            None,
        );
    }

    fn handshake_span(
        &self,
        socket: &SocketHandle,
        server_hostname: Option<&str>,
        operation: &Operation<'_>,
        session: Option<&TlsSession<'_>>,
    ) {
        let (definition, detail) = match socket.role() {
            SocketRole::Client => (&names::TLS_CLIENT_HANDSHAKE, server_hostname),
            SocketRole::Server | SocketRole::Listener => (&names::TLS_SERVER_HANDSHAKE, None),
        };
        self.span(definition, operation, |attributes| {
            attributes.push(KeyValue::new(names::TLS_PROTOCOL_NAME, "tls"));
            attributes.push(KeyValue::new(names::TLS_ESTABLISHED, session.is_some()));
            if let Some(session) = session {
                push_tls_session(attributes, session);
            }
            if let Some(name) = server_hostname {
                attributes.push(KeyValue::new(names::SERVER_ADDRESS, name.to_owned()));
            }
            push_peer(attributes, socket.peer_address());
            detail
        });
    }

    pub(super) fn looked_up(&self, metadata: &DnsLookupReadyMetadata<'_>) {
        self.metrics.dns.ended(metadata);
        let operation = operation!(metadata, metadata.outcome.err());
        self.span(&names::DNS_LOOKUP, &operation, |attributes| {
            let name = metadata.name.to_owned();
            attributes.push(KeyValue::new(names::DNS_QUESTION_NAME, name));
            attributes.extend(metadata.outcome.ok().map(dns_answers));
            Some(metadata.name)
        });
    }

    pub(super) fn queue_span(&self, definition: &SpanDefinition, metadata: &QueueMetadata<'_>) {
        if !self.spans.settings.queue_spans {
            return;
        }
        let operation = operation!(metadata, None);
        self.span(definition, &operation, |attributes| {
            let name = metadata.queue.name();
            attributes.extend(name.map(|name| KeyValue::new(names::QUEUE_NAME, name.to_owned())));
            name
        });
    }

    fn span<D: fmt::Display>(
        &self,
        definition: &SpanDefinition,
        operation: &Operation<'_>,
        describe: impl FnOnce(&mut Vec<KeyValue>) -> Option<D>,
    ) {
        self.spans.record(self.key, definition, operation, describe);
    }
}

/// Of a span whose name says it all.
const NO_DETAIL: Option<&str> = None;

fn socket_span(operation: SocketOperation) -> &'static SpanDefinition {
    match operation {
        SocketOperation::Connect => &names::SOCKET_CONNECT,
        SocketOperation::Accept => &names::SOCKET_ACCEPT,
        SocketOperation::Recv => &names::SOCKET_RECV,
        SocketOperation::Send => &names::SOCKET_SEND,
    }
}

fn size_attribute(size: usize) -> KeyValue {
    KeyValue::new(names::IO_SIZE, signed(size))
}
