//! Spans as OTLP.

use super::attributes::write_attributes;
use super::fields::{event, link, span, status};
use super::writer::Writer;
use opentelemetry::trace::{Event, Link, SpanId, SpanKind, Status, TraceFlags, TraceState};
use opentelemetry_sdk::trace::SpanData;
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes the fields of a span.
pub(crate) fn write_span(writer: &mut Writer, data: &SpanData) {
    let context = &data.span_context;
    let flags_of_span = flags(context.trace_flags(), data.parent_span_is_remote);
    writer.fixed32(span::FLAGS, flags_of_span);
    writer.message(span::STATUS, |writer| write_status(writer, &data.status));
    writer.count(span::DROPPED_LINKS_COUNT, data.links.dropped_count);
    for link in data.links.iter().rev() {
        writer.message(span::LINKS, |writer| write_link(writer, link));
    }
    writer.count(span::DROPPED_EVENTS_COUNT, data.events.dropped_count);
    for event in data.events.iter().rev() {
        writer.message(span::EVENTS, |writer| write_event(writer, event));
    }
    let dropped = data.dropped_attributes_count;
    writer.count(span::DROPPED_ATTRIBUTES_COUNT, dropped);
    write_attributes(writer, span::ATTRIBUTES, &data.attributes);
    write_time(writer, span::END_TIME_UNIX_NANO, data.end_time);
    write_time(writer, span::START_TIME_UNIX_NANO, data.start_time);
    writer.count(span::KIND, kind(&data.span_kind));
    writer.string(span::NAME, &data.name);
    if data.parent_span_id != SpanId::INVALID {
        writer.bytes(span::PARENT_SPAN_ID, &data.parent_span_id.to_bytes());
    }
    write_trace_state(writer, span::TRACE_STATE, context.trace_state());
    writer.bytes(span::SPAN_ID, &context.span_id().to_bytes());
    writer.bytes(span::TRACE_ID, &context.trace_id().to_bytes());
}

fn write_event(writer: &mut Writer, event: &Event) {
    let dropped = event.dropped_attributes_count;
    writer.count(event::DROPPED_ATTRIBUTES_COUNT, dropped);
    write_attributes(writer, event::ATTRIBUTES, &event.attributes);
    writer.string(event::NAME, &event.name);
    write_time(writer, event::TIME_UNIX_NANO, event.timestamp);
}

fn write_link(writer: &mut Writer, link: &Link) {
    let context = &link.span_context;
    writer.fixed32(
        link::FLAGS,
        flags(context.trace_flags(), context.is_remote()),
    );
    let dropped = link.dropped_attributes_count;
    writer.count(link::DROPPED_ATTRIBUTES_COUNT, dropped);
    write_attributes(writer, link::ATTRIBUTES, &link.attributes);
    write_trace_state(writer, link::TRACE_STATE, context.trace_state());
    writer.bytes(link::SPAN_ID, &context.span_id().to_bytes());
    writer.bytes(link::TRACE_ID, &context.trace_id().to_bytes());
}

fn write_status(writer: &mut Writer, status: &Status) {
    match status {
        Status::Unset => {}
        Status::Ok => writer.count(status::CODE, 1),
        Status::Error { description } => {
            writer.count(status::CODE, 2);
            writer.string(status::MESSAGE, description);
        }
    }
}

pub(crate) fn kind(kind: &SpanKind) -> u32 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

/// The flags of the trace context; that it is known whether the parent of the span, or the span
/// that is linked, is of another process; and whether it is.
pub(crate) fn flags(trace_flags: TraceFlags, is_remote: bool) -> u32 {
    const HAS_IS_REMOTE: u32 = 0x100;
    const IS_REMOTE: u32 = 0x200;
    let remote = if is_remote { IS_REMOTE } else { 0 };
    u32::from(trace_flags.to_u8()) | HAS_IS_REMOTE | remote
}

/// Writes a time as nanoseconds since the epoch; what was before that is moved there.
pub(crate) fn write_time(writer: &mut Writer, field: u32, time: SystemTime) {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanos = since_epoch
        .as_secs()
        .wrapping_mul(1_000_000_000)
        .wrapping_add(since_epoch.subsec_nanos().into());
    if nanos != 0 {
        writer.fixed64(field, nanos.to_le_bytes());
    }
}

/// Writes a trace state as its header has it: `key=value,key=value`.
fn write_trace_state(writer: &mut Writer, field: u32, state: &TraceState) {
    let length = header(state).map(str::len).sum();
    if length == 0 {
        return;
    }
    writer.filled(field, length, |mut rest| {
        for part in header(state) {
            let (place, after) = rest.split_at_mut(part.len());
            place.copy_from_slice(part.as_bytes());
            rest = after;
        }
    });
}

fn header(state: &TraceState) -> impl Iterator<Item = &str> {
    let members = state.into_iter().map(|(key, value)| [",", key, "=", value]);
    // There is no comma before the first.
    members.flatten().skip(1)
}
