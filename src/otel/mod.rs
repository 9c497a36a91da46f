//! The bridge to OpenTelemetry: what an event loop does, as spans and metrics.
//!
//! [`OtelInstrument`] is an instrument like any other: it is put in force for a scope and hears
//! what happens there. It needs the API of OpenTelemetry only, and takes any provider of tracers
//! and meters. What it emits is listed in [`names`], and described for people in
//! `docs/telemetry.md`.

pub(crate) mod any_tracer;
pub(crate) mod attributes;
mod builder;
mod hooks;
#[cfg_attr(
    not(feature = "otlp"),
    expect(
        dead_code,
        reason = "what there is to know of a span, for lanes that need `otlp`"
    )
)]
pub(crate) mod lane;
pub(crate) mod metrics;
pub mod names;
mod open_spans;
mod operations;
mod spans;
mod tasks;

pub use builder::OtelInstrumentBuilder;
#[cfg(any(feature = "http", feature = "otlp"))]
pub(crate) use builder::scope;
pub use spans::SpanPolicy;

use crate::instrument::SlotKey;
use metrics::Metrics;
use open_spans::OpenSpans;
use spans::Spans;
use std::fmt;
use std::sync::Arc;

/// Turns what happens on event loops into OpenTelemetry spans and metrics.
///
/// Operations on sockets, TLS handshakes and look-ups of names become spans, and so do tasks that
/// have a name or serve a connection; they nest in the spans that the program makes itself, with
/// OpenTelemetry or through `tracing-opentelemetry`, also across `spawn`. How long things take,
/// how many there are and how busy the loop is become metrics.
///
/// The value is a handle: its clones share everything, and one can be in force on any number of
/// loops on any threads. One for each pair of providers is enough for a program; each that is built
/// adds callbacks to the meter provider that stay as long as that does.
///
/// ```
/// use loopscope::event_loop::{EventLoop, TaskBuilder};
/// use loopscope::instrument::EnterScope;
/// use loopscope::otel::OtelInstrument;
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
///
/// let exporter = InMemorySpanExporter::default();
/// let tracers = SdkTracerProvider::builder()
///     .with_simple_exporter(exporter.clone())
///     .build();
///
/// let otel = OtelInstrument::builder().tracer_provider(&tracers).build();
/// let _scope = otel.enter();
/// EventLoop::new()?.run_until_complete(async {
///     let worker = TaskBuilder::new().name("worker").spawn(async { 42 });
///     worker.await.unwrap();
/// });
/// assert_eq!(exporter.get_finished_spans().unwrap()[0].name, "task worker");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Contexts
///
/// A task runs in the OpenTelemetry [`Context`](opentelemetry::Context) of its own span, or else in
/// the one in force where it was spawned; what it attaches itself, as `FutureExt::with_context`
/// does, lies on top of that. A task that is spawned detached starts its own trace, with a link to
/// its spawner's span. An operation's parent is the span of the context in force when it ends.
///
/// # What it costs
///
/// An operation whose parent is not sampled builds no span. Metrics are recorded through bound
/// instruments; nothing is allocated or locked for them once a combination of attributes has been
/// seen. This needs an SDK that is built with its feature `experimental_metrics_bound_instruments`,
/// as this crate's feature `otlp` does: one that is not, and other implementations of the API that
/// have no bound instruments, drop the measurements silently.
///
/// Names of queues, tasks and looked-up hosts are attributes of metrics for the first hundred of
/// each; after that they are `_other`. Addresses and numbers never are.
#[derive(Clone)]
pub struct OtelInstrument {
    shared: Arc<Shared>,
}

struct Shared {
    /// Whose values are ours in the slots of tasks and queues.
    key: SlotKey,
    spans: Spans,
    open_spans: Arc<OpenSpans>,
    metrics: Metrics,
}

impl OtelInstrument {
    /// An instrument with the global providers as they are now, and every option at its default.
    ///
    /// Set the global providers first: one that is set later is not used.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// An instrument whose providers and options are chosen.
    pub fn builder() -> OtelInstrumentBuilder {
        OtelInstrumentBuilder::new()
    }

    /// Ends the spans of all tasks that have not ended, on whatever thread they run.
    ///
    /// The spans are exported with `loopscope.outcome` = `unfinished`, so that a task that hangs
    /// when the program ends is seen; without this they would be lost. Call it right before the
    /// tracer provider is shut down. The tasks themselves go on; their ends change nothing any
    /// more. May be called from any thread.
    pub fn end_open_spans(&self) {
        self.shared.open_spans.end_all();
    }
}

impl Default for OtelInstrument {
    /// The same as [`new`](Self::new).
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for OtelInstrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtelInstrument")
            .field("spans", &self.shared.spans.settings)
            .finish_non_exhaustive()
    }
}
