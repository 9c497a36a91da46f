//! From a span that ends to the Collector: the SDK's batch processor, and an exporter.

use crate::collector::Collector;
use crate::exporters;
use crate::spans::{self, Kind, Make};
use loopscope::otel::OtelInstrument;
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

/// How many spans the ring of the fast lane holds: somewhat more than may be on their way, half of
/// which has its other end woken.
const RING: u64 = 5 * exporters::BATCH;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pipeline {
    /// OpenTelemetry's API and its own exporter: what the others are compared with.
    Stock,
    /// The same API, through `Telemetry`, with our exporter.
    Ours,
    /// The bridge's fast lane.
    FastLane,
    /// `tracing-opentelemetry` in front of the stock exporter.
    Tracing,
}

impl Pipeline {
    pub(crate) const ALL: [Self; 4] = [Self::Stock, Self::Ours, Self::FastLane, Self::Tracing];

    /// Whether it makes such spans: the fast lane makes the bridge's alone.
    pub(crate) fn makes(self, kind: Kind) -> bool {
        self != Self::FastLane || kind == Kind::Receive
    }
}

impl FromStr for Pipeline {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "stock" => Ok(Self::Stock),
            "ours" => Ok(Self::Ours),
            "fast-lane" => Ok(Self::FastLane),
            "tracing" => Ok(Self::Tracing),
            _ => Err(format!(
                "{name} is no pipeline: stock, ours, fast-lane, tracing"
            )),
        }
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stock => "stock exporter",
            Self::Ours => "our exporter",
            Self::FastLane => "fast lane",
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
        let (make, provider, exported) = match pipeline {
            Pipeline::Stock => {
                let (provider, exported) = stock(&endpoint)?;
                (spans::by_api(kind, &provider), provider, exported)
            }
            Pipeline::Tracing => {
                let (provider, exported) = stock(&endpoint)?;
                (spans::by_tracing(kind, &provider), provider, exported)
            }
            Pipeline::Ours => {
                let telemetry = exporters::ours(&endpoint)?;
                let provider = telemetry.tracer_provider();
                let make = spans::by_api(kind, &provider);
                (make, provider, Exported::Told(Box::new(telemetry)))
            }
            Pipeline::FastLane => {
                let telemetry = exporters::for_fast_lane(&endpoint, RING)?;
                let otel = OtelInstrument::builder().fast_lane(&telemetry)?.build();
                let provider = telemetry.tracer_provider();
                (
                    spans::by_bridge(otel),
                    provider,
                    Exported::Told(Box::new(telemetry)),
                )
            }
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
