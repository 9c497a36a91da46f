//! What the bridge to OpenTelemetry exported.

use super::{ends, ensure, expected_ends};
use crate::ledger::{End, Kind};
use crate::run::Run;
use loopscope::instrument::SocketOperation;
use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;
use std::collections::HashSet;

/// The values of a metric's points that have `attribute`; of a histogram, how many were counted.
fn values(run: &Run, metric: &str, attribute: &str) -> Vec<i64> {
    let points = run.bridge.points(metric);
    let points = points.iter().filter(|point| point.contains(attribute));
    points
        .map(|point| {
            let (_, value) = point.rsplit_once(": ").unwrap();
            value.split('/').next().unwrap().parse().unwrap()
        })
        .collect()
}

/// When all has ended nothing is counted as open, running or held.
pub(super) fn active(run: &Run) -> Result<(), String> {
    let gauges = [
        "loopscope.socket.active",
        "loopscope.task.active",
        "loopscope.queue.size",
    ];
    for gauge in gauges {
        let points = run.bridge.points(gauge);
        let is_zero = values(run, gauge, "").iter().all(|value| *value == 0);
        ensure(is_zero, || format!("{gauge}: {points:?}"))?;
        // The main task and the listeners are counted at least.
        let is_there = !points.is_empty() || gauge == "loopscope.queue.size";
        ensure(is_there, || format!("{gauge} has no points"))?;
    }
    Ok(())
}

/// Bytes, operations and tasks are counted as often as hooks told of them.
pub(super) fn counts(run: &Run) -> Result<(), String> {
    let record = run.record();
    let bytes = |operation| {
        let ended = record.iter().filter(|event| ends(event).is_some());
        let ended = ended.filter(|event| event.operation == Some(operation));
        ended.filter_map(|event| event.size).sum::<usize>()
    };
    let of_sockets = record
        .iter()
        .filter(|event| ends(event).is_some() && event.operation.is_some());
    let expected = [
        (
            "loopscope.socket.io",
            "=receive",
            bytes(SocketOperation::Recv),
        ),
        (
            "loopscope.socket.io",
            "=transmit",
            bytes(SocketOperation::Send),
        ),
        (
            "loopscope.socket.operation.duration",
            "",
            of_sockets.count(),
        ),
        (
            "loopscope.task.duration",
            "",
            run.ledger.tasks.borrow().len(),
        ),
    ];
    for (metric, attribute, expected) in expected {
        let counted: i64 = values(run, metric, attribute).iter().sum();
        ensure(usize::try_from(counted) == Ok(expected), || {
            format!("{metric} {attribute} is {counted}, hooks told {expected}")
        })?;
    }
    Ok(())
}

/// Every span that was started has ended, once, and was exported; there is one for each operation
/// and one for each task that is to have one.
pub(super) fn spans_end(run: &Run) -> Result<(), String> {
    let exported = run.bridge.spans();
    let mut started = run.spans.started();
    let mut ended = run.spans.ended();
    let mut exported_ids: Vec<SpanId> = exported.iter().map(id).collect();
    for ids in [&mut started, &mut ended, &mut exported_ids] {
        ids.sort_by_key(|id| id.to_bytes());
    }
    ensure(started == ended && ended == exported_ids, || {
        let numbers = [started.len(), ended.len(), exported_ids.len()];
        format!("started, ended and exported are {numbers:?}: {exported:#?}")
    })?;
    let operations = exported.iter().filter(|span| is_operation(span)).count();
    let told = run.record().iter().filter(|event| ends(event).is_some());
    let told = told.count();
    ensure(operations == told, || {
        format!("there are {operations} spans of {told} operations")
    })?;
    let tasks = exported.iter().filter(|span| is_task(span)).count();
    let lives = run.ledger.tasks.borrow();
    let expected = lives.iter().filter(|life| life.traced).count();
    ensure(tasks == expected, || {
        format!("there are {tasks} spans of {expected} tasks")
    })
}

/// What a span names as its parent, or links to, was a span.
pub(super) fn parents(run: &Run) -> Result<(), String> {
    let exported = run.bridge.spans();
    let known: HashSet<_> = exported
        .iter()
        .map(|span| (span.span_context.trace_id(), id(span)))
        .collect();
    for span in &exported {
        let parent = (span.span_context.trace_id(), span.parent_span_id);
        let has_parent = span.parent_span_id == SpanId::INVALID || known.contains(&parent);
        let links = span.links.iter().map(|link| &link.span_context);
        let has_links = links
            .map(|link| (link.trace_id(), link.span_id()))
            .all(|link| known.contains(&link));
        ensure(has_parent && has_links, || format!("not so of {span:#?}"))?;
    }
    Ok(())
}

/// An operation's parent is the span that was active where it ended. One that is dropped may end
/// where the program's own span is not active any more.
pub(super) fn operations(run: &Run) -> Result<(), String> {
    // Those of operations through the `futures-io` traits cannot be told from the others.
    if !run.ledger.polled.borrow().is_empty() {
        return Ok(());
    }
    let exported = run.bridge.spans();
    let spans = exported.iter().filter(|span| is_operation(span));
    for (ended, span) in expected_ends(run, 0).iter().zip(spans) {
        let is_named = span.name.contains(name(ended.begun.kind));
        let is_child = span.parent_span_id == ended.parent || ended.end == End::Dropped;
        ensure(is_named && is_child, || {
            format!("{ended:?} has the span {span:#?}")
        })?;
    }
    Ok(())
}

fn id(span: &SpanData) -> SpanId {
    span.span_context.span_id()
}

fn is_task(span: &SpanData) -> bool {
    span.name.starts_with("task")
}

fn is_operation(span: &SpanData) -> bool {
    let beginnings = ["socket ", "queue ", "TLS "];
    beginnings
        .iter()
        .any(|beginning| span.name.starts_with(beginning))
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Connect => "socket connect",
        Kind::Accept => "socket accept",
        Kind::Recv => "socket recv",
        Kind::Send => "socket send",
        Kind::Handshake => "handshake",
        Kind::Get => "queue get",
        Kind::Put => "queue put",
    }
}
