//! The real Collector gets the same from our exporter as from the stock one.

use crate::support::{all_to, telemetry};
use integration_tests::{Collector, Jaeger, Prometheus, servers_are_there, wait_for};
use loopscope::telemetry::Telemetry;
use opentelemetry::trace::{
    Link, Span, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags,
    TraceId, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Array, Context, InstrumentationScope, KeyValue, Value};
use serde_json::Value as Json;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const KINDS: [SpanKind; 5] = [
    SpanKind::Internal,
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Producer,
    SpanKind::Consumer,
];

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::new(1_790_000_000 + seconds, 123_456_789)
}

/// Attributes of every kind.
fn attributes() -> Vec<KeyValue> {
    let array = |key: &'static str, array: Array| KeyValue::new(key, Value::Array(array));
    vec![
        KeyValue::new("text", "Grüße, 世界"),
        KeyValue::new("empty", ""),
        KeyValue::new("long", "x".repeat(10_000)),
        KeyValue::new("int", i64::MIN),
        KeyValue::new("double", 2.5),
        KeyValue::new("bool", false),
        array("texts", Array::String(vec!["a".into(), "".into()])),
        array("ints", Array::I64(vec![-1, 0, i64::MAX])),
        array("doubles", Array::F64(vec![0.0, -1.5e300])),
        array("bools", Array::Bool(vec![true, false])),
        array("nothing", Array::I64(Vec::new())),
    ]
}

/// A span of another process, with a trace state.
fn elsewhere() -> SpanContext {
    let state = TraceState::from_key_value([("vendor", "value"), ("other", "1")]);
    SpanContext::new(
        TraceId::from(0x0102_0304),
        SpanId::from(0x0506),
        TraceFlags::SAMPLED,
        true,
        state.expect("it is valid"),
    )
}

/// Makes spans with everything that the data model has, whose ids are those of no other run.
fn make_spans(telemetry: &Telemetry) {
    let parent = Context::new().with_remote_span_context(elsewhere());
    let scopes = [
        InstrumentationScope::builder("one")
            .with_version("1.2.3")
            .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
            .with_attributes(attributes()),
        InstrumentationScope::builder("two"),
    ];
    let tracers = scopes.map(|scope| telemetry.tracer_provider().tracer_with_scope(scope.build()));
    for (number, kind) in (0..).zip(KINDS) {
        // Spans of the two scopes take turns.
        let tracer = &tracers[number % 2];
        let builder = SpanBuilder::from_name(format!("span {number}"))
            .with_kind(kind)
            .with_start_time(at(0))
            .with_attributes(attributes())
            .with_links(vec![
                Link::new(elsewhere(), attributes(), 3),
                Link::new(SpanContext::empty_context(), Vec::new(), 0),
            ]);
        let mut span = tracer.build_with_context(builder, &parent);
        for second in 1..4 {
            span.add_event_with_timestamp("an event", at(second), attributes());
        }
        span.set_status(match number % 3 {
            0 => Status::error("it failed"),
            1 => Status::Ok,
            _ => Status::Unset,
        });
        span.end_with_timestamp(at(5));
    }
}

/// What the Collector has of a service, by scope, without what differs in each run.
fn received(collector: &Collector, service: &str) -> Json {
    let of_service = |resource: &&Json| resource["resource"].to_string().contains(service);
    wait_for("spans", || {
        let traces = collector.traces();
        let lines = traces
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let batches: Vec<Json> = lines.collect();
        let resources = batches
            .iter()
            .filter_map(|batch| batch["resourceSpans"].as_array());
        let resource = resources.flatten().find(of_service);
        let mut scopes = resource.ok_or("not yet there")?["scopeSpans"].clone();
        for scope in scopes.as_array_mut().into_iter().flatten() {
            for span in scope["spans"].as_array_mut().into_iter().flatten() {
                span["spanId"].take();
            }
        }
        Ok(scopes)
    })
}

#[test]
fn the_collector_gets_what_it_gets_from_the_stock_exporter() {
    if !servers_are_there() {
        return;
    }
    let (jaeger, prometheus) = (Jaeger::start(), Prometheus::start());
    let collector = Collector::start(&jaeger, &prometheus);
    let [ours, stock] = ["http/protobuf", "http/json"].map(|protocol| {
        let [endpoint, protocol] = all_to(collector.otlp_http(), protocol);
        let service = protocol.1.clone();
        // Some of what the spans have is dropped, which they tell.
        let limits = [
            ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", String::from("10")),
            ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "9".into()),
            ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "8".into()),
            ("OTEL_SPAN_EVENT_COUNT_LIMIT", "2".into()),
            ("OTEL_SPAN_LINK_COUNT_LIMIT", "1".into()),
        ];
        let variables: Vec<_> = limits.into_iter().chain([endpoint, protocol]).collect();
        let telemetry = telemetry(&service, &variables);
        make_spans(&telemetry);
        telemetry.shutdown().expect("nothing is lost");
        received(&collector, &service)
    });
    assert_eq!(ours, stock);
    let spans = |scope: usize| ours[scope]["spans"].as_array().map_or(0, Vec::len);
    assert_eq!((spans(0), spans(1)), (3, 2), "{ours:#}");
    let span = &ours[0]["spans"][0];
    for (field, expected) in [
        ("traceState", "\"vendor=value,other=1\""),
        ("flags", "769"),
        ("kind", "1"),
        ("droppedAttributesCount", "1"),
        ("droppedEventsCount", "1"),
        ("parentSpanId", "\"0000000000000506\""),
    ] {
        assert_eq!(span[field].to_string(), expected, "{field}");
    }
}
