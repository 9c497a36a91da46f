//! Local log lines, and log records over OTLP, that know their trace.

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use std::fmt;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Crates that export telemetry: exporting what they say while they export would never end.
const EXPORTERS: [&str; 9] = [
    "opentelemetry",
    "loopscope::telemetry",
    "ureq",
    "rustls",
    "hyper",
    "tonic",
    "tower",
    "h2",
    "reqwest",
];

/// A layer that exports `tracing` events through `provider`.
pub(super) fn export_layer<S>(provider: &SdkLoggerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    OpenTelemetryTracingBridge::new(provider).with_filter(filter_fn(|metadata| {
        !EXPORTERS
            .iter()
            .any(|exporter| metadata.target().starts_with(exporter))
    }))
}

/// Formats `tracing` events as one line each, with the ids of the trace and span in which they
/// happened.
///
/// ```
/// use loopscope::telemetry::WithTraceIds;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let printed = tracing_subscriber::fmt::layer().event_format(WithTraceIds::new());
/// let subscriber = tracing_subscriber::registry().with(printed);
/// tracing::subscriber::with_default(subscriber, || {
///     // 2026-11-24T10:00:00.000000Z  INFO loopscope::docs: hello answer=42
///     tracing::info!(target: "loopscope::docs", answer = 42, "hello");
/// });
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct WithTraceIds;

impl WithTraceIds {
    /// The format.
    pub fn new() -> Self {
        Self
    }
}

impl<S, N> FormatEvent<S, N> for WithTraceIds
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        SystemTime.format_time(&mut writer)?;
        let metadata = event.metadata();
        write!(writer, " {:>5} {}: ", metadata.level(), metadata.target())?;
        context
            .field_format()
            .format_fields(writer.by_ref(), event)?;
        Context::map_current(|context| {
            let span = context.span();
            let ids = span.span_context();
            if ids.is_valid() {
                write!(
                    writer,
                    " trace_id={} span_id={}",
                    ids.trace_id(),
                    ids.span_id()
                )?;
            }
            writeln!(writer)
        })
    }
}
