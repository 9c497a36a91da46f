//! A pair of hooks around a receive, heard by nobody and by others, and a whole round trip that is
//! heard.

#[path = "../support/listeners.rs"]
mod listeners;

use super::loops::echo;
use listeners::{Discard, NoOp, socket};
use loopscope::instrument::*;
use loopscope::otel::{OtelInstrument, SpanPolicy};
use opentelemetry::trace::TraceFlags;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::hint::black_box;

pub(crate) const PATHS: &[super::Path] = &[
    ("pair, no scope", pairs),
    ("pair, no-op instrument", |times| {
        NoOp.in_scope(|| pairs(times))
    }),
    ("pair, metrics only", |times| {
        with_bridge(SpanPolicy::Off, TraceFlags::SAMPLED, || pairs(times))
    }),
    ("pair, parent not sampled", |times| {
        with_bridge(SpanPolicy::All, TraceFlags::NOT_SAMPLED, || pairs(times))
    }),
    ("pair, sampled to a no-op processor", |times| {
        with_bridge(SpanPolicy::All, TraceFlags::SAMPLED, || pairs(times))
    }),
    ("echo round trip, metrics only", |times| {
        with_bridge(SpanPolicy::Off, TraceFlags::SAMPLED, || echo(times))
    }),
];

/// The start, the ready and the data hook of a receive, without the receive.
fn pairs(times: u64) {
    let socket = socket();
    for _ in 0..times {
        bench::recv(black_box(&socket), black_box(&[0; 64]));
    }
}

/// The bridge over the real SDK, under a parent; what it exports goes nowhere.
fn with_bridge(policy: SpanPolicy, parent: TraceFlags, watched: impl FnOnce()) {
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    let tracers = SdkTracerProvider::builder()
        .with_span_processor(Discard)
        .build();
    let otel = OtelInstrument::builder()
        .tracer_provider(&tracers)
        .meter_provider(&meters)
        .spans(policy)
        .build();
    let _parent = listeners::parent(parent);
    otel.in_scope(watched);
}
