use super::*;
use crate::clock::{ManualClock, Timestamp};
use crate::instrument::metadata::*;
use crate::instrument::samples::HOOKS;
use crate::instrument::scope::{self, Stack};
use crate::instrument::{
    Address, Command, EnterScope, ErrorType, FilteredInstrument, Hook, HookSet, QueueInfo,
    Recorded, RecordingInstrument, Resumption, SocketHandle, SocketRole, TaskException, TaskId,
    TaskInfo, Transport,
};
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

const WAIT: Duration = Duration::from_millis(5);

fn socket() -> Rc<SocketHandle> {
    Rc::new(SocketHandle::new(Transport::Tcp, SocketRole::Client))
}

fn target() -> Address {
    Address::Ip("192.0.2.1:443".parse().expect("an address"))
}

fn task() -> Rc<TaskInfo> {
    Rc::new(TaskInfo::new(
        TaskId::new(),
        None,
        None,
        Some(Timestamp::now()),
    ))
}

fn reset() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

/// What `f` fires.
fn recorded(f: impl FnOnce()) -> RecordingInstrument {
    let recorder = RecordingInstrument::new();
    recorder.clone().in_scope(f);
    recorder
}

/// The one event of a hook.
fn the(recorder: &RecordingInstrument, hook: &str) -> Recorded {
    let mut events = recorder.of(hook);
    assert_eq!(events.len(), 1, "{hook}: {events:?}");
    events.remove(0)
}

#[test]
fn an_operation_that_succeeds_is_a_pair() {
    let (socket, accepted) = (socket(), socket());
    let recorder = recorded(|| {
        SocketOp::connect(&socket, &target()).connected(None);
        SocketOp::start(SocketOperation::Accept, &socket).accepted(&accepted, None);
        SocketOp::start(SocketOperation::Recv, &socket).received(b"hello", None);
        let mut send = SocketOp::start(SocketOperation::Send, &socket);
        send.sent_part(b"hello", 3);
        send.sent_part(b"lo", 2);
        send.sent(None);
    });
    recorder.assert_hooks(&[
        "on_socket_connect_start",
        "on_socket_connect_ready",
        "on_socket_accept_start",
        "on_socket_accept_ready",
        "on_socket_recv_start",
        "on_socket_recv_ready",
        "on_socket_recv_data",
        "on_socket_send_start",
        "on_socket_send_data",
        "on_socket_send_data",
        "on_socket_send_ready",
    ]);
    recorder.assert_paired();
    assert_eq!(the(&recorder, "on_socket_recv_ready").size, Some(5));
    assert_eq!(the(&recorder, "on_socket_send_ready").size, Some(5));
    let accept = the(&recorder, "on_socket_accept_ready");
    assert_eq!(accept.accepted, Some(accepted.id()));
    assert_eq!(
        the(&recorder, "on_socket_connect_ready").peer,
        Some(target())
    );
}

#[test]
fn an_operation_that_fails_is_a_pair() {
    let socket = socket();
    let recorder = recorded(|| {
        SocketOp::connect(&socket, &target()).failed(&reset(), None);
        SocketOp::start(SocketOperation::Recv, &socket).failed_after(b"half", &reset(), None);
    });
    recorder.assert_hooks(&[
        "on_socket_connect_start",
        "on_socket_error",
        "on_socket_recv_start",
        "on_socket_recv_data",
        "on_socket_error",
    ]);
    recorder.assert_paired();
    let errors = recorder.of("on_socket_error");
    assert_eq!(errors[0].operation, Some(SocketOperation::Connect));
    assert_eq!(errors[0].peer, Some(target()));
    assert_eq!(errors[0].error_type, Some(ErrorType::ConnectionReset));
    assert_eq!(errors[1].operation, Some(SocketOperation::Recv));
    assert_eq!(errors[1].size, Some(4));
}

#[test]
fn an_operation_that_is_dropped_was_cancelled() {
    let socket = socket();
    let recorder = recorded(|| {
        drop(SocketOp::connect(&socket, &target()));
        for operation in [SocketOperation::Accept, SocketOperation::Recv] {
            drop(SocketOp::start(operation, &socket));
        }
        let mut send = SocketOp::start(SocketOperation::Send, &socket);
        send.sent_part(b"hello", 3);
        drop(send);
        drop(DnsLookup::start("example.org".into()));
    });
    recorder.assert_paired();
    let errors = recorder.of("on_socket_error");
    let operations: Vec<_> = errors.iter().filter_map(|error| error.operation).collect();
    let all = [
        SocketOperation::Connect,
        SocketOperation::Accept,
        SocketOperation::Recv,
        SocketOperation::Send,
    ];
    assert_eq!(operations, all);
    assert_eq!(errors[3].size, Some(3), "what was sent before counts");
    let lookup = the(&recorder, "on_dns_lookup_ready");
    for event in errors.iter().chain([&lookup]) {
        assert_eq!(event.failure.as_deref(), Some("cancelled"));
        assert_eq!(event.error_type, None);
    }
}

#[test]
fn only_what_waited_is_not_immediate_and_tells_of_its_readiness() {
    let clock = ManualClock::install();
    let (socket, start) = (socket(), Timestamp::now());
    let ready = Some(start + WAIT);
    let recorder = recorded(|| {
        let receive = |parked: bool| {
            let mut receive = SocketOp::start(SocketOperation::Recv, &socket);
            if parked {
                assert!(receive.step(|_| Poll::<()>::Pending).is_pending());
                clock.advance(WAIT * 2);
            }
            receive.received(b"", ready);
        };
        receive(true);
        receive(false);
    });
    let events = recorder.of("on_socket_recv_ready");
    assert_eq!(events[0].immediate, Some(false));
    assert_eq!(events[0].start_time, Some(start));
    assert_eq!(events[0].ready_time, ready);
    assert_eq!(events[0].finish_time, Some(start + WAIT * 2));
    assert_eq!(events[1].immediate, Some(true));
    assert_eq!(events[1].ready_time, None);
    recorder.assert_paired();
}

/// The rule of readiness holds of every operation.
#[test]
fn a_readiness_that_nobody_waited_for_is_not_told() {
    let socket = socket();
    let ready = Some(Timestamp::now());
    let queue = Rc::new(QueueInfo::new(None, None));
    recorded(|| {
        SocketOp::connect(&socket, &target()).connected(ready);
        SocketOp::start(SocketOperation::Accept, &socket).accepted(&socket, ready);
        SocketOp::start(SocketOperation::Send, &socket).sent(ready);
        SocketOp::start(SocketOperation::Send, &socket).failed(&reset(), ready);
        QueueOperation::start().put(&queue, &1, 1, ready);
        QueueOperation::start().got(&queue, &1, 0, ready);
    })
    .assert_paired();
}

#[test]
fn a_socket_that_is_opened_is_closed_once() {
    let handle = socket();
    let recorder = RecordingInstrument::new();
    let scope = recorder.clone().enter();
    let open = OpenSocket::new(handle.clone());
    drop(scope);
    recorder.assert_hooks(&["on_socket_open"]);
    assert!(open.is_heard());
    drop(open);
    recorder.assert_hooks(&["on_socket_open", "on_socket_close"]);
    recorder.assert_paired();
    assert_eq!(recorder.events()[1].socket, Some(handle.id()));
}

#[test]
fn who_has_not_heard_the_start_does_not_hear_the_end() {
    let (open, operation) = (
        OpenSocket::new(socket()),
        SocketOp::start(SocketOperation::Recv, &socket()),
    );
    assert!(!open.is_heard() && !operation.is_heard());
    recorded(|| drop((open, operation))).assert_hooks(&[]);
}

#[test]
fn an_operation_tells_those_who_heard_its_start_under_its_own_task() {
    let (first, second) = (task(), task());
    let recorder = RecordingInstrument::new();
    let scope = recorder.clone().enter();
    swap_task(Some(first.clone()));
    let mut operation = SocketOp::start(SocketOperation::Recv, &socket());
    assert!(!operation.is_of_another_task());
    drop(scope);
    swap_task(Some(second));
    assert!(operation.is_of_another_task());
    operation.received(b"", None);
    swap_task(None);
    recorder.assert_paired();
    assert_eq!(
        the(&recorder, "on_socket_recv_ready").task,
        Some(first.id())
    );
}

#[test]
fn look_ups_tell_their_outcome() {
    let error = reset();
    let recorder = recorded(|| {
        let mut lookup = DnsLookup::start("example.org".into());
        lookup.park();
        lookup.ready(Ok(&[IpAddr::from(Ipv4Addr::LOCALHOST)]));
        let unknown = DnsLookup::start("nowhere.invalid".into());
        unknown.ready(Err(&error));
    });
    recorder.assert_paired();
    let lookups = recorder.of("on_dns_lookup_ready");
    assert_eq!(lookups[0].answers, Some(1));
    assert_eq!(lookups[0].immediate, Some(false));
    assert_eq!(lookups[1].error_type, Some(ErrorType::ConnectionReset));
    assert_eq!(lookups[1].immediate, Some(true));
}

#[cfg(feature = "tls")]
#[test]
fn handshakes_tell_their_outcome() {
    let (socket, error) = (socket(), reset());
    let recorder = recorded(|| {
        let mut handshake = TlsHandshake::start(socket.clone(), None);
        handshake.park();
        handshake.note_server_hostname(|| None);
        handshake.note_server_hostname(|| Some("example.org".into()));
        handshake.note_server_hostname(|| Some("elsewhere.org".into()));
        handshake.complete(TlsSession::default());
        let refused = TlsHandshake::start(socket.clone(), Some("example.org"));
        refused.failed(&error);
        drop(TlsHandshake::start(socket.clone(), None));
    });
    recorder.assert_hooks(&[
        "on_tls_handshake_complete",
        "on_tls_handshake_error",
        "on_tls_handshake_error",
    ]);
    let events = recorder.events();
    assert_eq!(events[0].name.as_deref(), Some("example.org"));
    assert_eq!(events[0].immediate, Some(false));
    assert_eq!(events[1].error_type, Some(ErrorType::ConnectionReset));
    assert_eq!(events[1].immediate, Some(true));
    assert_eq!(events[2].failure.as_deref(), Some("cancelled"));
    assert_eq!(events[2].error_type, None);
}

/// A task's life on the façade: spawned under `base`, polled under `stack`, ended.
fn end_task(base: Option<&Stack>, stack: Option<Stack>, end: &TaskEnd<'_>) {
    let task = task();
    let outer = scope::swap(stack);
    let poll = TaskPoll::begin(&task, Wake::Send(Resumption::Started), None);
    TaskPoll::ended(poll, base, &task, end);
    scope::swap(outer);
}

#[test]
fn the_end_of_a_task_tells_who_knows_of_its_spawn() {
    let since_spawn = RecordingInstrument::new();
    let base = Stack::push(Rc::new(since_spawn.clone()), None);
    let later = RecordingInstrument::new();
    let stack = Stack::push(Rc::new(later.clone()), Some(base.clone()));
    end_task(Some(&base), Some(stack), &TaskEnd::Completed);
    let hooks = ["on_task_before_send", "on_task_completed"];
    since_spawn.assert_hooks(&hooks);
    later.assert_hooks(&hooks);
    let flag = |recorder| the(recorder, "on_task_completed").since_spawn;
    assert_eq!(flag(&since_spawn), Some(true));
    assert_eq!(flag(&later), Some(false));
}

#[test]
fn who_heard_a_spawn_hears_the_end_also_where_the_task_has_left_its_scope() {
    let (left, stays) = (RecordingInstrument::new(), RecordingInstrument::new());
    let outer = Stack::push(Rc::new(stays.clone()), None);
    let base = Stack::push(Rc::new(left.clone()), Some(outer.clone()));

    end_task(Some(&base), Some(outer), &TaskEnd::Cancelled);
    left.assert_hooks(&["on_task_cancelled"]);
    stays.assert_hooks(&["on_task_before_send", "on_task_cancelled"]);
    assert_eq!(left.events()[0].since_spawn, Some(true));

    left.clear();
    stays.clear();
    end_task(Some(&base), None, &TaskEnd::Completed);
    left.assert_hooks(&["on_task_completed"]);
    stays.assert_hooks(&["on_task_completed"]);

    end_task(None, None, &TaskEnd::Completed);
}

#[test]
fn polls_are_bracketed_and_their_length_counted() {
    let clock = ManualClock::install();
    let (task, woken) = (task(), Timestamp::now());
    clock.advance(WAIT);
    let recorder = recorded(|| {
        for wake in [
            Wake::Send(Resumption::TimerFired),
            Wake::Throw(TaskException::TimedOut),
        ] {
            let poll = TaskPoll::begin(&task, wake, Some(woken)).expect("somebody listens");
            clock.advance(WAIT);
            poll.yielded(&task, &Command::Yield);
        }
    });
    recorder.assert_hooks(&[
        "on_task_before_send",
        "on_task_after_send",
        "on_task_before_throw",
        "on_task_after_throw",
    ]);
    recorder.assert_paired();
    assert_eq!(task.busy(), WAIT * 2);
    let sent = the(&recorder, "on_task_after_send");
    assert_eq!(sent.wake_time, Some(woken));
    assert_eq!(sent.resumption, Some(Resumption::TimerFired));
    assert_eq!(sent.command.as_deref(), Some("yield"));
    let thrown = the(&recorder, "on_task_before_throw");
    assert_eq!(thrown.exception, Some(TaskException::TimedOut));
}

#[test]
fn where_nobody_listens_nothing_is_captured() {
    let (event_loop, now) = (LoopInfo::new(None), Timestamp::now());
    assert!(!QueueOperation::start().is_heard());
    assert!(HeardTimer::capture().is_none());
    assert!(TaskPoll::begin(&task(), Wake::Send(Resumption::Started), None).is_none());
    assert!(loop_start().is_none());
    assert!(loop_park(&event_loop, now, now, None, false).is_none());
    assert!(loop_unpark(&event_loop, now, 1).is_none());
}

#[test]
fn an_operation_that_nobody_wants_to_hear_of_is_not_captured() {
    let socket = socket();
    let timers = HookSet::of(&[Hook::TimerFired]);
    FilteredInstrument::new(RecordingInstrument::new(), timers).in_scope(|| {
        assert!(scope::in_force());
        assert!(HeardTimer::capture().is_some());
        assert!(!QueueOperation::start().is_heard());
        assert!(!SocketOp::connect(&socket, &target()).is_heard());
        assert!(!SocketOp::start(SocketOperation::Recv, &socket).is_heard());
        assert!(!SocketOp::send_to(&socket, || unreachable!("nobody asks")).is_heard());
        RecordingInstrument::new().in_scope(|| assert!(QueueOperation::start().is_heard()));
        assert!(!QueueOperation::start().is_heard());
    });
}

/// Fires what the tests above leave out.
fn fire_the_rest() {
    let (task, event_loop, now) = (task(), LoopInfo::new(None), Timestamp::now());
    let stack = scope::current().expect("somebody listens");
    task_spawned(&stack, &task, None, false, None);
    let failed = TaskEnd::Failed(TaskFailure::Panic("boom"));
    end_task(None, Some(stack.clone()), &failed);
    end_task(None, Some(stack.clone()), &TaskEnd::Completed);
    end_task(None, Some(stack), &TaskEnd::Cancelled);
    let timer = HeardTimer::capture().expect("somebody listens");
    timer.fired(now, now + WAIT);
    loop_park(&event_loop, now, now, Some(WAIT), false);
    loop_unpark(&event_loop, now, 1);
}

#[test]
fn every_hook_has_a_place_in_the_facade() {
    let (socket, queue) = (socket(), Rc::new(QueueInfo::new(None, None)));
    let task = task();
    let recorder = recorded(|| {
        drop(OpenSocket::new(socket.clone()));
        SocketOp::connect(&socket, &target()).connected(None);
        SocketOp::start(SocketOperation::Accept, &socket).accepted(&socket, None);
        SocketOp::start(SocketOperation::Recv, &socket).received(b"", None);
        let mut send = SocketOp::start(SocketOperation::Send, &socket);
        send.sent_part(b"", 0);
        drop(send);
        SocketOp::start(SocketOperation::Send, &socket).sent(None);
        drop(DnsLookup::start("example.org".into()));
        QueueOperation::start().put(&queue, &1, 1, None);
        QueueOperation::start().got(&queue, &1, 0, None);
        for wake in [
            Wake::Send(Resumption::Started),
            Wake::Throw(TaskException::Cancelled),
        ] {
            let poll = TaskPoll::begin(&task, wake, None).expect("somebody listens");
            poll.yielded(&task, &Command::Foreign);
        }
        fire_the_rest();
    });
    recorder.assert_paired();
    let fired: BTreeSet<_> = recorder.hooks(|_| true).into_iter().collect();
    // The handshake's are fired with the feature `tls`, and tested above.
    let without_tls = HOOKS.iter().filter(|hook| !hook.starts_with("on_tls"));
    assert_eq!(fired, without_tls.copied().collect());
}
