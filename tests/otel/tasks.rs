//! Tasks as spans, and how they end.

use crate::support::*;
use loopscope::instrument::*;
use opentelemetry::trace::{SpanKind, Status};
use std::io;
use std::time::Duration;

fn fail(bridge: &Bridge, task: &TaskInfo, failure: TaskFailure<'_>) {
    let end = TaskEndMetadata::new(task, true, at(500), at(1000));
    bridge
        .otel
        .on_task_error(&TaskErrorMetadata::new(end, failure));
}

#[test]
fn a_named_task_is_a_span_from_spawn_to_end() {
    let bridge = Bridge::new();
    let task = task(Some("worker"));
    bridge.otel.spawn(&task);
    bridge.otel.poll(&task, || {});
    task.add_busy(Duration::from_millis(250));
    bridge.otel.resume(&task);
    bridge.otel.complete(&task);
    assert_eq!(format!("{:?}", task.slots()), "Slots(0)");

    let span = bridge.only_span();
    assert_eq!(span.name, "task worker");
    assert_eq!(span.span_kind, SpanKind::Internal);
    assert_eq!(span.status, Status::Unset);
    assert!(is_root(&span));
    assert_eq!(span.start_time, at(0).to_system_time());
    assert_eq!(span.end_time, at(1000).to_system_time());
    let id = format!("loopscope.task.id={}", task.id());
    assert_attributes(
        &span,
        &[
            "loopscope.outcome=completed",
            "loopscope.task.busy=0.25",
            "loopscope.task.name=worker",
            "loopscope.task.polls=2",
            &id,
        ],
    );
}

#[test]
fn a_task_that_serves_a_connection_is_a_server() {
    let bridge = Bridge::new();
    let connection = socket(SocketRole::Server, "10.0.0.1:443", Some("10.0.0.9:50001"));
    let task = task(None);
    let mut metadata = TaskSpawnedMetadata::new(&task, None, at(0));
    metadata.serves = Some(&connection);
    bridge.otel.on_task_spawned(&metadata);
    bridge.otel.complete(&task);

    let span = bridge.only_span();
    assert_eq!(span.name, "task");
    assert_eq!(span.span_kind, SpanKind::Server);
    let id = format!("loopscope.task.id={}", task.id());
    assert_attributes(
        &span,
        &[
            "client.address=10.0.0.9",
            "client.port=50001",
            "loopscope.outcome=completed",
            "loopscope.task.busy=0",
            "loopscope.task.polls=0",
            "server.address=10.0.0.1",
            "server.port=443",
            &id,
        ],
    );
}

#[test]
fn panics_errors_and_cancellations_show_as_such() {
    let io_error = io::Error::new(io::ErrorKind::TimedOut, "too slow");
    let other_error = "x".parse::<u32>().unwrap_err();
    for (failure, error_type, description) in [
        (TaskFailure::Panic("boom"), "panic", "boom"),
        (TaskFailure::Error(&io_error), "timed_out", "too slow"),
        (
            TaskFailure::Error(&other_error),
            "_OTHER",
            "invalid digit found in string",
        ),
    ] {
        let bridge = Bridge::new();
        let task = task(Some("worker"));
        bridge.otel.spawn(&task);
        bridge.otel.resume(&task);
        fail(&bridge, &task, failure);
        let span = bridge.only_span();
        assert_eq!(span.status, error(description));
        let attributes = shown(&span.attributes);
        assert!(attributes.contains(&"loopscope.outcome=error".into()));
        assert!(attributes.contains(&format!("error.type={error_type}")));
    }

    let bridge = Bridge::new();
    let task = task(Some("worker"));
    bridge.otel.spawn(&task);
    bridge.otel.cancel(&task);
    let span = bridge.only_span();
    assert_eq!(span.status, Status::Unset);
    assert!(shown(&span.attributes).contains(&"loopscope.outcome=cancelled".into()));
}

#[test]
fn a_task_without_name_and_context_keeps_nothing() {
    let bridge = Bridge::new();
    let task = task(None);
    bridge.otel.spawn(&task);
    bridge.otel.poll(&task, || {});
    assert_eq!(format!("{:?}", task.slots()), "Slots(0)");
    bridge.otel.complete(&task);
    assert_eq!(bridge.span_names(), [""; 0]);
}

#[test]
fn open_spans_are_exported_as_unfinished() {
    let bridge = Bridge::new();
    let (early, late) = (task(Some("early")), task(Some("late")));
    bridge.otel.spawn(&late);
    bridge.otel.spawn(&early);
    bridge.otel.complete(&early);

    let otel = bridge.otel.clone();
    std::thread::spawn(move || otel.end_open_spans())
        .join()
        .unwrap();
    let span = bridge.span_named("task late");
    let id = format!("loopscope.task.id={}", late.id());
    assert_attributes(
        &span,
        &[
            "loopscope.outcome=unfinished",
            "loopscope.task.name=late",
            &id,
        ],
    );

    bridge.otel.end_open_spans();
    let next = task(Some("next"));
    bridge.otel.spawn(&next);
    bridge.otel.complete(&late);
    assert_eq!(bridge.span_names(), ["task early", "task late"]);
    bridge.otel.complete(&next);
    assert_eq!(bridge.span_names().len(), 3, "later ones are not disturbed");
}

#[test]
fn a_task_whose_end_is_not_heard_is_unfinished() {
    let bridge = Bridge::new();
    let task = task(Some("left"));
    bridge.otel.spawn(&task);
    drop(task);
    let span = bridge.only_span();
    assert!(shown(&span.attributes).contains(&"loopscope.outcome=unfinished".into()));
    bridge.otel.end_open_spans();
    assert_eq!(bridge.spans().len(), 1);
}

#[test]
fn a_task_entered_later_makes_no_span_and_is_not_counted() {
    let bridge = Bridge::new();
    let task = task(Some("running"));
    bridge.otel.poll(&task, || bridge.otel.recv(Some(&task)));
    let end = TaskEndMetadata::new(&task, false, at(500), at(1000));
    bridge.otel.on_task_completed(&end);
    assert_eq!(bridge.span_names(), ["socket recv"]);
    assert!(bridge.points("loopscope.task.active").is_empty());
    assert!(bridge.points("loopscope.task.duration").is_empty());
    assert_eq!(
        bridge.points("loopscope.task.poll.duration"),
        ["loopscope.task.name=running: 2/0.75"]
    );
}
