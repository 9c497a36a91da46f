//! A pair of hooks around a receive, heard by nobody and by others, and a whole round trip that is
//! heard.

#[path = "../support/listeners.rs"]
mod listeners;

use super::loops::echo;
use listeners::{Discard, NoOp, socket};
use loopscope::event_loop::EventLoop;
use loopscope::instrument::*;
use loopscope::otel::{OtelInstrument, OtelInstrumentBuilder, SpanPolicy};
use loopscope::telemetry::bench::discarding;
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
    ("pair, fast lane", |times| {
        with_fast_lane(|| pairs_in_task(times))
    }),
    ("echo round trip, metrics only", |times| {
        with_bridge(SpanPolicy::Off, TraceFlags::SAMPLED, || echo(times))
    }),
    ("echo round trip, fast lane", |times| {
        with_fast_lane(|| echo(times))
    }),
];

/// The start, the ready and the data hook of a receive, without the receive.
fn pairs(times: u64) {
    let socket = socket();
    for _ in 0..times {
        bench::recv(black_box(&socket), black_box(&[0; 64]));
    }
}

/// The same by a task, which spans on the fast lane are of.
fn pairs_in_task(times: u64) {
    let event_loop = EventLoop::new().expect("a poller");
    event_loop.run_until_complete(async { pairs(times) });
}

/// The bridge over the real SDK, under a parent; what it exports goes nowhere.
fn with_bridge(policy: SpanPolicy, parent: TraceFlags, watched: impl FnOnce()) {
    let tracers = SdkTracerProvider::builder()
        .with_span_processor(Discard)
        .build();
    let builder = OtelInstrument::builder().tracer_provider(&tracers);
    in_force(builder.spans(policy), parent, watched);
}

/// The same by the fast lane. Its other end is not woken before it has much to do.
fn with_fast_lane(watched: impl FnOnce()) {
    let telemetry = discarding().expect("a thread");
    let builder = OtelInstrument::builder().fast_lane(&telemetry);
    in_force(builder.expect("it is open"), TraceFlags::SAMPLED, watched);
}

fn in_force(builder: OtelInstrumentBuilder, parent: TraceFlags, watched: impl FnOnce()) {
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    let _parent = listeners::parent(parent);
    builder.meter_provider(&meters).build().in_scope(watched);
}
