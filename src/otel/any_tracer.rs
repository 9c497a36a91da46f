//! A tracer of whatever provider.

use super::builder::scope;
use opentelemetry::Context;
use opentelemetry::global;
use opentelemetry::trace::{Span, SpanBuilder, Status, TraceContextExt, Tracer, TracerProvider};
use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;

/// What is asked of a tracer, as an object.
///
/// The API's own, `BoxedTracer`, boxes each span. This makes those that are over in one call, without
/// an allocation of their own.
pub(crate) trait AnyTracer: Send + Sync {
    /// Starts a span; the context in which it is the active one.
    fn start(&self, builder: SpanBuilder, parent: &Context) -> Context;

    /// Makes a span that has ended, in an error if there is one.
    fn record(
        &self,
        builder: SpanBuilder,
        parent: &Context,
        error: Option<&(dyn Error + 'static)>,
        end_time: SystemTime,
    );
}

impl<T> AnyTracer for T
where
    T: Tracer + Send + Sync,
    T::Span: Send + Sync + 'static,
{
    fn start(&self, builder: SpanBuilder, parent: &Context) -> Context {
        parent.with_span(self.build_with_context(builder, parent))
    }

    fn record(
        &self,
        builder: SpanBuilder,
        parent: &Context,
        error: Option<&(dyn Error + 'static)>,
        end_time: SystemTime,
    ) {
        let mut span = self.build_with_context(builder, parent);
        if let Some(error) = error
            && span.is_recording()
        {
            span.set_status(Status::error(error.to_string()));
        }
        span.end_with_timestamp(end_time);
    }
}

/// The tracer of our scope that a provider has.
pub(crate) fn tracer_of<P>(provider: &P) -> Arc<dyn AnyTracer>
where
    P: TracerProvider,
    P::Tracer: Send + Sync + 'static,
    <P::Tracer as Tracer>::Span: Send + Sync + 'static,
{
    Arc::new(provider.tracer_with_scope(scope()))
}

/// The tracer of our scope that the global provider has now.
pub(crate) fn global_tracer() -> Arc<dyn AnyTracer> {
    Arc::new(global::tracer_with_scope(scope()))
}
