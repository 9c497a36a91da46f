//! Requests held against opentelemetry-proto's decoding and against what the stock exporter sends.

use super::random::{batch, resource, span};
use crate::telemetry::otlp::request::{EncodedResource, Encoder};
use allocation_counter::measure;
use opentelemetry::trace::{
    Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span, status::StatusCode};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use proptest::prelude::*;
use prost::Message;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What the stock exporter sends.
fn stock(resource: &Resource, spans: Vec<SpanData>) -> ExportTraceServiceRequest {
    let resource = ResourceAttributesWithSchema::from(resource);
    ExportTraceServiceRequest {
        resource_spans: group_spans_by_resource_and_scope(spans, &resource),
    }
}

fn nanos(time: SystemTime) -> u64 {
    let nanos = time.duration_since(UNIX_EPOCH);
    (nanos.map_or(0, |it| it.as_nanos()) % (1 << 64)) as u64
}

/// Checks what can be told without the stock exporter.
fn check(decoded: &Span, span: &SpanData) {
    let context = &span.span_context;
    assert_eq!(decoded.trace_id, context.trace_id().to_bytes());
    assert_eq!(decoded.span_id, context.span_id().to_bytes());
    assert_eq!(decoded.trace_state, context.trace_state().header());
    let parent = span.parent_span_id.to_bytes();
    let length = if parent == [0; 8] { 0 } else { 8 };
    assert_eq!(decoded.parent_span_id, &parent[..length]);
    let trace_flags = context.trace_flags().to_u8();
    let is_remote = if span.parent_span_is_remote { 3 } else { 1 };
    assert_eq!(decoded.flags, is_remote << 8 | u32::from(trace_flags));
    assert_eq!(decoded.name, span.name);
    assert_eq!(decoded.start_time_unix_nano, nanos(span.start_time));
    assert_eq!(decoded.end_time_unix_nano, nanos(span.end_time));
    assert_eq!(decoded.attributes.len(), span.attributes.len());
    let dropped = span.dropped_attributes_count;
    assert_eq!(decoded.dropped_attributes_count, dropped);
    let code = match span.status {
        Status::Unset => StatusCode::Unset,
        Status::Ok => StatusCode::Ok,
        Status::Error { .. } => StatusCode::Error,
    };
    assert_eq!(decoded.status.as_ref().unwrap().code(), code);
}

/// Checks the same of a span's events and links.
fn check_events_and_links(decoded: &Span, span: &SpanData) {
    assert_eq!(decoded.dropped_events_count, span.events.dropped_count);
    assert_eq!(decoded.events.len(), span.events.len());
    for (decoded, event) in decoded.events.iter().zip(span.events.iter()) {
        assert_eq!(decoded.time_unix_nano, nanos(event.timestamp));
        assert_eq!(decoded.name, event.name);
        assert_eq!(decoded.attributes.len(), event.attributes.len());
        let dropped = event.dropped_attributes_count;
        assert_eq!(decoded.dropped_attributes_count, dropped);
    }
    assert_eq!(decoded.dropped_links_count, span.links.dropped_count);
    assert_eq!(decoded.links.len(), span.links.len());
    for (decoded, link) in decoded.links.iter().zip(span.links.iter()) {
        let context = &link.span_context;
        assert_eq!(decoded.span_id, context.span_id().to_bytes());
        assert_eq!(decoded.flags >> 8 == 3, context.is_remote());
        assert_eq!(decoded.attributes.len(), link.attributes.len());
    }
}

proptest! {
    /// Byte for byte, also in memory that the last request was made in.
    #[test]
    fn a_request_is_what_the_stock_exporter_sends(
        resource in resource(),
        batches in prop::collection::vec(batch(), 1..3),
    ) {
        let encoded = EncodedResource::new(&resource);
        let mut encoder = Encoder::default();
        for spans in batches {
            let ours = encoder.encode(&encoded, &spans);
            let stock = stock(&resource, spans);
            prop_assert!(ours == stock.encode_to_vec(), "{:?} is not {stock:?}",
                ExportTraceServiceRequest::decode(ours));
            encoder.trim();
        }
    }

    #[test]
    fn a_request_is_decoded_to_what_it_was_made_of(span in span()) {
        let mut encoder = Encoder::default();
        let request = encoder.encode(&EncodedResource::default(), std::slice::from_ref(&span));
        let request = ExportTraceServiceRequest::decode(request).unwrap();
        let scopes = &request.resource_spans[0].scope_spans;
        check(&scopes[0].spans[0], &span);
        check_events_and_links(&scopes[0].spans[0], &span);
    }
}

/// A span with this number as its id and the only attribute.
fn numbered(number: u64, scope: InstrumentationScope) -> SpanData {
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(1),
            SpanId::from(number),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: SpanId::from(7),
        parent_span_is_remote: true,
        span_kind: SpanKind::Server,
        name: "a span".into(),
        start_time: UNIX_EPOCH + Duration::from_secs(1),
        end_time: UNIX_EPOCH + Duration::from_secs(2),
        attributes: vec![KeyValue::new("number", number.cast_signed())],
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: scope,
    }
}

/// The name of a scope and the numbers of its spans.
fn numbers(scope: &ScopeSpans) -> (String, Vec<i64>) {
    let number = |span: &Span| match &span.attributes[0].value {
        Some(AnyValue {
            value: Some(any_value::Value::IntValue(number)),
        }) => *number,
        other => panic!("no number: {other:?}"),
    };
    let name = scope.scope.as_ref().unwrap().name.clone();
    (name, scope.spans.iter().map(number).collect())
}

#[test]
fn more_scopes_than_are_remembered_lose_nothing() {
    const SCOPES: u64 = 40;
    let scope = |number: u64| InstrumentationScope::builder(format!("scope {number}")).build();
    let spans: Vec<_> = (0..3 * SCOPES)
        .map(|number| numbered(number, scope(number % SCOPES)))
        .collect();
    let mut encoder = Encoder::default();
    let request = encoder.encode(&EncodedResource::default(), &spans);
    let request = ExportTraceServiceRequest::decode(request).unwrap();
    let mut found: Vec<_> = request.resource_spans[0]
        .scope_spans
        .iter()
        .map(numbers)
        .collect();
    assert_eq!(
        found.len() as u64,
        3 * SCOPES,
        "none is found again among the last few"
    );
    found.sort_by_key(|(_, numbers)| numbers[0]);
    for (number, (name, numbers)) in found.into_iter().enumerate() {
        assert_eq!(numbers, [number as i64]);
        assert_eq!(name, format!("scope {}", number as u64 % SCOPES));
    }
}

#[test]
fn in_steady_state_nothing_is_allocated() {
    let scopes = ["one", "two"].map(|name| InstrumentationScope::builder(name).build());
    let spans: Vec<_> = (0..1000)
        .map(|number| {
            let mut span = numbered(number, scopes[number as usize % 2].clone());
            span.events.events.push(Event::with_name("an event"));
            span.status = Status::error("it failed");
            span
        })
        .collect();
    let resource = EncodedResource::default();
    let mut encoder = Encoder::default();
    encoder.encode(&resource, &spans);
    encoder.trim();
    let allocations = measure(|| {
        encoder.encode(&resource, &spans);
        encoder.trim();
    });
    assert_eq!(allocations.count_total, 0);
}
