//! The exporter of spans.

use super::request::{EncodedResource, Encoder};
use super::sender::Sender;
use crate::telemetry::batches::Exporter;
use crate::telemetry::settings::Otlp;
use crate::telemetry::tally::Tally;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

/// Exports spans over OTLP by http/protobuf, and counts what becomes of them.
///
/// Spans are encoded from where they are into memory that is kept; the stock exporter, which does
/// the same for the other protocols, makes messages of them first.
#[derive(Debug)]
pub(crate) struct OtlpSpanExporter {
    resource: EncodedResource,
    encoder: Encoder,
    sender: Sender,
}

impl OtlpSpanExporter {
    pub(crate) fn new(
        otlp: &Otlp,
        resource: &Resource,
        tally: &Arc<Tally>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self {
            resource: EncodedResource::new(resource),
            encoder: Encoder::default(),
            sender: Sender::new(otlp, tally)?,
        })
    }

    /// Exports spans, in as many requests as their size asks for.
    fn export_by(&mut self, spans: &[SpanData], end: Instant) {
        let request = self.encoder.encode(&self.resource, spans);
        if request.len() > Sender::LARGEST && spans.len() > 1 {
            let (first, second) = spans.split_at(spans.len() / 2);
            self.export_by(first, end);
            self.export_by(second, end);
        } else {
            // What becomes of them is counted and told there.
            let _ = self.sender.send(request, spans.len() as u64, end);
        }
    }
}

impl Exporter for OtlpSpanExporter {
    fn export(&mut self, spans: &mut Vec<SpanData>) {
        let end = self.sender.end_of_export();
        self.export_by(spans, end);
        self.encoder.trim();
    }
}
