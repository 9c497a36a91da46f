//! The metrics.

use super::*;

/// What kind of instrument a metric is.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// A sum that only grows.
    Counter,
    /// A sum that grows and shrinks.
    UpDownCounter,
    /// A distribution.
    Histogram,
    /// A value of the moment.
    Gauge,
}

impl MetricKind {
    /// `counter`, `up-down counter`, `histogram` or `gauge`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "up-down counter",
            Self::Histogram => "histogram",
            Self::Gauge => "gauge",
        }
    }
}

/// A metric that the bridge records.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct MetricDefinition {
    /// Its name.
    pub name: &'static str,
    /// The kind of instrument.
    pub kind: MetricKind,
    /// Its unit, in the notation of UCUM.
    pub unit: &'static str,
    /// What it counts or measures.
    pub description: &'static str,
    /// The attributes it can have.
    pub attributes: &'static [&'static str],
    /// The bounds of a histogram's buckets; none for other kinds.
    ///
    /// The SDK's own are made for milliseconds.
    pub boundaries: &'static [f64],
}

/// From 10 µs to 10 s: what a task waits for.
const WAITS: &[f64] = &[
    0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0,
];
/// From 1 µs to 1 s: what keeps the loop's other tasks waiting.
const DELAYS: &[f64] = &[
    0.000_001, 0.000_005, 0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5,
    1.0,
];
/// From 100 µs to 5 min: the lives of tasks.
const LIVES: &[f64] = &[
    0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0,
];
/// Those of the semantic conventions for handshakes, look-ups and requests.
pub(super) const CONVENTIONAL: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

pub(super) const fn histogram(
    name: &'static str,
    description: &'static str,
    attributes: &'static [&'static str],
    boundaries: &'static [f64],
) -> MetricDefinition {
    MetricDefinition {
        name,
        kind: MetricKind::Histogram,
        unit: "s",
        description,
        attributes,
        boundaries,
    }
}

const fn scalar(
    name: &'static str,
    kind: MetricKind,
    unit: &'static str,
    description: &'static str,
    attributes: &'static [&'static str],
) -> MetricDefinition {
    MetricDefinition {
        name,
        kind,
        unit,
        description,
        attributes,
        boundaries: &[],
    }
}

/// How long operations on sockets take.
pub const SOCKET_OPERATION_DURATION: MetricDefinition = histogram(
    "loopscope.socket.operation.duration",
    "Duration of operations on sockets, the wait included",
    &[
        SOCKET_OPERATION,
        IMMEDIATE,
        NETWORK_TRANSPORT,
        ERROR_TYPE,
        OUTCOME,
    ],
    WAITS,
);
/// Bytes that sockets move.
pub const SOCKET_IO: MetricDefinition = scalar(
    "loopscope.socket.io",
    MetricKind::Counter,
    "By",
    "Bytes received and transmitted by sockets, before encryption",
    &[NETWORK_IO_DIRECTION, NETWORK_TRANSPORT],
);
/// Sockets that are open.
pub const SOCKET_ACTIVE: MetricDefinition = scalar(
    "loopscope.socket.active",
    MetricKind::UpDownCounter,
    "{socket}",
    "Sockets that are open",
    &[NETWORK_TRANSPORT, SOCKET_ROLE],
);
/// How long TLS handshakes take.
pub const TLS_HANDSHAKE_DURATION: MetricDefinition = histogram(
    "loopscope.tls.handshake.duration",
    "Duration of TLS handshakes",
    &[TLS_PROTOCOL_VERSION, SOCKET_ROLE, ERROR_TYPE, OUTCOME],
    CONVENTIONAL,
);
/// How long look-ups of names take.
pub const DNS_LOOKUP_DURATION: MetricDefinition = histogram(
    "dns.lookup.duration",
    "Measures the time taken to perform a DNS lookup",
    &[DNS_QUESTION_NAME, ERROR_TYPE, OUTCOME],
    CONVENTIONAL,
);
/// How long tasks wait for queues.
pub const QUEUE_WAIT_DURATION: MetricDefinition = histogram(
    "loopscope.queue.wait.duration",
    "Time that tasks wait for an item of a queue, or for room in it",
    &[QUEUE_OPERATION, QUEUE_NAME, IMMEDIATE],
    WAITS,
);
/// Items that queues hold.
pub const QUEUE_SIZE: MetricDefinition = scalar(
    "loopscope.queue.size",
    MetricKind::UpDownCounter,
    "{item}",
    "Items that queues hold",
    &[QUEUE_NAME],
);
/// Tasks that live.
pub const TASK_ACTIVE: MetricDefinition = scalar(
    "loopscope.task.active",
    MetricKind::UpDownCounter,
    "{task}",
    "Tasks that were spawned and have not ended",
    &[],
);
/// How long tasks live.
pub const TASK_DURATION: MetricDefinition = histogram(
    "loopscope.task.duration",
    "Time from the spawn of a task to its end",
    &[TASK_NAME, OUTCOME],
    LIVES,
);
/// How long tasks keep the loop busy.
pub const TASK_POLL_DURATION: MetricDefinition = histogram(
    "loopscope.task.poll.duration",
    "Time that a task keeps the loop busy when it is resumed",
    &[TASK_NAME],
    DELAYS,
);
/// How long tasks that could run wait for their turn.
pub const TASK_SCHEDULE_DURATION: MetricDefinition = histogram(
    "loopscope.task.schedule.duration",
    "Time from the wake of a task, or the readiness of its socket, to its resumption",
    &[],
    DELAYS,
);
/// How late timers fire.
pub const TIMER_DELAY: MetricDefinition = histogram(
    "loopscope.timer.delay",
    "Time from the deadline of a timer to its firing",
    &[],
    DELAYS,
);
/// Time that loops are active and idle.
pub const LOOP_TIME: MetricDefinition = scalar(
    "loopscope.loop.time",
    MetricKind::Counter,
    "s",
    "Time that a loop is active, or idle",
    &[LOOP_STATE, LOOP_NAME],
);
/// How busy loops are.
pub const LOOP_UTILIZATION: MetricDefinition = scalar(
    "loopscope.loop.utilization",
    MetricKind::Gauge,
    "1",
    "Share of the time since the last collection that a loop was active",
    &[LOOP_NAME],
);
/// What instruments got wrong.
pub const INSTRUMENT_ERRORS: MetricDefinition = scalar(
    "loopscope.instrument.errors",
    MetricKind::Counter,
    "{error}",
    "Hooks that panicked and telemetry that was lost",
    &[ERROR_TYPE],
);

/// Every metric.
pub const METRICS: &[MetricDefinition] = &[
    SOCKET_OPERATION_DURATION,
    SOCKET_IO,
    SOCKET_ACTIVE,
    TLS_HANDSHAKE_DURATION,
    DNS_LOOKUP_DURATION,
    QUEUE_WAIT_DURATION,
    QUEUE_SIZE,
    TASK_ACTIVE,
    TASK_DURATION,
    TASK_POLL_DURATION,
    TASK_SCHEDULE_DURATION,
    TIMER_DELAY,
    LOOP_TIME,
    LOOP_UTILIZATION,
    INSTRUMENT_ERRORS,
];
