//! Which spans were started, and which have ended.

use opentelemetry::Context;
use opentelemetry::trace::{Span as _, SpanId};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Notes the spans that are started and those that end.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpanLog {
    started: Arc<Mutex<Vec<SpanId>>>,
    ended: Arc<Mutex<Vec<SpanId>>>,
}

impl SpanLog {
    pub(crate) fn started(&self) -> Vec<SpanId> {
        self.started.lock().unwrap().clone()
    }

    pub(crate) fn ended(&self) -> Vec<SpanId> {
        self.ended.lock().unwrap().clone()
    }
}

impl SpanProcessor for SpanLog {
    fn on_start(&self, span: &mut Span, _: &Context) {
        let id = span.span_context().span_id();
        self.started.lock().unwrap().push(id);
    }

    fn on_end(&self, span: SpanData) {
        let id = span.span_context.span_id();
        self.ended.lock().unwrap().push(id);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
