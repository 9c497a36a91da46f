//! How an instrument is made.

use super::any_tracer::{AnyTracer, global_tracer, tracer_of};
use super::lane::Lane;
use super::metrics::Metrics;
use super::open_spans::OpenSpans;
use super::spans::{SpanPolicy, SpanSettings, Spans};
use super::{OtelInstrument, Shared, names};
use crate::instrument::SlotKey;
use opentelemetry::InstrumentationScope;
use opentelemetry::global;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use std::fmt;
use std::sync::Arc;

/// Chooses the providers and options of an [`OtelInstrument`].
///
/// ```
/// use loopscope::otel::{OtelInstrument, SpanPolicy};
/// use std::time::Duration;
///
/// let otel = OtelInstrument::builder()
///     .spans(SpanPolicy::LongerThan(Duration::from_millis(5)))
///     .only_with_parent(true)
///     .build();
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct OtelInstrumentBuilder {
    tracer: Option<Arc<dyn AnyTracer>>,
    lane: Option<Arc<dyn Lane>>,
    meter: Option<Meter>,
    settings: SpanSettings,
}

impl OtelInstrumentBuilder {
    pub(super) fn new() -> Self {
        Self {
            tracer: None,
            lane: None,
            meter: None,
            settings: SpanSettings::default(),
        }
    }

    /// Takes spans to this provider instead of the global one, or the fast lane.
    pub fn tracer_provider<P>(mut self, provider: &P) -> Self
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Span + Send + Sync + 'static,
    {
        self.tracer = Some(tracer_of(provider));
        self.lane = None;
        self
    }

    /// Takes the spans that a lane can take there instead of to the tracer.
    #[cfg(feature = "otlp")]
    pub(crate) fn lane(mut self, lane: Arc<dyn Lane>) -> Self {
        self.lane = Some(lane);
        self
    }

    /// Takes metrics to this provider instead of the global one.
    pub fn meter_provider(mut self, provider: &(impl MeterProvider + ?Sized)) -> Self {
        self.meter = Some(provider.meter_with_scope(scope()));
        self
    }

    /// Chooses which operations become spans; by default, all.
    pub fn spans(mut self, policy: SpanPolicy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// Makes spans only where there is a span already, so that no trace starts here; off by
    /// default.
    ///
    /// A task that is spawned detached in a sampled span still starts its own trace.
    pub fn only_with_parent(mut self, yes: bool) -> Self {
        self.settings.only_with_parent = yes;
        self
    }

    /// Makes gets and puts of queues spans, beside the metrics that they are always; off by
    /// default.
    pub fn queue_spans(mut self, yes: bool) -> Self {
        self.settings.queue_spans = yes;
        self
    }

    /// Asks the sampler also where the parent is not sampled; off by default.
    ///
    /// Samplers based on the parent, which are the default everywhere, drop those spans: not
    /// building them at all is much cheaper. Turn this on for a sampler that decides otherwise.
    pub fn always_ask_sampler(mut self, yes: bool) -> Self {
        self.settings.always_ask_sampler = yes;
        self
    }

    /// Makes the instrument.
    pub fn build(self) -> OtelInstrument {
        let tracer = self.tracer.unwrap_or_else(global_tracer);
        let meter = self
            .meter
            .unwrap_or_else(|| global::meter_with_scope(scope()));
        OtelInstrument {
            shared: Arc::new(Shared {
                key: SlotKey::new(),
                spans: Spans {
                    tracer,
                    lane: self.lane,
                    settings: self.settings,
                },
                open_spans: Arc::new(OpenSpans::default()),
                metrics: Metrics::new(&meter),
            }),
        }
    }
}

impl fmt::Debug for OtelInstrumentBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtelInstrumentBuilder")
            .field("spans", &self.settings)
            .finish_non_exhaustive()
    }
}

/// The instrumentation scope of all that this crate emits.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(names::SCOPE)
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(names::SCHEMA_URL)
        .build()
}
