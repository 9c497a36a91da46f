//! The exporter of spans.

use super::request::{EncodedResource, Encoder, write_request, write_scope_spans};
use super::sender::Sender;
use super::writer::Writer;
use crate::telemetry::batches::Exporter;
use crate::telemetry::settings::Otlp;
use crate::telemetry::sources::{Sources, SpanSource};
use crate::telemetry::tally::Tally;
use crate::telemetry::worker::Turn;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use std::error::Error;
use std::ops::Range;
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
    sources: Sources,
    /// For what sources write.
    writer: Writer,
    sender: Sender,
}

impl OtlpSpanExporter {
    pub(crate) fn new(
        otlp: &Otlp,
        resource: &Resource,
        sources: &Sources,
        tally: &Arc<Tally>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self {
            resource: EncodedResource::new(resource),
            encoder: Encoder::default(),
            sources: sources.clone(),
            writer: Writer::default(),
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

    /// The same for a part of a source's batch.
    fn export_part(&mut self, source: &dyn SpanSource, part: Range<usize>, end: Instant) {
        self.writer.clear();
        write_request(&mut self.writer, &self.resource, |writer| {
            write_scope_spans(writer, source.scope(), |writer| {
                source.write_spans(part.clone(), writer);
            });
        });
        let request = self.writer.as_bytes();
        if request.len() > Sender::LARGEST && part.len() > 1 {
            let middle = part.start + part.len() / 2;
            self.export_part(source, part.start..middle, end);
            self.export_part(source, middle..part.end, end);
        } else {
            let _ = self.sender.send(request, part.len() as u64, end);
        }
    }
}

impl Exporter for OtlpSpanExporter {
    fn export(&mut self, spans: &mut Vec<SpanData>) {
        let end = self.sender.end_of_export();
        self.export_by(spans, end);
        self.encoder.trim();
    }

    fn export_others(&mut self, turn: Turn) {
        let sources = self.sources.clone();
        for source in &mut *sources.lock() {
            // What comes meanwhile has another turn.
            let mut left = source.waiting();
            while left > 0 {
                let taken = source.next_batch(turn);
                if taken == 0 {
                    break;
                }
                left = left.saturating_sub(taken);
                let end = self.sender.end_of_export();
                self.export_part(&**source, 0..taken, end);
            }
        }
        self.writer.clear_and_trim();
    }
}
