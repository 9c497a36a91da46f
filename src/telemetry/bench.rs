//! A door for benchmarks to how spans are exported. No part of the public interface.

use super::Telemetry;
use super::batches::{BatchProcessor, Exporter};
use super::otlp::{EncodedResource, Encoder};
use super::settings::Batch;
use super::tally::Tallies;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use std::io;
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

/// A provider whose spans go nowhere, in the default batches and with room for many.
///
/// # Errors
///
/// Those of the system where it has no more threads.
pub fn discarding_provider() -> io::Result<SdkTracerProvider> {
    let batch = Batch {
        queue: 1 << 16,
        size: 512,
        delay: Duration::from_secs(5),
    };
    let processor = BatchProcessor::start(Discard, batch, &Tallies::new().traces)?;
    Ok(SdkTracerProvider::builder()
        .with_span_processor(processor)
        .build())
}

struct Discard;

impl Exporter for Discard {
    fn export(&mut self, _spans: &mut Vec<SpanData>) {}
}
