//! Operations as spans: names, attributes, times, failures, and which of them are made.

use crate::support::*;
use loopscope::instrument::*;
use loopscope::otel::{OtelInstrument, SpanPolicy};
use opentelemetry::trace::{SpanKind, Status};
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

const BOTH_ENDS: [&str; 6] = [
    "network.local.address=10.0.0.1",
    "network.local.port=50000",
    "network.peer.address=10.0.0.2",
    "network.peer.port=443",
    "network.transport=tcp",
    "network.type=ipv4",
];

fn with_ends<'a>(others: &[&'a str]) -> Vec<&'a str> {
    [&BOTH_ENDS, others].concat()
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "nobody there")
}

#[test]
fn a_connect_is_named_after_its_target() {
    let bridge = Bridge::new();
    let (socket, target) = (client(), address("10.0.0.2:443"));
    let task = task(Some("fetch"));
    let metadata =
        SocketConnectReadyMetadata::new(Some(&task), &socket, &target, false, at(10), at(260));
    bridge.otel.on_socket_connect_ready(&metadata);

    let span = bridge.only_span();
    assert_eq!(span.name, "socket connect 10.0.0.2:443");
    assert_eq!(span.span_kind, SpanKind::Internal);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.start_time, at(10).to_system_time());
    assert_eq!(
        span.end_time.duration_since(span.start_time).unwrap(),
        Duration::from_millis(250)
    );
    let id = format!("loopscope.task.id={}", task.id());
    assert_attributes(
        &span,
        &with_ends(&[
            "loopscope.immediate=false",
            "loopscope.task.name=fetch",
            &id,
        ]),
    );
}

#[test]
fn the_scope_tells_library_version_and_conventions() {
    let bridge = Bridge::new();
    bridge.otel.recv(None);
    let scope = bridge.only_span().instrumentation_scope;
    assert_eq!(scope.name(), "loopscope");
    assert_eq!(scope.version(), Some(env!("CARGO_PKG_VERSION")));
    let url = "https://opentelemetry.io/schemas/1.44.0";
    assert_eq!(scope.schema_url(), Some(url));
}

#[test]
fn addresses_of_ipv6_and_unix_sockets() {
    let bridge = Bridge::new();
    let six = socket(SocketRole::Client, "[::1]:50000", None);
    let target = address("[2001:db8::7]:80");
    bridge
        .otel
        .on_socket_connect_ready(&SocketConnectReadyMetadata::new(
            None,
            &six,
            &target,
            true,
            at(1),
            at(2),
        ));
    let unix = Rc::new(SocketHandle::new(Transport::Unix, SocketRole::Client));
    unix.set_local_address(Address::Unix(None));
    let target = Address::Unix(Some(PathBuf::from("/run/db.sock")));
    bridge
        .otel
        .on_socket_connect_ready(&SocketConnectReadyMetadata::new(
            None,
            &unix,
            &target,
            true,
            at(1),
            at(2),
        ));

    assert_attributes(
        &bridge.span_named("socket connect [2001:db8::7]:80"),
        &[
            "loopscope.immediate=true",
            "network.local.address=::1",
            "network.local.port=50000",
            "network.peer.address=2001:db8::7",
            "network.peer.port=80",
            "network.transport=tcp",
            "network.type=ipv6",
        ],
    );
    assert_attributes(
        &bridge.span_named("socket connect /run/db.sock"),
        &[
            "loopscope.immediate=true",
            "network.peer.address=/run/db.sock",
            "network.transport=unix",
        ],
    );
}

#[test]
fn an_accept_shows_the_connection() {
    let bridge = Bridge::new();
    let listener = socket(SocketRole::Listener, "0.0.0.0:443", None);
    let accepted = socket(SocketRole::Server, "10.0.0.1:443", Some("10.0.0.9:50001"));
    let mut metadata =
        ReadySocketInstrumentationMetadata::new(None, &listener, false, at(0), at(5));
    metadata.accepted = Some(&accepted);
    bridge.otel.on_socket_accept_ready(&metadata);

    let span = bridge.only_span();
    assert_eq!(span.name, "socket accept");
    assert_attributes(
        &span,
        &[
            "loopscope.immediate=false",
            "network.local.address=10.0.0.1",
            "network.local.port=443",
            "network.peer.address=10.0.0.9",
            "network.peer.port=50001",
            "network.transport=tcp",
            "network.type=ipv4",
        ],
    );
}

#[test]
fn recv_and_send_tell_their_size() {
    let bridge = Bridge::new();
    bridge.otel.recv(None);
    let socket = client();
    let mut metadata = ReadySocketInstrumentationMetadata::new(None, &socket, true, at(0), at(0));
    metadata.size = Some(7);
    bridge.otel.on_socket_send_ready(&metadata);

    assert_attributes(
        &bridge.span_named("socket recv"),
        &with_ends(&["loopscope.immediate=false", "loopscope.io.size=5"]),
    );
    assert_attributes(
        &bridge.span_named("socket send"),
        &with_ends(&["loopscope.immediate=true", "loopscope.io.size=7"]),
    );
}

#[test]
fn a_failure_sets_status_and_error_type() {
    let bridge = Bridge::new();
    let error = refused();
    let (socket, target) = (
        socket(SocketRole::Client, "10.0.0.1:50000", None),
        address("10.0.0.2:443"),
    );
    let mut metadata = SocketErrorMetadata::new(
        None,
        &socket,
        SocketOperation::Connect,
        Failure::from_io(&error),
        at(10),
        at(260),
    );
    metadata.target_address = Some(&target);
    metadata.immediate = false;
    bridge.otel.on_socket_error(&metadata);

    let span = bridge.only_span();
    assert_eq!(span.name, "socket connect 10.0.0.2:443");
    assert_eq!(span.status, crate::support::error("nobody there"));
    assert_attributes(
        &span,
        &with_ends(&["loopscope.immediate=false", "error.type=connection_refused"]),
    );
}

#[test]
fn a_cancelled_operation_is_no_error() {
    let bridge = Bridge::new();
    let socket = client();
    let mut metadata = SocketErrorMetadata::new(
        None,
        &socket,
        SocketOperation::Send,
        Failure::Cancelled,
        at(10),
        at(260),
    );
    metadata.immediate = false;
    metadata.size = 3;
    bridge.otel.on_socket_error(&metadata);

    let span = bridge.only_span();
    assert_eq!(span.name, "socket send");
    assert_eq!(span.status, Status::Unset);
    assert_attributes(
        &span,
        &with_ends(&[
            "loopscope.immediate=false",
            "loopscope.io.size=3",
            "loopscope.outcome=cancelled",
        ]),
    );
}

#[test]
fn handshakes_of_both_sides() {
    let bridge = Bridge::new();
    let mut session = TlsSession::default();
    session.version = Some("TLSv1.3");
    session.cipher = Some("TLS_AES_256_GCM_SHA384");
    session.curve = Some("X25519");
    session.next_protocol = Some(b"h2");
    session.resumed = Some(true);
    let socket = client();
    let mut metadata = TlsHandshakeMetadata::new(None, &socket, session, false, at(0), at(9));
    metadata.server_hostname = Some("example.org");
    bridge.otel.on_tls_handshake_complete(&metadata);
    let server = crate::support::socket(SocketRole::Server, "10.0.0.1:443", None);
    let metadata =
        TlsHandshakeMetadata::new(None, &server, TlsSession::default(), false, at(0), at(9));
    bridge.otel.on_tls_handshake_complete(&metadata);

    assert_attributes(
        &bridge.span_named("TLS client handshake example.org"),
        &[
            "loopscope.immediate=false",
            "network.peer.address=10.0.0.2",
            "network.peer.port=443",
            "server.address=example.org",
            "tls.cipher=TLS_AES_256_GCM_SHA384",
            "tls.curve=X25519",
            "tls.established=true",
            "tls.next_protocol=h2",
            "tls.protocol.name=tls",
            "tls.protocol.version=1.3",
            "tls.resumed=true",
        ],
    );
    assert_attributes(
        &bridge.span_named("TLS server handshake"),
        &[
            "loopscope.immediate=false",
            "tls.established=true",
            "tls.protocol.name=tls",
        ],
    );
}

#[test]
fn a_handshake_that_fails() {
    let bridge = Bridge::new();
    let error = io::Error::other("certificate expired");
    let failure = Failure::Error {
        error: &error,
        error_type: ErrorType::TlsCertificateExpired,
    };
    let socket = client();
    let mut metadata = TlsHandshakeErrorMetadata::new(None, &socket, failure, false, at(0), at(9));
    metadata.server_hostname = Some("example.org");
    bridge.otel.on_tls_handshake_error(&metadata);

    let span = bridge.only_span();
    assert_eq!(span.name, "TLS client handshake example.org");
    assert_eq!(span.status, crate::support::error("certificate expired"));
    assert_attributes(
        &span,
        &[
            "error.type=tls_certificate_expired",
            "loopscope.immediate=false",
            "network.peer.address=10.0.0.2",
            "network.peer.port=443",
            "server.address=example.org",
            "tls.established=false",
            "tls.protocol.name=tls",
        ],
    );
}

#[test]
fn look_ups() {
    let bridge = Bridge::new();
    let addresses: [IpAddr; 2] = ["10.0.0.2".parse().unwrap(), "::1".parse().unwrap()];
    let found = DnsLookupReadyMetadata::new(None, "a.example", Ok(&addresses), false, at(0), at(3));
    bridge.otel.on_dns_lookup_ready(&found);
    let error = io::Error::other("no such host");
    let failure = Failure::Error {
        error: &error,
        error_type: ErrorType::HostNotFound,
    };
    let failed = DnsLookupReadyMetadata::new(None, "b.example", Err(failure), false, at(0), at(3));
    bridge.otel.on_dns_lookup_ready(&failed);

    assert_attributes(
        &bridge.span_named("DNS lookup a.example"),
        &[
            "dns.answers=[\"10.0.0.2\",\"::1\"]",
            "dns.question.name=a.example",
            "loopscope.immediate=false",
        ],
    );
    let span = bridge.span_named("DNS lookup b.example");
    assert_eq!(span.status, crate::support::error("no such host"));
    assert_attributes(
        &span,
        &[
            "dns.question.name=b.example",
            "error.type=host_not_found",
            "loopscope.immediate=false",
        ],
    );
}

#[test]
fn queues_become_spans_where_asked_for() {
    let queue = Rc::new(QueueInfo::new(Some("jobs".into()), None));
    let unnamed = Rc::new(QueueInfo::new(None, None));
    for (asked, expected) in [
        (false, &[][..]),
        (true, &["queue put jobs", "queue get"][..]),
    ] {
        let bridge = Bridge::with(|builder| builder.queue_spans(asked));
        let put = QueueMetadata::new(None, &queue, &42, 1, true, at(0), at(0));
        bridge.otel.on_queue_put(&put);
        let get = QueueMetadata::new(None, &unnamed, &42, 0, false, at(0), at(9));
        bridge.otel.on_queue_get(&get);
        assert_eq!(bridge.span_names(), expected);
        if asked {
            assert_attributes(
                &bridge.spans()[0],
                &["loopscope.immediate=true", "loopscope.queue.name=jobs"],
            );
        }
    }
}

/// Operations of every kind that policies tell apart.
fn operations(bridge: &Bridge) {
    let socket = client();
    for (immediate, millis) in [(true, 1), (false, 2), (false, 200)] {
        let ready =
            ReadySocketInstrumentationMetadata::new(None, &socket, immediate, at(0), at(millis));
        bridge.otel.on_socket_recv_ready(&ready);
    }
    let error = refused();
    for failure in [Failure::from_io(&error), Failure::Cancelled] {
        let recv = SocketOperation::Recv;
        let failed = SocketErrorMetadata::new(None, &socket, recv, failure, at(0), at(1));
        bridge.otel.on_socket_error(&failed);
    }
}

#[test]
fn policies_choose_among_operations() {
    let limit = Duration::from_millis(100);
    for (policy, spans) in [
        (SpanPolicy::All, 5),
        (SpanPolicy::Waited, 3),
        (SpanPolicy::LongerThan(limit), 2),
        (SpanPolicy::Off, 0),
    ] {
        let bridge = Bridge::with(|builder| builder.spans(policy));
        operations(&bridge);
        assert_eq!(bridge.spans().len(), spans, "{policy:?}");
    }
}

#[test]
fn the_instrument_is_a_handle_for_all_threads() {
    fn shared_by_threads<T: Clone + Send + Sync + 'static>(_: &T) {}
    let bridge = Bridge::new();
    shared_by_threads(&bridge.otel);
    let otel = bridge.otel.clone();
    std::thread::spawn(move || otel.recv(None)).join().unwrap();
    assert_eq!(bridge.span_names(), ["socket recv"]);
}

#[test]
fn the_global_providers_are_used_by_default() {
    let bridge = Bridge::new();
    opentelemetry::global::set_tracer_provider(bridge.tracers.clone());
    OtelInstrument::new().recv(None);
    assert_eq!(bridge.span_names(), ["socket recv"]);
}
