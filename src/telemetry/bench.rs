//! A door for benchmarks to how spans are exported. No part of the public interface.

use super::batches::Exporter;
use super::otlp::{EncodedResource, Encoder};
use super::settings::Batch;
use super::sources::{Sources, SpanRoute, SpanSink};
use super::worker::Turn;
use super::{Telemetry, TelemetryError, providers};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use std::time::Duration;

/// Makes requests of spans, as the exporter does.
#[derive(Debug, Default)]
pub struct SpanEncoder {
    resource: EncodedResource,
    encoder: Encoder,
}

impl SpanEncoder {
    /// The request for these spans.
    pub fn encode(&mut self, spans: &[SpanData]) -> &[u8] {
        self.encoder.encode(&self.resource, spans)
    }
}

/// How many spans have ended and are neither delivered nor known to be lost.
pub fn pending_spans(telemetry: &Telemetry) -> u64 {
    telemetry.tallies.traces.pending()
}

/// Telemetry whose spans go nowhere, in the default batches and with room for many.
///
/// # Errors
///
/// Those of [`Telemetry::from_env`].
pub fn discarding() -> Result<Telemetry, TelemetryError> {
    let variables = [
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ];
    let mut telemetry = Telemetry::builder().variables(variables).build()?;
    let batch = Batch {
        queue: 1 << 14,
        size: 512,
        delay: Duration::from_secs(5),
    };
    let sink = SpanSink::new(batch, &telemetry.tallies.traces);
    let discard = Discard(sink.sources().clone());
    telemetry.traces = SdkTracerProvider::builder()
        .with_span_processor(providers::batches(discard, &sink)?)
        .build();
    telemetry.span_route = SpanRoute::open_to(sink);
    Ok(telemetry)
}

/// Takes spans as fast as they can be made.
struct Discard(Sources);

impl Exporter for Discard {
    fn export(&mut self, _spans: &mut Vec<SpanData>) {}

    fn export_others(&mut self, turn: Turn) {
        for source in &mut *self.0.lock() {
            source.waiting();
            while source.next_batch(turn) > 0 {}
        }
    }
}
