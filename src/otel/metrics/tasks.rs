//! Tasks and timers.

use super::{Capped, LazyHistogram, LazyUpDownCounter, histogram, up_down_counter};
use crate::clock::Timestamp;
use crate::instrument::{TaskEndMetadata, TimerFiredMetadata};
use crate::otel::names;
use crate::otel::tasks::TaskOutcome;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter, UpDownCounter};
use std::sync::Arc;

pub(in crate::otel) struct TaskMetrics {
    active: UpDownCounter<i64>,
    actives: LazyUpDownCounter,
    duration: Histogram<f64>,
    poll: Histogram<f64>,
    by_name: Capped<TaskSeries>,
    unnamed: TaskSeries,
    schedule: Histogram<f64>,
    schedules: LazyHistogram,
    timer_delay: Histogram<f64>,
    timer_delays: LazyHistogram,
}

/// The time series of all tasks of one name.
#[derive(Default)]
pub(in crate::otel) struct TaskSeries {
    name: Option<Arc<str>>,
    polls: LazyHistogram,
    completed: LazyHistogram,
    failed: LazyHistogram,
    cancelled: LazyHistogram,
}

impl TaskMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            active: up_down_counter(meter, &names::TASK_ACTIVE),
            actives: LazyUpDownCounter::new(),
            duration: histogram(meter, &names::TASK_DURATION),
            poll: histogram(meter, &names::TASK_POLL_DURATION),
            by_name: Capped::new(),
            unnamed: TaskSeries::default(),
            schedule: histogram(meter, &names::TASK_SCHEDULE_DURATION),
            schedules: LazyHistogram::new(),
            timer_delay: histogram(meter, &names::TIMER_DELAY),
            timer_delays: LazyHistogram::new(),
        }
    }

    /// The time series of tasks with this name.
    pub(in crate::otel) fn named(&self, name: &str) -> Arc<TaskSeries> {
        self.by_name.get(name, |name| TaskSeries {
            name: Some(name),
            ..TaskSeries::default()
        })
    }

    /// A task was spawned.
    pub(in crate::otel) fn spawned(&self) {
        self.add_active(1);
    }

    /// A task is resumed that was woken at `wake_time`.
    pub(in crate::otel) fn resumed(&self, wake_time: Option<Timestamp>, start_time: Timestamp) {
        if let Some(wake_time) = wake_time {
            self.schedules
                .get_or_init(|| self.schedule.bind(&[]))
                .record(start_time.seconds_since(wake_time));
        }
    }

    /// A task was resumed at `start_time` and has ended its turn; without a series it has no name.
    pub(in crate::otel) fn polled(
        &self,
        series: Option<&TaskSeries>,
        start_time: Timestamp,
        finish_time: Timestamp,
    ) {
        let series = series.unwrap_or(&self.unnamed);
        series
            .polls
            .get_or_init(|| self.poll.bind(&series.attributes(None)))
            .record(finish_time.seconds_since(start_time));
    }

    /// A task that was counted when it was spawned has ended.
    pub(in crate::otel) fn ended(
        &self,
        series: Option<&TaskSeries>,
        metadata: &TaskEndMetadata<'_>,
        outcome: TaskOutcome,
    ) {
        self.add_active(-1);
        let Some(spawn_time) = metadata.task.spawn_time() else {
            return;
        };
        let series = series.unwrap_or(&self.unnamed);
        let histogram = match outcome {
            TaskOutcome::Completed => &series.completed,
            TaskOutcome::Error => &series.failed,
            TaskOutcome::Cancelled => &series.cancelled,
        };
        histogram
            .get_or_init(|| self.duration.bind(&series.attributes(Some(outcome))))
            .record(metadata.finish_time.seconds_since(spawn_time));
    }

    /// A timer has fired.
    pub(in crate::otel) fn timer_fired(&self, metadata: &TimerFiredMetadata<'_>) {
        self.timer_delays
            .get_or_init(|| self.timer_delay.bind(&[]))
            .record(metadata.fire_time.seconds_since(metadata.deadline));
    }

    fn add_active(&self, change: i64) {
        self.actives
            .get_or_init(|| self.active.bind(&[]))
            .add(change);
    }
}

impl TaskSeries {
    fn attributes(&self, outcome: Option<TaskOutcome>) -> Vec<KeyValue> {
        let name = self.name.clone();
        let name = name.map(|name| KeyValue::new(names::TASK_NAME, name));
        let outcome = outcome.map(|outcome| KeyValue::new(names::OUTCOME, outcome.as_str()));
        name.into_iter().chain(outcome).collect()
    }
}
