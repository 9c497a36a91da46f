//! Sending traces, metrics and logs over OTLP, set up from the standard variables.
//!
//! [`Telemetry::from_env`] reads the `OTEL_*` variables of the OpenTelemetry specification, makes
//! the SDK's providers from them and returns a guard that flushes and shuts them down.
//!
//! | variable | default |
//! | --- | --- |
//! | `OTEL_SDK_DISABLED` | `false` |
//! | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | `unknown_service:` and the program's name |
//! | `OTEL_{TRACES,METRICS,LOGS}_EXPORTER`: `otlp`, `console`, `none` | `otlp` |
//! | `OTEL_EXPORTER_OTLP_ENDPOINT`; for one signal `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_ENDPOINT` | `http://localhost:4318` (gRPC: 4317) |
//! | `OTEL_EXPORTER_OTLP_PROTOCOL`: `http/protobuf`, `http/json` (feature `otlp-json`), `grpc` (feature `otlp-grpc`) * | `http/protobuf` |
//! | `OTEL_EXPORTER_OTLP_HEADERS` * | none |
//! | `OTEL_EXPORTER_OTLP_TIMEOUT` in milliseconds * | 10000 |
//! | `OTEL_EXPORTER_OTLP_COMPRESSION`: `gzip`, `none` * | `none` |
//! | `OTEL_EXPORTER_OTLP_CERTIFICATE`, `_CLIENT_CERTIFICATE`, `_CLIENT_KEY`: PEM files * | Mozilla's roots |
//! | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | `parentbased_always_on` |
//! | `OTEL_BSP_MAX_QUEUE_SIZE`, `_MAX_EXPORT_BATCH_SIZE`, `_SCHEDULE_DELAY` | 2048, 512, 5000 |
//! | `OTEL_BLRP_MAX_QUEUE_SIZE`, `_MAX_EXPORT_BATCH_SIZE`, `_SCHEDULE_DELAY` | 2048, 512, 1000 |
//! | `OTEL_METRIC_EXPORT_INTERVAL` in milliseconds | 60000 |
//! | `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`: `cumulative`, `delta`, `lowmemory` | `cumulative` |
//! | `OTEL_SPAN_{ATTRIBUTE,EVENT,LINK}_COUNT_LIMIT`, `OTEL_{EVENT,LINK}_ATTRIBUTE_COUNT_LIMIT`, `OTEL_ATTRIBUTE_COUNT_LIMIT` | 128 |
//! | `OTEL_PROPAGATORS`: `tracecontext`, `baggage`, `none`; used where the global ones are set | `tracecontext,baggage` |
//!
//! Those with * can be set for one signal as well, as the endpoint can. A value that makes no sense
//! is an error that names the variable, the value and what is allowed. Limits on the lengths of
//! attribute values are not there in the SDK, and their variables are not read.
//!
//! Telemetry is exported on threads of its own: a collector that is slow or out of reach never
//! holds up the threads that make it. What is lost that way is counted, reported once through
//! `tracing`, exported as `loopscope.instrument.errors` and returned by [`Telemetry::shutdown`].
//!
//! Spans are exported over http/protobuf by an exporter of this crate; all else by those of the
//! OpenTelemetry crates. As the [specification](https://opentelemetry.io/docs/specs/otlp/#otlphttp)
//! asks, a request is sent again where that may help, which is when the collector cannot be reached,
//! hangs up, or answers 429, 502, 503 or 504: after pauses that grow from half a second to five, or
//! as long as its `Retry-After` says. `OTEL_EXPORTER_OTLP_TIMEOUT` limits an export with all its
//! tries. Spans that a collector rejects from a request that it accepts are lost as well, and what
//! it says of them is reported.

mod batches;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod bench;
mod builder;
mod deadlines;
mod error;
mod exporters;
#[cfg(feature = "otlp-grpc")]
mod grpc;
mod http_client;
mod logs;
pub(crate) mod otlp;
mod providers;
mod settings;
mod shutdown;
pub(crate) mod sources;
pub(crate) mod tally;
mod variables;
pub(crate) mod worker;

pub use builder::TelemetryBuilder;
pub use error::{DeliveryError, FastLaneError, InvalidVariable, Lost, TelemetryError};
pub use logs::WithTraceIds;

use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use sources::{SpanRoute, SpanSink};
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;
use tally::Tallies;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

/// Traces, metrics and logs on their way to a collector, until it is shut down.
///
/// Dropping it shuts it down, within its deadline; [`shutdown`](Self::shutdown) also tells what
/// was lost.
///
/// ```no_run
/// use loopscope::event_loop::EventLoop;
/// use loopscope::instrument::EnterScope;
/// use loopscope::otel::OtelInstrument;
/// use loopscope::telemetry::Telemetry;
///
/// let telemetry = Telemetry::from_env()?;
/// let instrument = OtelInstrument::builder()
///     .tracer_provider(&telemetry.tracer_provider())
///     .meter_provider(&telemetry.meter_provider())
///     .build();
/// telemetry.on_shutdown({
///     let instrument = instrument.clone();
///     move || instrument.end_open_spans()
/// });
/// {
///     let _scope = instrument.enter();
///     EventLoop::new()?.run_until_complete(async { /* … */ });
/// }
/// telemetry.shutdown()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Telemetry {
    traces: SdkTracerProvider,
    span_route: SpanRoute,
    metrics: SdkMeterProvider,
    logs: SdkLoggerProvider,
    tallies: Tallies,
    deadline: Duration,
    callbacks: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    shut_down: Mutex<bool>,
    /// What the exporters run on.
    _transport: exporters::Transport,
}

impl Telemetry {
    /// Sets telemetry up as the `OTEL_*` variables say; see the [module](self) for which.
    ///
    /// # Errors
    ///
    /// [`TelemetryError::Variables`] names every variable whose value makes no sense, and
    /// [`TelemetryError::Exporter`] says why an exporter cannot be made, as where a certificate
    /// cannot be read. A collector that is out of reach is no error.
    pub fn from_env() -> Result<Self, TelemetryError> {
        Self::builder().build()
    }

    /// Telemetry to be configured beyond the variables.
    pub fn builder() -> TelemetryBuilder {
        TelemetryBuilder::default()
    }

    /// The provider of tracers.
    pub fn tracer_provider(&self) -> SdkTracerProvider {
        self.traces.clone()
    }

    /// The provider of meters.
    pub fn meter_provider(&self) -> SdkMeterProvider {
        self.metrics.clone()
    }

    /// The provider of loggers.
    pub fn logger_provider(&self) -> SdkLoggerProvider {
        self.logs.clone()
    }

    /// Where spans with up to so many attributes go that do not come by way of the SDK; nowhere
    /// where none are exported.
    ///
    /// # Errors
    ///
    /// Says why they would not be those that the SDK makes.
    pub(crate) fn span_sink(&self, attributes: usize) -> Result<Option<SpanSink>, FastLaneError> {
        self.span_route.sink(attributes)
    }

    /// A layer for `tracing-subscriber` that exports events as log records, with the ids of the
    /// trace and span in which they happen.
    ///
    /// What the exporting crates themselves say is left out: exporting it would never end.
    pub fn log_layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        logs::export_layer(&self.logs)
    }

    /// Calls `callback` when telemetry is shut down, before it is flushed: to end what is open.
    pub fn on_shutdown(&self, callback: impl FnOnce() + Send + 'static) {
        shutdown::lock(&self.callbacks).push(Box::new(callback));
    }

    /// Sends what has been made until now, with as many tries as that takes.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Deadline`] where that took longer than `deadline`; the sending goes on.
    pub fn flush(&self, deadline: Duration) -> Result<(), DeliveryError> {
        let end = deadlines::now() + deadline;
        self.tallies.deadlines.flush_by(end);
        let (traces, metrics, logs) =
            (self.traces.clone(), self.metrics.clone(), self.logs.clone());
        let in_time = shutdown::all_by(
            end,
            vec![
                Box::new(move || drop(traces.force_flush())),
                Box::new(move || drop(metrics.force_flush())),
                Box::new(move || drop(logs.force_flush())),
            ],
        );
        if in_time {
            Ok(())
        } else {
            Err(DeliveryError::Deadline(self.lost()))
        }
    }

    /// What is known to be lost until now.
    pub fn lost(&self) -> Lost {
        self.tallies.lost_so_far()
    }

    /// Sends what is left and ends telemetry, within the deadline it was built with.
    ///
    /// What could not be delivered yet is sent once more at once; from then on nothing is sent a
    /// second time.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Deadline`] where the deadline passed first and [`DeliveryError::Lost`]
    /// where something was lost, now or before.
    pub fn shutdown(self) -> Result<(), DeliveryError> {
        self.end()
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}
