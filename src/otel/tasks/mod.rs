//! Tasks: their contexts, spans and time series, kept in the tasks themselves.

mod trace;

use super::metrics::{TaskSeries, signed};
use super::open_spans::OpenSpan;
use super::spans::end_after;
use super::{Shared, names};
use crate::clock::Timestamp;
use crate::instrument::{ErrorType, TaskEndMetadata, TaskFailure, TaskInfo, TaskSpawnedMetadata};
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, ContextGuard, KeyValue};
use std::cell::{Cell, OnceCell, RefCell};
use std::error::Error;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;
use trace::TaskTrace;

/// Kept in a task's slot, where there is anything to keep.
pub(super) struct TaskState {
    /// What is in force while the task runs.
    context: Option<Context>,
    /// In force now: the task runs.
    attached: RefCell<Option<ContextGuard>>,
    span: Cell<Option<TaskSpan>>,
    /// The time series of its name, if it has one.
    series: Option<Arc<TaskSeries>>,
    /// Its name, as all its spans share it.
    name: OnceCell<Option<Arc<str>>>,
}

/// The span of a task, from its spawn to its end.
struct TaskSpan {
    open: OpenSpan,
    start_time: SystemTime,
}

/// How a task ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum TaskOutcome {
    Completed,
    Error,
    Cancelled,
}

impl TaskOutcome {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => names::outcome::COMPLETED,
            Self::Error => names::outcome::ERROR,
            Self::Cancelled => names::outcome::CANCELLED,
        }
    }
}

impl TaskState {
    /// None where there is nothing to keep.
    fn new(trace: TaskTrace, series: Option<Arc<TaskSeries>>) -> Option<Self> {
        (trace.context.is_some() || series.is_some()).then(|| Self {
            context: trace.context,
            attached: RefCell::new(None),
            span: Cell::new(trace.span),
            series,
            name: OnceCell::new(),
        })
    }

    /// The name of the task that this is kept in.
    pub(super) fn name(&self, task: &TaskInfo) -> Option<Arc<str>> {
        let name = self.name.get_or_init(|| task.name().map(Arc::from));
        name.clone()
    }

    /// The task is about to run.
    pub(super) fn enter(&self) {
        let mut attached = self.attached.borrow_mut();
        if attached.is_none() {
            *attached = self.context.clone().map(Context::attach);
        }
    }

    /// The task has run.
    pub(super) fn leave(&self) {
        let attached = self.attached.take();
        drop(attached);
    }

    /// The task's context, while the task does not run.
    pub(super) fn context_at_rest(&self) -> Option<&Context> {
        let context = self.context.as_ref()?;
        self.attached.borrow().is_none().then_some(context)
    }

    /// Ends the span, where there is one.
    pub(super) fn end(
        &self,
        metadata: &TaskEndMetadata<'_>,
        outcome: TaskOutcome,
        failure: Option<&TaskFailure<'_>>,
    ) {
        let Some(TaskSpan { open, start_time }) = self.span.take() else {
            return;
        };
        open.end(|context| {
            let span = context.span();
            let task = metadata.task;
            span.set_attributes([
                KeyValue::new(names::OUTCOME, outcome.as_str()),
                KeyValue::new(names::TASK_POLLS, signed(task.polls())),
                KeyValue::new(names::TASK_BUSY, task.busy().as_secs_f64()),
            ]);
            if let Some(failure) = failure {
                span.set_attribute(KeyValue::new(names::ERROR_TYPE, error_type(failure)));
                span.set_status(Status::error(failure.to_string()));
            }
            span.end_with_timestamp(end_after(start_time, metadata.finish_time));
        });
    }
}

/// The hooks of tasks.
impl Shared {
    pub(super) fn task_spawned(&self, metadata: &TaskSpawnedMetadata<'_>) {
        self.metrics.tasks.spawned();
        let slots = metadata.task.slots();
        if slots.get::<TaskState>(self.key).is_some() {
            // In force twice, this instrument hears everything twice; a task has one context.
            return;
        }
        let trace = self.spans.start_task(metadata, &self.open_spans);
        let series = metadata.task.name();
        let series = series.map(|name| self.metrics.tasks.named(name));
        if let Some(state) = TaskState::new(trace, series) {
            slots.insert(self.key, state);
        }
    }

    pub(super) fn task_resumed(
        &self,
        task: &TaskInfo,
        wake_time: Option<Timestamp>,
        start_time: Timestamp,
    ) {
        self.metrics.tasks.resumed(wake_time, start_time);
        if let Some(state) = self.task_state(task) {
            state.enter();
        }
    }

    pub(super) fn task_yielded(
        &self,
        task: &TaskInfo,
        start_time: Timestamp,
        finish_time: Timestamp,
    ) {
        let state = self.task_state(task);
        let state = state.as_deref();
        if let Some(state) = state {
            state.leave();
        }
        let series = state.and_then(|state| state.series.as_deref());
        self.metrics.tasks.polled(series, start_time, finish_time);
    }

    pub(super) fn task_ended(
        &self,
        metadata: &TaskEndMetadata<'_>,
        outcome: TaskOutcome,
        failure: Option<&TaskFailure<'_>>,
    ) {
        let TaskEndMetadata {
            task,
            since_spawn,
            start_time,
            finish_time,
        } = *metadata;
        let state = self.task_state(task);
        task.slots().remove(self.key);
        let state = state.as_deref();
        if let Some(state) = state {
            state.leave();
            state.end(metadata, outcome, failure);
        }
        let series = state.and_then(|state| state.series.as_deref());
        self.metrics.tasks.polled(series, start_time, finish_time);
        if since_spawn {
            self.metrics.tasks.ended(series, metadata, outcome);
        }
    }

    /// What is kept in a task; made here where the task has a name but its spawn was not heard.
    fn task_state(&self, task: &TaskInfo) -> Option<Rc<TaskState>> {
        let slots = task.slots();
        slots.get(self.key).or_else(|| {
            let series = self.metrics.tasks.named(task.name()?);
            let state = TaskState::new(Default::default(), Some(series))?;
            Some(slots.insert(self.key, state))
        })
    }
}

/// The kind of a task's failure: a panic, that of an I/O error, or any other.
fn error_type(failure: &TaskFailure<'_>) -> &'static str {
    match failure {
        TaskFailure::Panic(_) => names::error_type::PANIC,
        TaskFailure::Error(error) => io_error_type(*error).as_str(),
    }
}

/// The kind of the first I/O error among an error and its causes.
fn io_error_type(error: &(dyn Error + 'static)) -> ErrorType {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(|error| error.downcast_ref::<io::Error>())
        .map_or(ErrorType::Other, ErrorType::from_io)
}
