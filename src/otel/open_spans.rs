//! Spans of tasks that have not ended.

use super::names;
use crate::clock::Timestamp;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};
use slab::Slab;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The spans that are open, so that they can be ended from outside of their tasks.
///
/// It holds one entry for each task that lives and has a recorded span, and is locked only when
/// such a task starts or ends.
#[derive(Default)]
pub(super) struct OpenSpans(Mutex<Registry>);

#[derive(Default)]
struct Registry {
    /// How often all spans were ended: the places given out before that are void.
    generation: u64,
    spans: Slab<Context>,
}

/// A span that is open; dropped before it is ended, it shows as unfinished.
pub(super) struct OpenSpan {
    registry: Arc<OpenSpans>,
    generation: u64,
    /// Where it is in the registry, until it is ended.
    place: Option<usize>,
}

impl OpenSpans {
    /// Notes that the span of `context` is open.
    pub(super) fn add(self: &Arc<Self>, context: Context) -> OpenSpan {
        let mut registry = self.lock();
        OpenSpan {
            generation: registry.generation,
            place: Some(registry.spans.insert(context)),
            registry: self.clone(),
        }
    }

    /// Ends all of them now, as unfinished.
    pub(super) fn end_all(&self) {
        let spans = {
            let mut registry = self.lock();
            registry.generation += 1;
            std::mem::take(&mut registry.spans)
        };
        for (_, context) in spans {
            end_unfinished(&context);
        }
    }

    /// Takes a span out, unless all that were open with it have been ended.
    fn remove(&self, generation: u64, place: usize) -> Option<Context> {
        let mut registry = self.lock();
        if registry.generation != generation {
            return None;
        }
        registry.spans.try_remove(place)
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenSpan {
    /// Ends the span by `end`, unless it was ended as unfinished.
    pub(super) fn end(mut self, end: impl FnOnce(&Context)) {
        if let Some(context) = self.close() {
            end(&context);
        }
    }

    fn close(&mut self) -> Option<Context> {
        self.registry.remove(self.generation, self.place.take()?)
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        if let Some(context) = self.close() {
            end_unfinished(&context);
        }
    }
}

fn end_unfinished(context: &Context) {
    let span = context.span();
    span.set_attribute(KeyValue::new(names::OUTCOME, names::outcome::UNFINISHED));
    span.end_with_timestamp(Timestamp::now().to_system_time());
}
