//! From a span that ends to the Collector: the SDK's batch processor, and an exporter.

use crate::collector::Collector;
use crate::spans::{self, Kind, Make};
use crate::{BATCH, QUEUE};
use loopscope::telemetry::{Telemetry, bench};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter,
};
use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pipeline {
    /// OpenTelemetry's API and its own exporter: what the others are compared with.
    Stock,
    /// The same API, through `Telemetry`, with our exporter.
    Ours,
    /// `tracing-opentelemetry` in front of the stock exporter.
    Tracing,
}

impl Pipeline {
    pub(crate) const ALL: [Self; 3] = [Self::Stock, Self::Ours, Self::Tracing];
}

impl FromStr for Pipeline {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "stock" => Ok(Self::Stock),
            "ours" => Ok(Self::Ours),
            "tracing" => Ok(Self::Tracing),
            _ => Err(format!("{name} is no pipeline: stock, ours, tracing")),
        }
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stock => "stock exporter",
            Self::Ours => "our exporter",
            Self::Tracing => "tracing-opentelemetry, stock exporter",
        })
    }
}

/// A pipeline that runs.
pub(crate) struct Running {
    make: Make,
    provider: SdkTracerProvider,
    made: u64,
    exported: Exported,
}

/// How it is known what has been exported.
enum Exported {
    Counted(Arc<AtomicU64>),
    Told(Box<Telemetry>),
}

impl Running {
    pub(crate) fn start(
        pipeline: Pipeline,
        kind: Kind,
        collector: &Collector,
    ) -> Result<Self, Box<dyn Error>> {
        let endpoint = collector.endpoint();
        let (provider, exported) = match pipeline {
            Pipeline::Ours => ours(&endpoint)?,
            Pipeline::Stock | Pipeline::Tracing => stock(&endpoint)?,
        };
        let make = match pipeline {
            Pipeline::Stock | Pipeline::Ours => spans::by_api(kind, &provider),
            Pipeline::Tracing => spans::by_tracing(kind, &provider),
        };
        Ok(Self {
            make,
            provider,
            made: 0,
            exported,
        })
    }

    pub(crate) fn made(&self) -> u64 {
        self.made
    }

    /// Makes so many spans.
    pub(crate) fn make(&mut self, count: u64) {
        (self.make)(count);
        self.made += count;
    }

    /// How many spans are on their way.
    pub(crate) fn pending(&self) -> u64 {
        match &self.exported {
            Exported::Counted(exported) => self.made - exported.load(Ordering::Relaxed),
            Exported::Told(telemetry) => bench::pending_spans(telemetry),
        }
    }

    /// Waits until none is.
    pub(crate) fn drain(&self) {
        while self.pending() > 0 {
            // It gives up after five seconds, or where something is wrong, which the count shows.
            let _ = self.provider.force_flush();
        }
    }
}

fn ours(endpoint: &str) -> Result<(SdkTracerProvider, Exported), Box<dyn Error>> {
    let telemetry = Telemetry::builder()
        .variables([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.into()),
            ("OTEL_BSP_MAX_QUEUE_SIZE", QUEUE.to_string()),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", BATCH.to_string()),
            ("OTEL_METRICS_EXPORTER", "none".into()),
            ("OTEL_LOGS_EXPORTER", "none".into()),
        ])
        .build()?;
    Ok((
        telemetry.tracer_provider(),
        Exported::Told(Box::new(telemetry)),
    ))
}

fn stock(endpoint: &str) -> Result<(SdkTracerProvider, Exported), Box<dyn Error>> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(Client(ureq::agent()))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()?;
    let exported = Arc::new(AtomicU64::new(0));
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE as usize)
        .with_max_export_batch_size(BATCH as usize)
        .build();
    let counting = Counting(exporter, exported.clone());
    let processor = BatchSpanProcessor::builder(counting)
        .with_batch_config(config)
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .build();
    Ok((provider, Exported::Counted(exported)))
}

/// Counts what was exported.
#[derive(Debug)]
struct Counting<E>(E, Arc<AtomicU64>);

impl<E: SpanExporter> SpanExporter for Counting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len() as u64;
        let result = self.0.export(batch).await;
        self.1.fetch_add(count, Ordering::Relaxed);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// The HTTP client that ours has too.
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
