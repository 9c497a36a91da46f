use super::{Recorded, RecordingInstrument};
use crate::clock::Timestamp;
use crate::instrument::metadata::*;
use crate::instrument::samples::{FINISH, HOOKS, START, Samples};
use crate::instrument::{ErrorType, EventLoopInstrument, Failure, SocketOperation, TaskId};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn recorded(fire: impl FnOnce(&RecordingInstrument)) -> RecordingInstrument {
    let recorder = RecordingInstrument::new();
    fire(&recorder);
    recorder
}

/// What an assertion that is to fail says.
fn failure_of(assertion: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(assertion)).expect_err("it is to fail");
    panic_message(&*payload).to_owned()
}

#[test]
fn every_hook_is_recorded_under_its_name() {
    let samples = Samples::new();
    let recorder = recorded(|recorder| samples.fire_all(recorder, |_| {}));
    recorder.assert_hooks(HOOKS);
    for event in recorder.events() {
        let is_of_loop = event.hook.starts_with("on_loop");
        let has_task = !is_of_loop && !event.hook.ends_with("_data");
        assert_eq!(event.task.is_some(), has_task, "{event:?}");
        let has_socket = event.hook.starts_with("on_socket") || event.hook.starts_with("on_tls");
        assert_eq!(event.socket.is_some(), has_socket, "{event:?}");
        let is_data = event.hook.ends_with("_data");
        assert_eq!(event.start_time.is_none(), is_data, "{event:?}");
    }
}

#[test]
fn what_was_told_is_kept() {
    let samples = Samples::new();
    let recorder = recorded(|recorder| samples.fire_all(recorder, |_| {}));
    let the = |hook| recorder.of(hook).remove(0);

    let got = the("on_queue_get");
    assert_eq!(got.queue, Some(samples.queue.id()));
    assert_eq!(got.data.as_deref(), Some(&b"42"[..]));
    assert_eq!(
        (got.start_time, got.finish_time),
        (Some(START), Some(FINISH))
    );
    assert_eq!(got.immediate, Some(false));

    let failed = the("on_socket_error");
    assert_eq!(failed.operation, Some(SocketOperation::Recv));
    assert_eq!(failed.error_type, Some(ErrorType::ConnectionReset));
    assert_eq!(failed.failure.as_deref(), Some("reset\nby peer"));

    assert_eq!(
        the("on_socket_send_ready").operation,
        Some(SocketOperation::Send)
    );
    assert_eq!(
        the("on_socket_accept_ready").accepted,
        Some(samples.socket.id())
    );
    assert_eq!(the("on_socket_open").operation, None);
    assert_eq!(the("on_tls_handshake_complete").resumed, Some(false));
    assert_eq!(the("on_dns_lookup_ready").answers, Some(2));
    assert_eq!(the("on_task_spawned").parent, Some(samples.parent.id()));
    assert_eq!(the("on_task_completed").since_spawn, Some(true));
    assert_eq!(the("on_loop_park").stops, Some(false));
    assert_eq!(the("on_loop_unpark").size, Some(3));
}

#[test]
fn clones_share_the_record_and_parts_do_not() {
    let samples = Samples::new();
    let recorder = RecordingInstrument::new();
    recorder.clone().on_queue_put(&samples.on_queue_put());
    recorder.clone().on_socket_open(&samples.on_socket_open());
    recorder.clone().on_loop_park(&samples.on_loop_park());
    recorder.assert_hooks(&["on_queue_put", "on_socket_open", "on_loop_park"]);

    let part = recorder.of_socket(samples.socket.id());
    part.assert_hooks(&["on_socket_open"]);
    let of_task = recorder.of_task(samples.task.id());
    of_task.assert_hooks(&["on_queue_put", "on_socket_open"]);
    recorder.clear();
    recorder.assert_hooks(&[]);
    part.assert_hooks(&["on_socket_open"]);
}

#[test]
fn other_hooks_than_expected_are_shown_side_by_side() {
    let samples = Samples::new();
    let recorder = recorded(|recorder| {
        recorder.on_queue_put(&samples.on_queue_put());
        recorder.on_queue_get(&samples.on_queue_get());
    });
    let expected = ["on_queue_put", "on_queue_put", "on_queue_get"];
    assert_eq!(
        failure_of(|| recorder.assert_hooks(&expected)),
        "other hooks were fired than expected:\n\
         \x20 expected                     fired\n\
         \x20 on_queue_put                 on_queue_put\n\
         > on_queue_put                 on_queue_get\n\
         > on_queue_get                 -\n"
    );
}

#[test]
fn starts_without_an_end_are_unfinished() {
    let samples = Samples::new();
    let recorder = recorded(|recorder| {
        recorder.on_socket_open(&samples.on_socket_open());
        recorder.on_socket_recv_start(&samples.on_socket_recv_start());
        recorder.on_socket_send_start(&samples.on_socket_send_start());
        recorder.on_dns_lookup_start(&samples.on_dns_lookup_start());
        recorder.on_task_before_send(&samples.on_task_before_send());
        recorder.on_socket_send_ready(&samples.on_socket_send_ready());
    });
    let hooks = |events: Vec<Recorded>| events.iter().map(|event| event.hook).collect::<Vec<_>>();
    let unfinished = [
        "on_socket_open",
        "on_socket_recv_start",
        "on_dns_lookup_start",
        "on_task_before_send",
    ];
    assert_eq!(hooks(recorder.unfinished()), unfinished);
    let message = failure_of(|| recorder.assert_paired());
    assert!(message.starts_with("these have no end:"), "{message}");

    recorder.on_socket_error(&samples.on_socket_error());
    recorder.on_dns_lookup_ready(&samples.on_dns_lookup_ready());
    recorder.on_task_cancelled(&samples.on_task_cancelled());
    recorder.on_socket_close(&samples.on_socket_close());
    assert!(recorder.unfinished().is_empty());
    recorder.assert_paired();
}

#[test]
fn an_end_belongs_to_a_start_of_the_same_task() {
    let samples = Samples::new();
    let mut ready = samples.on_socket_recv_ready();
    ready.task = Some(&samples.parent);
    let message = failure_of(|| {
        recorded(|recorder| {
            recorder.on_socket_recv_start(&samples.on_socket_recv_start());
            recorder.on_socket_recv_ready(&ready);
        })
        .assert_paired();
    });
    assert!(
        message.contains("an end without a start: on_socket_recv_ready"),
        "{message}"
    );
}

type Fire<'a> = &'a dyn Fn(&RecordingInstrument);

#[test]
fn broken_rules_are_named() {
    let samples = Samples::new();
    let later = Timestamp::from_nanos(FINISH.as_nanos() + 1);
    let cases: &[(&str, Fire<'_>)] = &[
        ("opened twice", &|recorder| {
            recorder.on_socket_open(&samples.on_socket_open());
            recorder.on_socket_open(&samples.on_socket_open());
        }),
        ("an end without a start", &|recorder| {
            recorder.on_socket_close(&samples.on_socket_close());
        }),
        ("an end without a start", &|recorder| {
            recorder.on_socket_recv_start(&samples.on_socket_recv_start());
            recorder.on_socket_recv_ready(&samples.on_socket_recv_ready());
            recorder.on_socket_error(&samples.on_socket_error());
        }),
        ("polled within a poll", &|recorder| {
            recorder.on_task_before_send(&samples.on_task_before_send());
            recorder.on_task_before_throw(&samples.on_task_before_throw());
        }),
        ("a task has ended already", &|recorder| {
            recorder.on_task_completed(&samples.on_task_completed());
            recorder.on_task_cancelled(&samples.on_task_cancelled());
        }),
        ("start and end disagree", &|recorder| {
            recorder.on_socket_recv_start(&samples.on_socket_recv_start());
            let mut ready = samples.on_socket_recv_ready();
            ready.start_time = FINISH;
            recorder.on_socket_recv_ready(&ready);
        }),
        ("it ended before it started", &|recorder| {
            let mut got = samples.on_queue_get();
            (got.start_time, got.finish_time) = (FINISH, START);
            recorder.on_queue_get(&got);
        }),
        ("it was ready after it ended", &|recorder| {
            let mut got = samples.on_queue_get();
            got.ready_time = Some(later);
            recorder.on_queue_get(&got);
        }),
        ("what did not wait", &|recorder| {
            let mut put = samples.on_queue_put();
            put.ready_time = Some(START);
            recorder.on_queue_put(&put);
        }),
    ];
    for (rule, fire) in cases {
        let recorder = recorded(fire);
        let message = failure_of(|| recorder.assert_paired());
        assert!(message.contains(rule), "{rule} is not in: {message}");
    }
}

#[test]
fn a_cancelled_operation_says_so() {
    let samples = Samples::new();
    let mut error = samples.on_socket_error();
    error.failure = Failure::Cancelled;
    let recorder = recorded(|recorder| recorder.on_socket_error(&error));
    let event = &recorder.events()[0];
    assert_eq!(event.failure.as_deref(), Some("cancelled"));
    assert_eq!(event.error_type, None);
}

#[test]
fn what_does_not_apply_is_not_shown() {
    let event = Recorded {
        hook: "on_queue_put",
        task: Some(TaskId::new()),
        data: Some(b"a\n".into()),
        ..Recorded::default()
    };
    let shown = format!("{event:?}");
    assert!(shown.starts_with("on_queue_put { task: TaskId("), "{shown}");
    assert!(shown.ends_with("data: a\\n }"), "{shown}");
}
