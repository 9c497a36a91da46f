//! Spans on their way from a server to the Collector.

use crate::exporters;
use crate::servers::Server;
use loopscope::otel::OtelInstrument;
use loopscope::telemetry::Telemetry;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::error::Error;
use std::io;

/// How many spans the ring of the fast lane holds: more than one burst of load makes, also where the
/// thread that exports them is not let run.
const RING: u64 = 16 * exporters::BATCH;

pub(crate) enum Pipeline {
    Ours(Telemetry),
    FastLane(Telemetry),
    Stock(SdkTracerProvider),
}

impl Pipeline {
    /// The one that belongs to the server.
    pub(crate) fn start(
        server: Server,
        collector: &str,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(match server {
            Server::TokioTracing => Self::Stock(exporters::batches(exporters::stock(collector)?)),
            Server::LoopscopeFastLane => Self::FastLane(exporters::for_fast_lane(collector, RING)?),
            _ => Self::Ours(exporters::ours(collector)?),
        })
    }

    pub(crate) fn provider(&self) -> SdkTracerProvider {
        match self {
            Self::Ours(telemetry) | Self::FastLane(telemetry) => telemetry.tracer_provider(),
            Self::Stock(provider) => provider.clone(),
        }
    }

    /// The bridge to it.
    pub(crate) fn bridge(&self) -> io::Result<OtelInstrument> {
        let builder = OtelInstrument::builder();
        let builder = match self {
            Self::FastLane(telemetry) => builder.fast_lane(telemetry).map_err(io::Error::other)?,
            Self::Ours(_) | Self::Stock(_) => builder.tracer_provider(&self.provider()),
        };
        Ok(builder.build())
    }

    /// Waits until all spans that have ended are with the Collector.
    pub(crate) fn drain(&self) -> io::Result<()> {
        match self {
            // Its traces alone: a flush of all signals starts a thread for each.
            Self::Ours(telemetry) | Self::FastLane(telemetry) => {
                telemetry.tracer_provider().force_flush()
            }
            Self::Stock(provider) => provider.force_flush(),
        }
        .map_err(io::Error::other)
    }
}
