//! The exporter of spans.

use super::request::{EncodedResource, Encoder};
use super::sender::Sender;
use crate::telemetry::settings::Otlp;
use crate::telemetry::shutdown::lock;
use crate::telemetry::tally::Tally;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Exports spans over OTLP by http/protobuf, and counts what becomes of them.
///
/// Spans are encoded from where they are into memory that is kept; the stock exporter, which does
/// the same for the other protocols, makes messages of them first.
#[derive(Debug)]
pub(crate) struct OtlpSpanExporter {
    /// Exports follow each other: the lock is always free.
    state: Mutex<State>,
    is_shut_down: AtomicBool,
}

#[derive(Debug)]
struct State {
    resource: EncodedResource,
    encoder: Encoder,
    sender: Sender,
}

impl OtlpSpanExporter {
    pub(crate) fn new(
        otlp: &Otlp,
        tally: &Arc<Tally>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self {
            state: Mutex::new(State {
                resource: EncodedResource::default(),
                encoder: Encoder::default(),
                sender: Sender::new(otlp, tally)?,
            }),
            is_shut_down: AtomicBool::new(false),
        })
    }
}

impl SpanExporter for OtlpSpanExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        if self.is_shut_down.load(Ordering::Relaxed) {
            return Err(OTelSdkError::AlreadyShutdown);
        }
        let mut state = lock(&self.state);
        let end = state.sender.end_of_export();
        let result = state.export(batch, end);
        state.encoder.trim();
        result
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        self.is_shut_down.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        lock(&self.state).resource = EncodedResource::new(resource);
    }
}

impl State {
    /// Exports spans, in as many requests as their size asks for.
    fn export(&mut self, mut spans: Vec<SpanData>, end: Instant) -> OTelSdkResult {
        let request = self.encoder.encode(&self.resource, &spans);
        if request.len() > Sender::LARGEST && spans.len() > 1 {
            let second = spans.split_off(spans.len() / 2);
            let result = self.export(spans, end);
            return self.export(second, end).and(result);
        }
        let count = spans.len() as u64;
        // Their memory is in the cache now, and not needed while the collector is waited for.
        drop(spans);
        self.sender.send(request, count, end)
    }
}
