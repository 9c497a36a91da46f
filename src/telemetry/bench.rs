//! A door for benchmarks to the exporter of spans. No part of the public interface.

use super::Telemetry;
use super::otlp::{EncodedResource, Encoder};
use opentelemetry_sdk::trace::SpanData;

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
