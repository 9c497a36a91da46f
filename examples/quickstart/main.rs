//! Watches a TLS server, its clients and a queue, and shows what was seen.
//!
//! ```text
//! cargo run --example quickstart
//! ```
//!
//! prints lines as things happen, then one trace as a tree, then a table of the histograms. With
//! `OTEL_EXPORTER_OTLP_ENDPOINT` set, traces, metrics and logs go there instead.

mod certificates;
mod report;
mod workload;

use loopscope::event_loop::EventLoop;
use loopscope::instrument::{EnterScope, LogInstrument, PrintInstrument};
use loopscope::otel::OtelInstrument;
use loopscope::telemetry::{Telemetry, WithTraceIds};
use opentelemetry::trace::{FutureExt, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, metrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let result = match std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT") {
        Ok(endpoint) if !endpoint.is_empty() => export(&endpoint),
        _ => show(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the workload and shows what was seen here.
fn show() -> Result<(), Failure> {
    let spans = InMemorySpanExporter::default();
    let metrics = InMemoryMetricExporter::default();
    let tracers = SdkTracerProvider::builder()
        .with_simple_exporter(spans.clone())
        .build();
    let reader = PeriodicReader::builder(metrics.clone()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    tracing_subscriber::registry().with(log_lines()).init();

    say("What happens: PrintInstrument prints one client, LogInstrument logs TLS handshakes.\n")?;
    let done = watch(&tracers, &meters)?;
    meters.force_flush()?;
    say(&format!(
        "\nOne trace:\n\n{}",
        report::trace_tree(&spans.get_finished_spans()?)
    ))?;
    say(&format!(
        "\nThe histograms:\n\n{}",
        report::metrics_table(&metrics.get_finished_metrics()?)
    ))?;
    say(&format!("\n{done} requests were answered and worked on."))?;
    Ok(())
}

/// Runs the workload and sends what was seen to a collector.
fn export(endpoint: &str) -> Result<(), Failure> {
    let telemetry = Telemetry::builder()
        .service_name("loopscope-quickstart")
        .build()?;
    tracing_subscriber::registry()
        .with(log_lines())
        .with(telemetry.log_layer())
        .init();
    let done = watch(&telemetry.tracer_provider(), &telemetry.meter_provider())?;
    telemetry.shutdown()?;
    say(&format!(
        "\n{done} requests were answered and worked on; what was seen went to {endpoint}.\n\
         Look for the service loopscope-quickstart in Jaeger, and for metrics whose names begin \
         with loopscope_ in Prometheus."
    ))?;
    Ok(())
}

/// Runs the workload under nested scopes: spans and metrics, log events, and lines for one client.
fn watch(
    tracers: &SdkTracerProvider,
    meters: &impl metrics::MeterProvider,
) -> Result<usize, Failure> {
    let event_loop = EventLoop::builder().name("quickstart").build()?;
    let otel = OtelInstrument::builder()
        .tracer_provider(tracers)
        .meter_provider(meters)
        .build();
    let _otel = otel.enter();
    let _log = LogInstrument::new().enter();

    // A span of the user's own: the loop's nest in it without further ado.
    let tracer = tracers.tracer("quickstart");
    let context = Context::current_with_span(tracer.start("quickstart"));
    let configurations = certificates::for_localhost()?;
    let work = workload::run(configurations, Some(PrintInstrument::new()));
    let done = event_loop.run_until_complete(work.with_context(context.clone()));
    context.span().end();
    done
}

/// Log lines with trace ids, of TLS handshakes and of whatever is more than a detail.
fn log_lines<S>() -> impl Layer<S>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .event_format(WithTraceIds::new())
        .with_filter(filter_fn(|metadata| {
            matches!(
                metadata.target(),
                "loopscope::tls" | "loopscope::socket::dns"
            ) || *metadata.level() <= tracing::Level::INFO
        }))
}

fn say(text: &str) -> Result<(), std::io::Error> {
    writeln!(std::io::stdout(), "{text}")
}
