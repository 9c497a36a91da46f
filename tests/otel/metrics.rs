//! Each metric: its points, exactly.

use crate::support::*;
use loopscope::instrument::*;
use std::io;
use std::rc::Rc;

#[test]
fn durations_of_socket_operations() {
    let bridge = Bridge::new();
    let (socket, target) = (client(), address("10.0.0.2:443"));
    let connected = SocketConnectReadyMetadata::new(None, &socket, &target, false, at(0), at(500));
    bridge.otel.on_socket_connect_ready(&connected);
    let listener = crate::support::socket(SocketRole::Listener, "10.0.0.1:443", None);
    let accepted = ReadySocketInstrumentationMetadata::new(None, &listener, true, at(0), at(0));
    bridge.otel.on_socket_accept_ready(&accepted);
    bridge.otel.recv(None);
    bridge.otel.recv(None);
    let udp = Rc::new(SocketHandle::new(Transport::Udp, SocketRole::Client));
    let sent = ReadySocketInstrumentationMetadata::new(None, &udp, true, at(0), at(1000));
    bridge.otel.on_socket_send_ready(&sent);
    let error = io::Error::from(io::ErrorKind::ConnectionReset);
    for failure in [Failure::from_io(&error), Failure::Cancelled] {
        let recv = SocketOperation::Recv;
        let mut failed = SocketErrorMetadata::new(None, &socket, recv, failure, at(0), at(2000));
        failed.immediate = false;
        failed.size = 2;
        bridge.otel.on_socket_error(&failed);
    }

    assert_eq!(
        bridge.points("loopscope.socket.operation.duration"),
        [
            "error.type=connection_reset loopscope.immediate=false \
             loopscope.socket.operation=recv network.transport=tcp: 1/2",
            "loopscope.immediate=false loopscope.outcome=cancelled \
             loopscope.socket.operation=recv network.transport=tcp: 1/2",
            "loopscope.immediate=false loopscope.socket.operation=connect \
             network.transport=tcp: 1/0.5",
            "loopscope.immediate=false loopscope.socket.operation=recv \
             network.transport=tcp: 2/0.5",
            "loopscope.immediate=true loopscope.socket.operation=accept \
             network.transport=tcp: 1/0",
            "loopscope.immediate=true loopscope.socket.operation=send \
             network.transport=udp: 1/1",
        ]
    );
    assert_eq!(
        bridge.points("loopscope.socket.io"),
        ["network.io.direction=receive network.transport=tcp: 14"]
    );
}

#[test]
fn open_sockets() {
    let bridge = Bridge::new();
    let listener = socket(SocketRole::Listener, "10.0.0.1:443", None);
    let (client, other) = (client(), client());
    for socket in [&listener, &client, &other] {
        let opened = InstrumentationMetadata::new(None, socket, at(0));
        bridge.otel.on_socket_open(&opened);
    }
    // What becomes known of a socket meanwhile does not change where it is counted.
    listener.set_peer_address(address("10.0.0.7:1"));
    for socket in [&listener, &other] {
        let closed = InstrumentationMetadata::new(None, socket, at(0));
        bridge.otel.on_socket_close(&closed);
    }
    assert_eq!(
        bridge.points("loopscope.socket.active"),
        [
            "loopscope.socket.role=client network.transport=tcp: 1",
            "loopscope.socket.role=listener network.transport=tcp: 0",
        ]
    );
}

#[test]
fn handshakes() {
    let bridge = Bridge::new();
    let server = socket(SocketRole::Server, "10.0.0.1:443", None);
    let mut session = TlsSession::default();
    for (socket, version) in [
        (&client(), Some("TLSv1.3")),
        (&server, Some("TLSv1.2")),
        (&server, Some("TLSv1.9")),
        (&server, None),
    ] {
        session.version = version;
        let complete = TlsHandshakeMetadata::new(None, socket, session, false, at(0), at(250));
        bridge.otel.on_tls_handshake_complete(&complete);
    }
    let error = io::Error::other("no");
    let failure = Failure::Error {
        error: &error,
        error_type: ErrorType::TlsAlert,
    };
    for failure in [failure, Failure::Cancelled] {
        let failed = TlsHandshakeErrorMetadata::new(None, &server, failure, false, at(0), at(250));
        bridge.otel.on_tls_handshake_error(&failed);
    }
    assert_eq!(
        bridge.points("loopscope.tls.handshake.duration"),
        [
            "error.type=tls_alert_received loopscope.socket.role=server: 1/0.25",
            "loopscope.outcome=cancelled loopscope.socket.role=server: 1/0.25",
            "loopscope.socket.role=client tls.protocol.version=1.3: 1/0.25",
            "loopscope.socket.role=server tls.protocol.version=1.2: 1/0.25",
            "loopscope.socket.role=server tls.protocol.version=1.9: 1/0.25",
            "loopscope.socket.role=server: 1/0.25",
        ]
    );
}

#[test]
fn look_ups() {
    let bridge = Bridge::new();
    let error = io::Error::other("no");
    let failure = Failure::Error {
        error: &error,
        error_type: ErrorType::HostNotFound,
    };
    for outcome in [Ok(&[][..]), Ok(&[]), Err(failure), Err(Failure::Cancelled)] {
        let ready = DnsLookupReadyMetadata::new(None, "a.example", outcome, false, at(0), at(250));
        bridge.otel.on_dns_lookup_ready(&ready);
    }
    assert_eq!(
        bridge.points("dns.lookup.duration"),
        [
            "dns.question.name=a.example error.type=host_not_found: 1/0.25",
            "dns.question.name=a.example loopscope.outcome=cancelled: 1/0.25",
            "dns.question.name=a.example: 2/0.5",
        ]
    );
}

fn put(bridge: &Bridge, queue: &Rc<QueueInfo>, len: usize) {
    let put = QueueMetadata::new(None, queue, &(), len, true, at(0), at(0));
    bridge.otel.on_queue_put(&put);
}

fn get(bridge: &Bridge, queue: &Rc<QueueInfo>, len: usize) {
    let get = QueueMetadata::new(None, queue, &(), len, false, at(0), at(500));
    bridge.otel.on_queue_get(&get);
}

#[test]
fn waits_for_queues() {
    let bridge = Bridge::new();
    let jobs = Rc::new(QueueInfo::new(Some("jobs".into()), None));
    let unnamed = Rc::new(QueueInfo::new(None, None));
    put(&bridge, &jobs, 1);
    get(&bridge, &jobs, 0);
    put(&bridge, &unnamed, 1);
    assert_eq!(
        bridge.points("loopscope.queue.wait.duration"),
        [
            "loopscope.immediate=false loopscope.queue.name=jobs \
             loopscope.queue.operation=get: 1/0.5",
            "loopscope.immediate=true loopscope.queue.name=jobs \
             loopscope.queue.operation=put: 1/0",
            "loopscope.immediate=true loopscope.queue.operation=put: 1/0",
        ]
    );
}

#[test]
fn the_size_of_queues_follows_what_they_hold_and_returns_to_zero() {
    let bridge = Bridge::new();
    let jobs = Rc::new(QueueInfo::new(Some("jobs".into()), None));
    let more = Rc::new(QueueInfo::new(Some("jobs".into()), None));
    put(&bridge, &jobs, 1);
    put(&bridge, &jobs, 4);
    put(&bridge, &more, 3);
    let size = || bridge.points("loopscope.queue.size");
    assert_eq!(
        size(),
        ["loopscope.queue.name=jobs: 7"],
        "two puts were not heard"
    );
    get(&bridge, &jobs, 2);
    assert_eq!(size(), ["loopscope.queue.name=jobs: 5"]);
    drop(jobs);
    assert_eq!(
        size(),
        ["loopscope.queue.name=jobs: 3"],
        "dropped with two items"
    );
    get(&bridge, &more, 0);
    drop(more);
    assert_eq!(size(), ["loopscope.queue.name=jobs: 0"]);
}

#[test]
fn tasks_that_live_and_their_lives() {
    let bridge = Bridge::new();
    let (named, unnamed, cancelled, living) =
        (task(Some("worker")), task(None), task(None), task(None));
    for task in [&named, &unnamed, &cancelled, &living] {
        bridge.otel.spawn(task);
    }
    bridge.otel.poll(&unnamed, || {});
    bridge.otel.poll(&named, || {});
    bridge.otel.complete(&unnamed);
    bridge.otel.cancel(&cancelled);
    let end = TaskEndMetadata::new(&named, true, at(500), at(1000));
    let failure = TaskFailure::Panic("boom");
    bridge
        .otel
        .on_task_error(&TaskErrorMetadata::new(end, failure));

    assert_eq!(bridge.points("loopscope.task.active"), [": 1"]);
    assert_eq!(
        bridge.points("loopscope.task.duration"),
        [
            "loopscope.outcome=cancelled: 1/1",
            "loopscope.outcome=completed: 1/1",
            "loopscope.outcome=error loopscope.task.name=worker: 1/1",
        ]
    );
    assert_eq!(
        bridge.points("loopscope.task.poll.duration"),
        [": 3/1.25", "loopscope.task.name=worker: 2/0.75"]
    );
}

#[test]
fn delays_of_tasks_and_timers() {
    let bridge = Bridge::new();
    let task = task(None);
    let mut sent = TaskSendMetadata::new(&task, Resumption::SocketReady, at(500));
    bridge.otel.on_task_before_send(&sent);
    assert!(bridge.points("loopscope.task.schedule.duration").is_empty());
    sent.wake_time = Some(at(250));
    bridge.otel.on_task_before_send(&sent);
    let mut thrown = TaskThrowMetadata::new(&task, TaskException::TimedOut, at(500));
    thrown.wake_time = Some(at(0));
    bridge.otel.on_task_before_throw(&thrown);
    let fired = TimerFiredMetadata::new(None, at(0), at(125));
    bridge.otel.on_timer_fired(&fired);
    assert_eq!(
        bridge.points("loopscope.task.schedule.duration"),
        [": 2/0.75"]
    );
    assert_eq!(bridge.points("loopscope.timer.delay"), [": 1/0.125"]);
}

#[test]
fn panics_in_hooks_are_counted() {
    struct Panics;
    impl EventLoopInstrument for Panics {
        fn on_queue_put(&self, _: &QueueMetadata<'_>) {
            panic!("broken");
        }
    }
    let bridge = Bridge::new();
    let before = hook_panics();
    let queue = Rc::new(QueueInfo::new(None, None));
    let broken = CompositeInstrument::new([Rc::new(Panics) as Rc<_>]);
    broken.on_queue_put(&QueueMetadata::new(
        None,
        &queue,
        &(),
        0,
        true,
        at(0),
        at(0),
    ));
    assert_eq!(
        bridge.points("loopscope.instrument.errors"),
        [format!("error.type=hook_panicked: {}", before + 1)]
    );
}

#[test]
fn names_beyond_a_hundred_are_one() {
    let bridge = Bridge::new();
    for number in 0..110 {
        let name = format!("name-{number}");
        let task = task(Some(&name));
        bridge.otel.spawn(&task);
        bridge.otel.poll(&task, || {});
        bridge.otel.complete(&task);
        let queue = Rc::new(QueueInfo::new(Some(name.as_str().into()), None));
        put(&bridge, &queue, 1);
        let ready = DnsLookupReadyMetadata::new(None, &name, Ok(&[]), false, at(0), at(1));
        bridge.otel.on_dns_lookup_ready(&ready);
    }
    for (metric, other) in [
        (
            "loopscope.task.duration",
            "loopscope.outcome=completed loopscope.task.name=_other: 10/10",
        ),
        (
            "loopscope.task.poll.duration",
            "loopscope.task.name=_other: 20/7.5",
        ),
        ("loopscope.queue.size", "loopscope.queue.name=_other: 0"),
        (
            "dns.lookup.duration",
            "dns.question.name=_other: 10/0.010000000000000002",
        ),
    ] {
        let points = bridge.points(metric);
        assert_eq!(points.len(), 101, "{metric}");
        assert!(
            points.iter().any(|point| point == other),
            "{metric}: {points:?}"
        );
    }
}
