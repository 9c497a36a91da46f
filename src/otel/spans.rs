//! Which spans are made, of what parent, and how.

use super::any_tracer::AnyTracer;
use super::attributes::push_task;
use super::lane::{Lane, LaneParent};
use super::metrics::failure_attribute;
use super::names::{self, SpanDefinition};
use super::tasks::TaskState;
use crate::clock::Timestamp;
use crate::instrument::{Failure, SlotKey, TaskInfo};
use opentelemetry::trace::{SpanBuilder, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use std::borrow::Cow;
use std::fmt::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Which operations become spans.
///
/// Operations are what a task does and waits for: on sockets, in TLS handshakes, to look up names
/// and, [where asked for](super::OtelInstrumentBuilder::queue_spans), on queues. One that failed
/// becomes a span under every policy but [`Off`](Self::Off).
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpanPolicy {
    /// All of them.
    #[default]
    All,
    /// Those that made their task wait.
    Waited,
    /// Those that took longer than this.
    LongerThan(Duration),
    /// None, and no tasks either: metrics only.
    Off,
}

/// What the user decided about spans.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SpanSettings {
    pub(super) policy: SpanPolicy,
    pub(super) only_with_parent: bool,
    pub(super) always_ask_sampler: bool,
    pub(super) queue_spans: bool,
}

/// What has happened, whatever it was.
pub(super) struct Operation<'a> {
    pub(super) task: Option<&'a TaskInfo>,
    pub(super) immediate: bool,
    pub(super) start_time: Timestamp,
    pub(super) finish_time: Timestamp,
    pub(super) failure: Option<Failure<'a>>,
}

impl Operation<'_> {
    pub(super) fn duration(&self) -> Duration {
        self.finish_time - self.start_time
    }
}

/// Makes spans.
pub(super) struct Spans {
    pub(super) tracer: Arc<dyn AnyTracer>,
    pub(super) lane: Option<Arc<dyn Lane>>,
    pub(super) settings: SpanSettings,
}

impl Spans {
    /// Makes the span of an operation, where it is to have one.
    ///
    /// `describe` adds the attributes of its own and tells what follows the name, if anything; it
    /// is called only for a span that is made.
    pub(super) fn record<D: fmt::Display>(
        &self,
        key: SlotKey,
        definition: &SpanDefinition,
        operation: &Operation<'_>,
        describe: impl FnOnce(&mut Vec<KeyValue>) -> Option<D>,
    ) {
        if !self.wants(operation) {
            return;
        }
        let state = || operation.task?.slots().get::<TaskState>(key);
        let Some(parent) = self.parent(operation, state) else {
            return;
        };
        let mut attributes = Vec::with_capacity(definition.attributes.len());
        let name = span_name(definition, describe(&mut attributes));
        attributes.push(KeyValue::new(names::IMMEDIATE, operation.immediate));
        if let Some(task) = operation.task {
            let name = task.name().and_then(|_| state()?.name(task));
            push_task(&mut attributes, task, name);
        }
        attributes.extend(operation.failure.as_ref().map(failure_attribute));
        let start_time = operation.start_time.to_system_time();
        let builder = SpanBuilder::from_name(name)
            .with_start_time(start_time)
            .with_attributes(attributes);
        let error = match &operation.failure {
            Some(Failure::Error { error, .. }) => Some(*error as _),
            _ => None,
        };
        let end_time = start_time + operation.duration();
        self.tracer.record(builder, &parent, error, end_time);
    }

    pub(super) fn wants(&self, operation: &Operation<'_>) -> bool {
        let by_policy = match self.settings.policy {
            SpanPolicy::Off => return false,
            SpanPolicy::All => true,
            SpanPolicy::Waited => !operation.immediate,
            SpanPolicy::LongerThan(limit) => operation.duration() > limit,
        };
        by_policy || matches!(operation.failure, Some(Failure::Error { .. }))
    }

    /// The lane and the parent of a span, where it can take that.
    pub(super) fn lane(&self, operation: &Operation<'_>) -> Option<(&dyn Lane, LaneParent)> {
        let lane = self.lane.as_deref()?;
        if !self.wants(operation) {
            return None;
        }
        let parent = Context::map_current(|context| {
            let parent = LaneParent::of(context.span().span_context())?;
            (!context.is_telemetry_suppressed()).then_some(parent)
        })?;
        Some((lane, parent))
    }

    /// The parent of a span; none where there is to be no such span.
    ///
    /// This is the context in force, its task's own or a nearer one that the task has attached. An
    /// operation can also end while its task does not run, but not with success: it is dropped.
    fn parent(
        &self,
        operation: &Operation<'_>,
        state: impl Fn() -> Option<Rc<TaskState>>,
    ) -> Option<Context> {
        let state = operation.failure.as_ref().and_then(|_| state());
        if let Some(context) = state.as_deref().and_then(TaskState::context_at_rest) {
            return self.admits(context).then(|| context.clone());
        }
        // No span is built in here: a processor may want to attach a context.
        let admitted = Context::map_current(|context| self.admits(context));
        admitted.then(Context::current)
    }

    /// Whether a span may be made in this context.
    ///
    /// Samplers based on the parent drop the children of a span that is not sampled: seeing that
    /// first costs a hundredth of building such a span.
    pub(super) fn admits(&self, context: &Context) -> bool {
        if context.is_telemetry_suppressed() {
            return false;
        }
        let span = context.span();
        let parent = span.span_context();
        if parent.is_valid() {
            parent.is_sampled() || self.settings.always_ask_sampler
        } else {
            !self.settings.only_with_parent
        }
    }
}

/// A definition's name and what follows it.
pub(super) fn span_name(
    definition: &SpanDefinition,
    detail: Option<impl fmt::Display>,
) -> Cow<'static, str> {
    let Some(detail) = detail else {
        return definition.name.into();
    };
    let mut name = String::with_capacity(definition.name.len() + 24);
    name.push_str(definition.name);
    name.push(' ');
    // Writing to a string fails only where the value's own `Display` does: its name stays short.
    let _ = write!(name, "{detail}");
    name.into()
}

/// The end of a span that started at `start_time`, on the wall clock, which may have been set back.
pub(super) fn end_after(start_time: SystemTime, finish_time: Timestamp) -> SystemTime {
    finish_time.to_system_time().max(start_time)
}
