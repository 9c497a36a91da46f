use super::LogInstrument;
use crate::instrument::captured::{Captured, Events};
use crate::instrument::samples::{HOOKS, START, Samples};
use crate::instrument::{EventLoopInstrument, Failure, QueueMetadata};
use std::cell::Cell;
use std::fmt;
use tracing::subscriber::with_default;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

/// The events that `fire` emits.
fn logged(fire: impl FnOnce()) -> Vec<Captured> {
    let events = Events::default();
    with_default(events.subscriber(), fire);
    events.take()
}

/// Target, message and fields but for the task's, of every hook.
const EXPECTED: &[(&str, &str, &str, &str)] = &[
    (
        "on_queue_get",
        "queue",
        "item retrieved from queue",
        "duration=0.01 immediate=false item=42 len=0 queue=jobs\\r",
    ),
    (
        "on_queue_put",
        "queue",
        "item put in queue",
        "duration=0.0 immediate=true item=42 len=1 queue=jobs\\r",
    ),
    (
        "on_socket_open",
        "socket",
        "socket opened",
        "local=192.0.2.9:50000 peer=192.0.2.1:443 role=client socket={socket}",
    ),
    (
        "on_socket_connect_start",
        "socket",
        "connecting",
        "peer=192.0.2.1:443 socket={socket}",
    ),
    (
        "on_socket_connect_ready",
        "socket",
        "connected",
        "duration=0.01 immediate=false local=192.0.2.9:50000 peer=192.0.2.1:443 socket={socket}",
    ),
    (
        "on_socket_accept_start",
        "socket",
        "waiting for a connection",
        "local=192.0.2.9:80 socket={listener}",
    ),
    (
        "on_socket_accept_ready",
        "socket",
        "connection accepted",
        "accepted={socket} duration=0.01 immediate=false local=192.0.2.9:80 peer=192.0.2.1:443 \
         socket={listener}",
    ),
    (
        "on_socket_recv_start",
        "socket",
        "waiting for data",
        "peer=192.0.2.1:443 socket={socket}",
    ),
    (
        "on_socket_recv_ready",
        "socket",
        "ready to receive data",
        "duration=0.01 immediate=false local=192.0.2.9:50000 peer=192.0.2.1:443 size=5 \
         socket={socket}",
    ),
    (
        "on_socket_recv_data",
        "socket",
        "data received",
        "peer=192.0.2.1:443 size=5 socket={socket}",
    ),
    (
        "on_socket_send_start",
        "socket",
        "starting send",
        "peer=192.0.2.1:443 socket={socket}",
    ),
    (
        "on_socket_send_data",
        "socket",
        "data sent",
        "of=11 peer=192.0.2.1:443 size=5 socket={socket}",
    ),
    (
        "on_socket_send_ready",
        "socket",
        "send completed",
        "duration=0.01 immediate=false local=192.0.2.9:50000 peer=192.0.2.1:443 size=5 \
         socket={socket}",
    ),
    (
        "on_socket_error",
        "socket",
        "socket operation failed",
        "duration=0.01 error=reset\\nby peer error.type=connection_reset immediate=true \
         local=192.0.2.9:50000 operation=recv peer=192.0.2.1:443 size=0 socket={socket}",
    ),
    (
        "on_socket_close",
        "socket",
        "socket closed",
        "peer=192.0.2.1:443 role=client socket={socket}",
    ),
    (
        "on_tls_handshake_complete",
        "tls",
        "TLS handshake complete",
        "cipher=TLS_AES_256_GCM_SHA384 curve=X25519 duration=0.01 immediate=false \
         peer=192.0.2.1:443 protocol=h\\x1b2 resumed=false server.name=ex\\nample \
         socket={socket} version=TLSv1.3",
    ),
    (
        "on_tls_handshake_error",
        "tls",
        "TLS handshake failed",
        "duration=0.01 error=reset\\nby peer error.type=connection_reset immediate=false \
         peer=192.0.2.1:443 socket={socket}",
    ),
    (
        "on_dns_lookup_start",
        "socket::dns",
        "looking up a name",
        "name=ex\\nample",
    ),
    (
        "on_dns_lookup_ready",
        "socket::dns",
        "name look-up complete",
        "answers=[127.0.0.1, ::1] duration=0.01 immediate=false name=ex\\nample",
    ),
    (
        "on_task_spawned",
        "task",
        "task spawned",
        "detached=false parent={parent}",
    ),
    (
        "on_task_before_send",
        "task",
        "task resumed",
        "resumption=started",
    ),
    (
        "on_task_after_send",
        "task",
        "task waits",
        "command=DNS lookup of ex\\nample duration=0.01",
    ),
    (
        "on_task_before_throw",
        "task",
        "task resumed by an error",
        "exception=timed out",
    ),
    (
        "on_task_after_throw",
        "task",
        "task waits",
        "command=DNS lookup of ex\\nample duration=0.01",
    ),
    (
        "on_task_completed",
        "task",
        "task completed",
        "busy=0.0 polls=0",
    ),
    (
        "on_task_error",
        "task",
        "task panicked",
        "busy=0.0 error=boom\\u{1b}]0;title\\u{7} polls=0",
    ),
    (
        "on_task_cancelled",
        "task",
        "task cancelled",
        "busy=0.0 polls=0",
    ),
    (
        "on_loop_park",
        "loop",
        "loop sleeps",
        "active=0.01 event_loop=main\\t",
    ),
    (
        "on_loop_unpark",
        "loop",
        "loop woke",
        "event_loop=main\\t events=3 idle=0.01",
    ),
    ("on_timer_fired", "loop", "timer fired", "late=0.01"),
];

#[test]
fn every_hook_emits_its_event() {
    let samples = Samples::new();
    let log = LogInstrument::new();
    let mut fired = Vec::new();
    let events = logged(|| samples.fire_all(&log, |hook| fired.push(hook)));
    assert_eq!(fired, HOOKS);
    assert_eq!(events.len(), HOOKS.len());
    assert_eq!(EXPECTED.len(), HOOKS.len());

    for ((event, hook), expected) in events.iter().zip(fired).zip(EXPECTED) {
        let (expected_hook, target, message, fields) = *expected;
        assert_eq!(hook, expected_hook);
        assert_eq!(event.target, format!("loopscope::{target}"), "{hook}");
        assert_eq!(event.level, Level::DEBUG, "{hook}");
        assert_eq!(event.field("message"), message, "{hook}");
        assert_eq!(event.fields(), with_ids(fields, &samples), "{hook}");
    }
}

fn with_ids(fields: &str, samples: &Samples) -> String {
    fields
        .replace("{socket}", &samples.socket.id().get().to_string())
        .replace("{listener}", &samples.listener.id().get().to_string())
        .replace("{parent}", &samples.parent.id().to_string())
}

#[test]
fn events_in_a_task_name_it() {
    let samples = Samples::new();
    let log = LogInstrument::new();
    let events = logged(|| log.on_queue_put(&samples.on_queue_put()));
    assert_eq!(events[0].field("task.id"), samples.task.id().to_string());
    assert_eq!(events[0].field("task.name"), "evil\\u{1b}[2J\\nname");
}

#[test]
fn payloads_are_shown_as_far_as_asked_for() {
    let samples = Samples::new();
    let log = LogInstrument::new().preview(7);
    let events = logged(|| {
        log.on_socket_recv_data(&samples.on_socket_recv_data());
        log.on_socket_send_data(&samples.on_socket_send_data());
    });
    assert_eq!(events[0].field("data"), "'hello'");
    assert_eq!(events[1].field("data"), "'hello w'");
}

#[test]
fn what_was_cancelled_has_no_error_type() {
    let samples = Samples::new();
    let mut error = samples.on_socket_error();
    error.failure = Failure::Cancelled;
    let events = logged(|| LogInstrument::new().on_socket_error(&error));
    assert_eq!(events[0].field("message"), "socket operation cancelled");
    assert_eq!(events[0].field("error"), "cancelled");
    assert_eq!(events[0].field("error.type"), "");
}

#[test]
fn nothing_is_formatted_where_nobody_wants_the_event() {
    struct Watched<'a>(&'a Cell<bool>);
    impl fmt::Debug for Watched<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(true);
            f.write_str("item")
        }
    }
    let samples = Samples::new();
    let (formatted, events) = (Cell::new(false), Events::default());
    let item = Watched(&formatted);
    let put = QueueMetadata::new(None, &samples.queue, &item, 1, true, START, START);
    let log = || LogInstrument::new().on_queue_put(&put);

    with_default(at_info(&events), log);
    assert!(!formatted.get() && events.take().is_empty());
    with_default(events.subscriber(), log);
    assert!(formatted.get() && events.take().len() == 1);
}

fn at_info(events: &Events) -> impl Subscriber + use<> {
    events.subscriber().with(LevelFilter::INFO)
}
