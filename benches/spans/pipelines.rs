//! From a span that ends to the Collector: the SDK's batch processor, and an exporter.

use crate::collector::Collector;
use crate::exporters;
use crate::spans::{self, Kind, Make};
use loopscope::telemetry::{Telemetry, bench};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
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
    Told(Telemetry),
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
    let telemetry = exporters::ours(endpoint)?;
    Ok((telemetry.tracer_provider(), Exported::Told(telemetry)))
}

fn stock(endpoint: &str) -> Result<(SdkTracerProvider, Exported), Box<dyn Error>> {
    let exported = Arc::new(AtomicU64::new(0));
    let counting = Counting(exporters::stock(endpoint)?, exported.clone());
    let provider = exporters::batches(counting);
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
