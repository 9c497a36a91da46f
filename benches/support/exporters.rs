//! From a span that ends to the Collector: the SDK's batch processor, and an exporter.

use loopscope::telemetry::{Telemetry, TelemetryError};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::trace::{self, BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};

/// How many spans the batch processor holds, and how many it exports at once.
pub(crate) const QUEUE: u64 = 65_536;
pub(crate) const BATCH: u64 = 2_048;

/// Spans by our exporter, and nothing else.
pub(crate) fn ours(endpoint: &str) -> Result<Telemetry, TelemetryError> {
    telemetry(endpoint, QUEUE)
}

/// The same for the fast lane, with rings for so many spans.
pub(crate) fn for_fast_lane(endpoint: &str, ring: u64) -> Result<Telemetry, TelemetryError> {
    telemetry(endpoint, ring)
}

fn telemetry(endpoint: &str, queue: u64) -> Result<Telemetry, TelemetryError> {
    Telemetry::builder()
        .variables([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.into()),
            ("OTEL_BSP_MAX_QUEUE_SIZE", queue.to_string()),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", BATCH.to_string()),
            ("OTEL_METRICS_EXPORTER", "none".into()),
            ("OTEL_LOGS_EXPORTER", "none".into()),
        ])
        .build()
}

/// The stock exporter, with the HTTP client that ours has too.
pub(crate) fn stock(endpoint: &str) -> Result<SpanExporter, ExporterBuildError> {
    SpanExporter::builder()
        .with_http()
        .with_http_client(Client(ureq::agent()))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()
}

/// Spans by such an exporter.
pub(crate) fn batches(exporter: impl trace::SpanExporter + 'static) -> SdkTracerProvider {
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE as usize)
        .with_max_export_batch_size(BATCH as usize)
        .build();
    let processor = BatchSpanProcessor::builder(exporter)
        .with_batch_config(config)
        .build();
    SdkTracerProvider::builder()
        .with_span_processor(processor)
        .build()
}

#[derive(Debug)]
struct Client(ureq::Agent);

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let answer = self.0.run(Request::from_parts(parts, &body[..]))?;
        let (parts, mut body) = answer.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}
