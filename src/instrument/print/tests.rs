use super::PrintInstrument;
use crate::instrument::metadata::*;
use crate::instrument::samples::{FINISH, HOOKS, START, Samples};
use crate::instrument::{
    Address, EventLoopInstrument, Failure, SocketHandle, SocketRole, TaskException, Transport,
};
use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::rc::Rc;
use tracing::subscriber::with_default;

/// A writer that keeps each write apart.
#[derive(Clone, Default)]
struct Writes(Rc<RefCell<Vec<String>>>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .borrow_mut()
            .push(String::from_utf8_lossy(bytes).into());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Writes {
    fn take(&self) -> String {
        self.0.take().concat()
    }
}

fn printed(fire: impl FnOnce(&PrintInstrument<Writes>)) -> String {
    let writes = Writes::default();
    fire(
        &PrintInstrument::with_writer(writes.clone())
            .with_tasks()
            .with_loop(),
    );
    writes.take()
}

/// The line of every hook; `{task}` and `{parent}` stand for the tasks.
const LINES: &[(&str, &str)] = &[
    ("on_queue_get", "[QUEUE-GET] Item retrieved from queue: 42"),
    ("on_queue_put", "[QUEUE-PUT] Item put in queue: 42"),
    ("on_socket_open", ""),
    (
        "on_socket_connect_start",
        "[CONNECT] Connecting to 192.0.2.1:443.",
    ),
    (
        "on_socket_connect_ready",
        "[CONNECT] Connected to 192.0.2.1:443 in 0.0100s via 192.0.2.9:50000",
    ),
    (
        "on_socket_accept_start",
        "[ACCEPT] Waiting for a connection on 192.0.2.9:80",
    ),
    (
        "on_socket_accept_ready",
        "[ACCEPT] Accepted a connection from 192.0.2.1:443 in 0.0100s on 192.0.2.9:80",
    ),
    (
        "on_socket_recv_start",
        "[RECV] Waiting for data from 192.0.2.1:443",
    ),
    (
        "on_socket_recv_ready",
        "[RECV] Ready to receive data from 192.0.2.1:443 in 0.0100s",
    ),
    ("on_socket_recv_data", "[RECV-DATA] Got 5 bytes"),
    (
        "on_socket_send_start",
        "[SEND] Starting send to 192.0.2.1:443",
    ),
    ("on_socket_send_data", "[SEND-DATA] Sent 5/11 bytes"),
    (
        "on_socket_send_ready",
        "[SEND] Completed send to 192.0.2.1:443 in 0.0100s",
    ),
    (
        "on_socket_error",
        "[ERROR] recv from 192.0.2.1:443 failed after 0.0100s: reset\\nby peer",
    ),
    (
        "on_socket_close",
        "[CLOSE] Connection closed to 192.0.2.1:443",
    ),
    (
        "on_tls_handshake_complete",
        "[TLS] Handshake complete in 0.0100s: TLSv1.3, TLS_AES_256_GCM_SHA384",
    ),
    (
        "on_tls_handshake_error",
        "[TLS] Handshake failed after 0.0100s: reset\\nby peer",
    ),
    ("on_dns_lookup_start", "[DNS] Looking up ex\\nample"),
    (
        "on_dns_lookup_ready",
        "[DNS] Looked up ex\\nample in 0.0100s: 127.0.0.1, ::1",
    ),
    ("on_task_spawned", "[TASK] {task} spawned by #{parent}"),
    ("on_task_before_send", "[TASK] {task} resumed: started"),
    (
        "on_task_after_send",
        "[TASK] {task} ran 0.0100s, now waits: DNS lookup of ex\\nample",
    ),
    (
        "on_task_before_throw",
        "[TASK] {task} resumed by an error: timed out",
    ),
    (
        "on_task_after_throw",
        "[TASK] {task} ran 0.0100s, now waits: DNS lookup of ex\\nample",
    ),
    ("on_task_completed", "[TASK] {task} completed"),
    (
        "on_task_error",
        "[TASK] {task} panicked: boom\\u{1b}]0;title\\u{7}",
    ),
    ("on_task_cancelled", "[TASK] {task} cancelled"),
    (
        "on_loop_park",
        "[LOOP] main\\t sleeps after 0.0100s of work",
    ),
    (
        "on_loop_unpark",
        "[LOOP] main\\t woke after 0.0100s: 3 events",
    ),
    ("on_timer_fired", "[TIMER] Fired for {task}, 0.0100s late"),
];

fn expected(samples: &Samples) -> Vec<(&'static str, String)> {
    let task = format!("evil\\u{{1b}}[2J\\nname#{}", samples.task.id());
    let parent = samples.parent.id().to_string();
    LINES
        .iter()
        .map(|(hook, line)| {
            let line = line.replace("{task}", &task);
            (*hook, line.replace("{parent}", &parent))
        })
        .collect()
}

#[test]
fn every_hook_prints_its_line_in_one_write() {
    let samples = Samples::new();
    let writes = Writes::default();
    let print = PrintInstrument::with_writer(writes.clone())
        .with_tasks()
        .with_loop();
    let mut lines = Vec::new();
    samples.fire_all(&print, |hook| {
        let written = writes.0.take();
        assert!(written.len() <= 1, "{hook} wrote {written:?}");
        let line = written.concat();
        assert_eq!(line.is_empty(), !line.ends_with('\n'), "{hook}");
        let line = line.trim_end_matches('\n');
        assert!(!line.contains(char::is_control), "{hook} printed {line:?}");
        lines.push((hook, line.to_owned()));
    });
    assert_eq!(lines, expected(&samples));
    assert_eq!(lines.len(), HOOKS.len());
}

#[test]
fn tasks_and_the_loop_are_printed_only_where_asked_for() {
    let samples = Samples::new();
    let printed_hooks = |print: PrintInstrument<Writes>, writes: &Writes| {
        let mut hooks = Vec::new();
        samples.fire_all(&print, |hook| {
            if !writes.take().is_empty() {
                hooks.push(hook);
            }
        });
        hooks
    };
    let is_of_task = |hook: &&str| hook.starts_with("on_task");
    let is_of_loop = |hook: &&str| hook.starts_with("on_loop") || hook.starts_with("on_timer");

    let writes = Writes::default();
    let hooks = printed_hooks(PrintInstrument::with_writer(writes.clone()), &writes);
    assert!(
        !hooks
            .iter()
            .any(|hook| is_of_task(hook) || is_of_loop(hook))
    );
    assert!(hooks.contains(&"on_socket_error") && hooks.contains(&"on_queue_get"));

    let hooks = printed_hooks(
        PrintInstrument::with_writer(writes.clone()).with_tasks(),
        &writes,
    );
    assert_eq!(hooks.iter().filter(|hook| is_of_task(hook)).count(), 8);
    assert!(!hooks.iter().any(is_of_loop));

    let hooks = printed_hooks(
        PrintInstrument::with_writer(writes.clone()).with_loop(),
        &writes,
    );
    assert_eq!(hooks.iter().filter(|hook| is_of_loop(hook)).count(), 3);
}

#[test]
fn payloads_are_shown_as_far_as_asked_for() {
    let samples = Samples::new();
    let writes = Writes::default();
    let print = PrintInstrument::with_writer(writes.clone()).preview(7);
    print.on_socket_recv_data(&samples.on_socket_recv_data());
    print.on_socket_send_data(&samples.on_socket_send_data());
    assert_eq!(
        writes.take(),
        "[RECV-DATA] Got 5 bytes: 'hello'\n[SEND-DATA] Sent 5/11 bytes: 'hello w'\n"
    );
    let hostile = SocketRecvDataMetadata::new(&samples.socket, b"\x1b[2J\n'");
    print.on_socket_recv_data(&hostile);
    assert_eq!(writes.take(), "[RECV-DATA] Got 6 bytes: '\\x1b[2J\\n\\''\n");
}

#[test]
fn cancelled_operations_are_no_errors() {
    let samples = Samples::new();
    let lines = printed(|print| {
        let mut error = samples.on_socket_error();
        error.failure = Failure::Cancelled;
        print.on_socket_error(&error);
        let mut handshake = samples.on_tls_handshake_error();
        handshake.failure = Failure::Cancelled;
        print.on_tls_handshake_error(&handshake);
        let mut lookup = samples.on_dns_lookup_ready();
        lookup.outcome = Err(Failure::Cancelled);
        print.on_dns_lookup_ready(&lookup);
    });
    assert_eq!(
        lines,
        "[CANCEL] recv from 192.0.2.1:443 cancelled after 0.0100s\n\
         [TLS] Handshake cancelled after 0.0100s\n\
         [DNS] Look-up of ex\\nample cancelled after 0.0100s\n"
    );
}

#[test]
fn errors_name_what_was_tried() {
    let samples = Samples::new();
    let target = Address::Ip("192.0.2.77:1".parse().expect("an address"));
    let lines = printed(|print| {
        let mut error = samples.on_socket_error();
        error.operation = SocketOperation::Send;
        print.on_socket_error(&error);
        error.operation = SocketOperation::Connect;
        error.target_address = Some(&target);
        print.on_socket_error(&error);
        error.operation = SocketOperation::Accept;
        error.target_address = None;
        error.socket_handle = &samples.listener;
        print.on_socket_error(&error);
        let mut lookup = samples.on_dns_lookup_ready();
        lookup.outcome = Err(samples.failure());
        print.on_dns_lookup_ready(&lookup);
        lookup.outcome = Ok(&[]);
        print.on_dns_lookup_ready(&lookup);
    });
    assert_eq!(
        lines,
        "[ERROR] send to 192.0.2.1:443 failed after 0.0100s: reset\\nby peer\n\
         [ERROR] connect to 192.0.2.77:1 failed after 0.0100s: reset\\nby peer\n\
         [ERROR] accept on 192.0.2.9:80 failed after 0.0100s: reset\\nby peer\n\
         [DNS] Look-up of ex\\nample failed after 0.0100s: reset\\nby peer\n\
         [DNS] Looked up ex\\nample in 0.0100s: no address\n"
    );
}

#[test]
fn what_is_not_known_is_said_and_paths_are_escaped() {
    let nameless = Rc::new(SocketHandle::new(Transport::Tcp, SocketRole::Client));
    let unix = Rc::new(SocketHandle::new(Transport::Unix, SocketRole::Listener));
    unix.set_local_address(Address::Unix(Some("/run/a\x1b\nb".into())));
    let target = Address::Unix(Some("/run/\rc".into()));
    let lines = printed(|print| {
        let ready = SocketConnectReadyMetadata::new(None, &nameless, &target, true, START, FINISH);
        print.on_socket_connect_ready(&ready);
        print.on_socket_open(&InstrumentationMetadata::new(None, &unix, START));
        print.on_socket_close(&InstrumentationMetadata::new(None, &unix, START));
        print.on_timer_fired(&TimerFiredMetadata::new(None, START, FINISH));
        let handshake =
            TlsHandshakeMetadata::new(None, &nameless, TlsSession::default(), true, START, FINISH);
        print.on_tls_handshake_complete(&handshake);
    });
    assert_eq!(
        lines,
        "[CONNECT] Connected to /run/\\rc in 0.0100s via an unknown address\n\
         [LISTEN] Listening on /run/a\\u{1b}\\nb\n\
         [CLOSE] Listener closed on /run/a\\u{1b}\\nb\n\
         [TIMER] Fired, 0.0100s late\n\
         [TLS] Handshake complete in 0.0100s: an unknown version, an unknown cipher\n"
    );
}

#[test]
fn tasks_that_fail_say_how() {
    let samples = Samples::new();
    let error = io::Error::other("no\nluck");
    let task = format!("evil\\u{{1b}}[2J\\nname#{}", samples.task.id());
    let lines = printed(|print| {
        let mut failed = samples.on_task_error();
        failed.failure = TaskFailure::Error(&error);
        print.on_task_error(&failed);
        let mut thrown = samples.on_task_before_throw();
        thrown.exception = TaskException::Cancelled;
        print.on_task_before_throw(&thrown);
        let mut park = samples.on_loop_park();
        park.stops = true;
        print.on_loop_park(&park);
    });
    let expected = format!(
        "[TASK] {task} failed: no\\nluck\n\
         [TASK] {task} resumed by an error: cancelled\n\
         [LOOP] main\\t stops after 0.0100s of work\n"
    );
    assert_eq!(lines, expected);
}

/// A writer that works or not, as told.
struct Unreliable {
    works: Rc<Cell<bool>>,
    writes: Writes,
}

impl Write for Unreliable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.works.get() {
            self.writes.write(bytes)
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_is_reported_once_and_tried_again() {
    let (works, writes) = (Rc::new(Cell::new(false)), Writes::default());
    let print = PrintInstrument::with_writer(Unreliable {
        works: works.clone(),
        writes: writes.clone(),
    });
    let samples = Samples::new();
    let put = || print.on_queue_put(&samples.on_queue_put());
    let events = crate::instrument::captured::Events::default();
    with_default(events.subscriber(), || {
        put();
        put();
        works.set(true);
        put();
        works.set(false);
        put();
    });
    assert_eq!(writes.take(), "[QUEUE-PUT] Item put in queue: 42\n");
    let reported = events.take();
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!(reported[0].level, tracing::Level::WARN);
    assert!(reported[0].field("message").contains("reader of a pipe"));
    assert_eq!(reported[0].field("error"), "broken pipe");
}

#[test]
fn a_reader_that_has_gone_stops_nothing() {
    let (reader, writer) = io::pipe().expect("a pipe");
    let print = PrintInstrument::with_writer(writer);
    drop(reader);
    Samples::new().fire_all(&print, |_| {});
}

#[test]
fn a_writer_that_prints_through_its_own_instrument_loses_that_line_only() {
    struct Watched(Rc<RefCell<Option<Rc<PrintInstrument<Self>>>>>, Writes);
    impl Write for Watched {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(print) = &*self.0.borrow() {
                print.on_queue_get(&Samples::new().on_queue_get());
            }
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (own, writes) = (Rc::default(), Writes::default());
    let print = Rc::new(PrintInstrument::with_writer(Watched(
        Rc::clone(&own),
        writes.clone(),
    )));
    own.replace(Some(print.clone()));
    print.on_queue_put(&Samples::new().on_queue_put());
    own.take();
    assert_eq!(writes.take(), "[QUEUE-PUT] Item put in queue: 42\n");
}
