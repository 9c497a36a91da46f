//! The metrics: one type for each group of hooks.
//!
//! What is recorded often is recorded through bound instruments, which the SDK finds without
//! hashing attributes. Each is bound when it first has something to record: a histogram that is
//! bound and never recorded would be exported with a count of zero and a minimum of 1.8e308.
//! Failures and cancellations are rare and have many combinations of attributes; they are recorded
//! by their attributes.

mod capped;
mod dns;
mod loops;
mod queues;
mod sockets;
mod tasks;
mod tls;

use super::names::{self, MetricDefinition};
use crate::instrument::{Failure, hook_panics};
use capped::Capped;
use dns::DnsMetrics;
use loops::LoopMetrics;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{
    BoundCounter, BoundHistogram, BoundUpDownCounter, Counter, Histogram, Meter, UpDownCounter,
};
use queues::QueueMetrics;
use sockets::SocketMetrics;
use std::sync::OnceLock;
use tasks::TaskMetrics;
use tls::TlsMetrics;

pub(super) use tasks::TaskSeries;

/// Instruments that are bound when they first record.
type LazyCounter<T> = OnceLock<BoundCounter<T>>;
type LazyHistogram = OnceLock<BoundHistogram<f64>>;
type LazyUpDownCounter = OnceLock<BoundUpDownCounter<i64>>;

/// All metrics of the bridge.
pub(super) struct Metrics {
    pub(super) dns: DnsMetrics,
    pub(super) loops: LoopMetrics,
    pub(super) queues: QueueMetrics,
    pub(super) sockets: SocketMetrics,
    pub(super) tasks: TaskMetrics,
    pub(super) tls: TlsMetrics,
}

impl Metrics {
    pub(super) fn new(meter: &Meter) -> Self {
        count_hook_panics(meter);
        Self {
            dns: DnsMetrics::new(meter),
            loops: LoopMetrics::new(meter),
            queues: QueueMetrics::new(meter),
            sockets: SocketMetrics::new(meter),
            tasks: TaskMetrics::new(meter),
            tls: TlsMetrics::new(meter),
        }
    }
}

fn count_hook_panics(meter: &Meter) {
    let metric = &names::INSTRUMENT_ERRORS;
    meter
        .u64_observable_counter(metric.name)
        .with_unit(metric.unit)
        .with_description(metric.description)
        .with_callback(|counter| {
            let error_type = KeyValue::new(names::ERROR_TYPE, names::error_type::HOOK_PANICKED);
            counter.observe(hook_panics(), &[error_type]);
        })
        .build();
}

pub(crate) fn histogram(meter: &Meter, metric: &MetricDefinition) -> Histogram<f64> {
    meter
        .f64_histogram(metric.name)
        .with_unit(metric.unit)
        .with_description(metric.description)
        .with_boundaries(metric.boundaries.to_vec())
        .build()
}

fn u64_counter(meter: &Meter, metric: &MetricDefinition) -> Counter<u64> {
    meter
        .u64_counter(metric.name)
        .with_unit(metric.unit)
        .with_description(metric.description)
        .build()
}

fn f64_counter(meter: &Meter, metric: &MetricDefinition) -> Counter<f64> {
    meter
        .f64_counter(metric.name)
        .with_unit(metric.unit)
        .with_description(metric.description)
        .build()
}

fn up_down_counter(meter: &Meter, metric: &MetricDefinition) -> UpDownCounter<i64> {
    meter
        .i64_up_down_counter(metric.name)
        .with_unit(metric.unit)
        .with_description(metric.description)
        .build()
}

/// The attribute that tells how an operation failed: cancelled is an outcome, not an error.
pub(super) fn failure_attribute(failure: &Failure<'_>) -> KeyValue {
    match failure {
        Failure::Error { error_type, .. } => KeyValue::new(names::ERROR_TYPE, error_type.as_str()),
        Failure::Cancelled => KeyValue::new(names::OUTCOME, names::outcome::CANCELLED),
    }
}

/// A number of items or bytes as a metric or attribute holds it.
pub(crate) fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
