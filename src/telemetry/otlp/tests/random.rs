//! Random spans, of all that the data model has.

use opentelemetry::trace::{
    Event, Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use proptest::prelude::*;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,12}",
        2 => "[a-z.]{100,200}",
        1 => (1..2000_usize).prop_map(|length| "x".repeat(length)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let string = || text().prop_map(StringValue::from);
    fn several<T: fmt::Debug>(one: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
        prop::collection::vec(one, 0..4)
    }
    let number = || {
        prop_oneof![
            any::<i64>(),
            Just(0),
            Just(-1),
            Just(i64::MIN),
            Just(i64::MAX),
            0..300_i64
        ]
    };
    prop_oneof![
        string().prop_map(Value::String),
        number().prop_map(Value::I64),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(Value::F64),
        Just(Value::F64(0.0)),
        several(string()).prop_map(|values| Value::Array(Array::String(values))),
        several(number()).prop_map(|values| Value::Array(Array::I64(values))),
        several(any::<bool>()).prop_map(|values| Value::Array(Array::Bool(values))),
        several(any::<f64>()).prop_map(|values| Value::Array(Array::F64(values))),
    ]
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let attribute = (text(), value()).prop_map(|(key, value)| KeyValue::new(key, value));
    prop::collection::vec(attribute, 0..5)
}

fn time() -> impl Strategy<Value = SystemTime> {
    let after = (0..1_u64 << 36, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| UNIX_EPOCH + Duration::new(seconds, nanos));
    let before = (1..1_000_000_u64).prop_map(|nanos| UNIX_EPOCH - Duration::from_nanos(nanos));
    prop_oneof![6 => after, 1 => before, 1 => Just(UNIX_EPOCH)]
}

fn context() -> impl Strategy<Value = SpanContext> {
    let members = prop::collection::vec(("[a-z][a-z0-9_]{0,8}", "[a-zA-Z0-9 ]{0,20}"), 0..4);
    let state = members.prop_map(|members| TraceState::from_key_value(members).unwrap());
    (
        any::<u128>(),
        any::<u64>(),
        any::<u8>(),
        any::<bool>(),
        state,
    )
        .prop_map(|(trace_id, span_id, flags, is_remote, state)| {
            let (trace_id, span_id) = (TraceId::from(trace_id), SpanId::from(span_id));
            SpanContext::new(trace_id, span_id, TraceFlags::new(flags), is_remote, state)
        })
}

fn events() -> impl Strategy<Value = SpanEvents> {
    let event = (text(), time(), attributes(), any::<u32>()).prop_map(
        |(name, time, attributes, dropped)| {
            let mut event = Event::with_name(name);
            event.timestamp = time;
            event.attributes = attributes;
            event.dropped_attributes_count = dropped;
            event
        },
    );
    (prop::collection::vec(event, 0..4), any::<u32>()).prop_map(|(events, dropped)| {
        let mut all = SpanEvents::default();
        all.events = events;
        all.dropped_count = dropped;
        all
    })
}

fn links() -> impl Strategy<Value = SpanLinks> {
    let link = (context(), attributes(), any::<u32>())
        .prop_map(|(context, attributes, dropped)| Link::new(context, attributes, dropped));
    (prop::collection::vec(link, 0..4), any::<u32>()).prop_map(|(links, dropped)| {
        let mut all = SpanLinks::default();
        all.links = links;
        all.dropped_count = dropped;
        all
    })
}

fn kind() -> impl Strategy<Value = SpanKind> {
    prop_oneof![
        Just(SpanKind::Internal),
        Just(SpanKind::Server),
        Just(SpanKind::Client),
        Just(SpanKind::Producer),
        Just(SpanKind::Consumer),
    ]
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Unset),
        Just(Status::Ok),
        text().prop_map(Status::error),
    ]
}

pub(super) fn span() -> impl Strategy<Value = SpanData> {
    let parent = (prop_oneof![Just(0), any::<u64>()], any::<bool>());
    let dropped = prop_oneof![Just(0), any::<u32>()];
    let times = (time(), time());
    (
        (context(), parent, kind(), text(), times),
        (attributes(), dropped, events(), links(), status()),
    )
        .prop_map(|((context, parent, kind, name, times), rest)| {
            let (attributes, dropped_attributes_count, events, links, status) = rest;
            SpanData {
                span_context: context,
                parent_span_id: SpanId::from(parent.0),
                parent_span_is_remote: parent.1,
                span_kind: kind,
                name: name.into(),
                start_time: times.0,
                end_time: times.1,
                attributes,
                dropped_attributes_count,
                events,
                links,
                status,
                instrumentation_scope: InstrumentationScope::default(),
            }
        })
}

/// A scope that differs from the next one in a part only, if at all.
fn scope() -> impl Strategy<Value = InstrumentationScope> {
    let part = || {
        prop_oneof![
            Just(String::new()),
            Just("one".into()),
            Just("two".into()),
            text()
        ]
    };
    let attributes = prop_oneof![Just(Vec::new()), attributes()];
    (part(), part(), part(), attributes).prop_map(|(name, version, schema_url, attributes)| {
        InstrumentationScope::builder(name)
            .with_version(version)
            .with_schema_url(schema_url)
            .with_attributes(attributes)
            .build()
    })
}

/// Spans of several scopes.
pub(super) fn batch() -> impl Strategy<Value = Vec<SpanData>> {
    let spans = prop::collection::vec((span(), any::<prop::sample::Index>()), 1..8);
    (prop::collection::vec(scope(), 1..8), spans).prop_map(|(scopes, spans)| {
        let put = |(mut span, scope): (SpanData, prop::sample::Index)| {
            span.instrumentation_scope = scope.get(&scopes).clone();
            span
        };
        spans.into_iter().map(put).collect()
    })
}

pub(super) fn resource() -> impl Strategy<Value = Resource> {
    (attributes(), text()).prop_map(|(attributes, schema_url)| {
        Resource::builder_empty()
            .with_schema_url(attributes, schema_url)
            .build()
    })
}
