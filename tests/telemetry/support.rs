//! Telemetry for tests, and what it says.

use crate::server::Request;
use loopscope::telemetry::{Telemetry, TelemetryBuilder};
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use std::io;
use std::net::TcpListener;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) fn builder(variables: &[(&str, &str)]) -> TelemetryBuilder {
    Telemetry::builder()
        .variables(variables.iter().copied())
        .shutdown_deadline(LONG)
}

pub(crate) fn telemetry(variables: &[(&str, &str)]) -> Telemetry {
    builder(variables).build().unwrap()
}

/// Telemetry that sends traces alone.
pub(crate) fn traces_to(endpoint: &str, variables: &[(&str, &str)]) -> Telemetry {
    let alone = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
    ];
    telemetry(&[&alone, variables].concat())
}

pub(crate) fn make_span(telemetry: &Telemetry) {
    make_span_named(telemetry, "a span");
}

pub(crate) fn make_span_named(telemetry: &Telemetry, name: &'static str) {
    telemetry.tracer_provider().tracer("test").start(name).end();
}

pub(crate) fn spans(request: &Request) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest::decode(&*request.body).unwrap()
}

/// The names of the spans in a request.
pub(crate) fn names(request: &Request) -> Vec<String> {
    let resources = spans(request).resource_spans.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    let spans = scopes.flat_map(|scope| scope.spans);
    spans.map(|span| span.name).collect()
}

/// A port on which nobody listens.
pub(crate) fn closed_port() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Has what is said on all threads written down from now on.
pub(crate) fn listen() {
    static LISTENS: OnceLock<()> = OnceLock::new();
    LISTENS.get_or_init(|| {
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::WARN)
            .with_writer(|| Lines)
            .init();
    });
}

/// What our own telemetry said about an endpoint.
pub(crate) fn said_about(endpoint: &str) -> Vec<String> {
    let lines = LINES.lock().unwrap();
    let lines = std::str::from_utf8(&lines).unwrap().lines();
    let ours = lines.filter(|line| line.contains("loopscope::telemetry"));
    ours.filter(|line| line.contains(endpoint))
        .map(Into::into)
        .collect()
}
