//! What all programs of the shop have in common: telemetry, logs, a loop, an orderly end.

use crate::{Failure, complain};
use loopscope::event_loop::EventLoop;
use loopscope::instrument::EnterScope;
use loopscope::otel::OtelInstrument;
use loopscope::telemetry::{Telemetry, TelemetryError, WithTraceIds};
use opentelemetry::global;
use opentelemetry_sdk::propagation::BaggagePropagator;
use signal_hook::consts::SIGUSR1;
use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::time::Duration;
use tracing::Subscriber;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, registry};

/// How long requests may take that are under way when the program is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Runs a program called `shop-NAME` until `main` is complete, or a signal ends it.
///
/// With an endpoint set, everything is sent there. Log lines go to stderr in any case, with the ids
/// of their traces.
pub(crate) fn run<F, M>(name: &str, main: M) -> Result<ExitCode, Failure>
where
    M: FnOnce() -> F,
    F: Future<Output = Result<(), Failure>>,
{
    // Faults travel as baggage, whether somebody looks or not; telemetry may set more.
    global::set_text_map_propagator(BaggagePropagator::new());
    let exports = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").is_ok_and(|url| !url.is_empty());
    let telemetry = exports.then(|| telemetry(name)).transpose()?;
    let log_layer = telemetry.as_ref().map(Telemetry::log_layer);
    registry().with(lines()).with(log_layer).init();
    // What servers and clients of HTTP do goes to the global providers as well. Where there are
    // none, contexts and so faults go along all the same.
    let otel = OtelInstrument::builder().queue_spans(true).build();
    let ended = otel.clone().in_scope(|| run_loop(name, main));
    if let Some(telemetry) = telemetry {
        telemetry.on_shutdown(move || otel.end_open_spans());
        if let Err(error) = telemetry.shutdown() {
            complain(&error.to_string());
        }
    }
    ended
}

fn telemetry(name: &str) -> Result<Telemetry, TelemetryError> {
    let builder = Telemetry::builder().service_name(format!("shop-{name}"));
    builder.set_global().build()
}

fn run_loop<F, M>(name: &str, main: M) -> Result<ExitCode, Failure>
where
    M: FnOnce() -> F,
    F: Future<Output = Result<(), Failure>>,
{
    let event_loop = EventLoop::builder()
        .name(name)
        .print_snapshot_on(SIGUSR1)
        .build()?;
    let ended = event_loop.run_gracefully(GRACE, async { main().await })?;
    let cut_off = ended.cut_off();
    if cut_off > 0 {
        complain(&format!("{cut_off} tasks had not ended after {GRACE:?}"));
    }
    ended.output().transpose()?;
    Ok(ExitCode::from(u8::from(cut_off > 0)))
}

fn lines<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .event_format(WithTraceIds::new())
        .with_filter(LevelFilter::INFO)
}
