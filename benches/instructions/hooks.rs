//! A pair of hooks around a receive, heard by nobody and by others.

use loopscope::instrument::*;
use loopscope::otel::{OtelInstrument, SpanPolicy};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, ContextGuard};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use std::hint::black_box;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

pub(crate) const PATHS: &[super::Path] = &[
    ("pair, no scope", pairs),
    ("pair, no-op instrument", |times| {
        NoOp.in_scope(|| pairs(times))
    }),
    ("pair, metrics only", |times| {
        with_bridge(SpanPolicy::Off, TraceFlags::SAMPLED, times)
    }),
    ("pair, parent not sampled", |times| {
        with_bridge(SpanPolicy::All, TraceFlags::NOT_SAMPLED, times)
    }),
    ("pair, sampled to a no-op processor", |times| {
        with_bridge(SpanPolicy::All, TraceFlags::SAMPLED, times)
    }),
];

/// The start, the ready and the data hook of a receive, without the receive.
fn pairs(times: u64) {
    let socket = socket();
    for _ in 0..times {
        bench::recv(black_box(&socket), black_box(&[0; 64]));
    }
}

struct NoOp;

impl EventLoopInstrument for NoOp {}

/// The bridge over the real SDK, under a parent; what it exports goes nowhere.
fn with_bridge(policy: SpanPolicy, parent: TraceFlags, times: u64) {
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
    let _parent = attach(parent);
    otel.in_scope(|| pairs(times));
}

#[derive(Debug)]
struct Discard;

impl SpanProcessor for Discard {
    fn on_start(&self, _span: &mut Span, _parent: &Context) {}

    fn on_end(&self, _span: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

fn attach(flags: TraceFlags) -> ContextGuard {
    let span = SpanContext::new(
        TraceId::from(7),
        SpanId::from(8),
        flags,
        true,
        TraceState::default(),
    );
    Context::new().with_remote_span_context(span).attach()
}

fn socket() -> Rc<SocketHandle> {
    let socket = SocketHandle::new(Transport::Tcp, SocketRole::Server);
    let address = |port| Address::Ip(SocketAddr::from(([127, 0, 0, 1], port)));
    socket.set_local_address(address(8080));
    socket.set_peer_address(address(54_321));
    Rc::new(socket)
}
