//! What the bridge allocates once it has seen what there is to see: nothing for metrics.

use allocation_counter::measure;
use loopscope::clock::Timestamp;
use loopscope::instrument::*;
use loopscope::otel::{OtelInstrument, SpanPolicy};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use std::rc::Rc;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_nanos(millis * 1_000_000)
}

/// One of everything that happens often.
struct Traffic {
    task: TaskInfo,
    socket: Rc<SocketHandle>,
    queue: Rc<QueueInfo>,
    event_loop: LoopInfo,
}

impl Traffic {
    fn new(task_name: Option<&str>) -> Self {
        let socket = SocketHandle::new(Transport::Tcp, SocketRole::Client);
        Self {
            task: TaskInfo::new(TaskId::new(), task_name.map(Rc::from), None, Some(at(0))),
            socket: Rc::new(socket),
            queue: Rc::new(QueueInfo::new(Some("jobs".into()), None)),
            event_loop: LoopInfo::new(Some("main".into())),
        }
    }

    fn flows(&self, otel: &OtelInstrument) {
        let task = Some(&self.task);
        let (start, finish) = (at(1), at(2));
        otel.on_loop_park(&LoopParkMetadata::new(&self.event_loop, start, finish));
        otel.on_loop_unpark(&LoopUnparkMetadata::new(&self.event_loop, start, finish));
        otel.on_timer_fired(&TimerFiredMetadata::new(task, start, finish));
        let mut sent = TaskSendMetadata::new(&self.task, Resumption::TimerFired, finish);
        sent.wake_time = Some(start);
        otel.on_task_before_send(&sent);
        let opened = InstrumentationMetadata::new(task, &self.socket, start);
        otel.on_socket_open(&opened);
        let mut ready =
            ReadySocketInstrumentationMetadata::new(task, &self.socket, false, start, finish);
        ready.size = Some(64);
        otel.on_socket_recv_ready(&ready);
        otel.on_socket_send_ready(&ready);
        for len in [1, 0] {
            let moved = QueueMetadata::new(task, &self.queue, &(), len, true, start, start);
            otel.on_queue_put(&moved);
        }
        otel.on_socket_close(&opened);
        let yielded = TaskAfterSendMetadata::new(sent, &Command::Yield, finish);
        otel.on_task_after_send(&yielded);
    }

    /// How often one round allocates, once it has happened before.
    fn allocations(&self, otel: &OtelInstrument) -> u64 {
        let spawned = TaskSpawnedMetadata::new(&self.task, None, at(0));
        otel.on_task_spawned(&spawned);
        self.flows(otel);
        measure(|| self.flows(otel)).count_total
    }
}

struct Bridge {
    _meters: SdkMeterProvider,
    spans: InMemorySpanExporter,
    otel: OtelInstrument,
}

fn bridge(policy: SpanPolicy) -> Bridge {
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    let spans = InMemorySpanExporter::default();
    let tracers = SdkTracerProvider::builder()
        .with_simple_exporter(spans.clone())
        .build();
    let otel = OtelInstrument::builder()
        .tracer_provider(&tracers)
        .meter_provider(&meters)
        .spans(policy)
        .build();
    Bridge {
        _meters: meters,
        spans,
        otel,
    }
}

fn unsampled() -> Context {
    let span = SpanContext::new(
        TraceId::from(7),
        SpanId::from(8),
        TraceFlags::NOT_SAMPLED,
        true,
        TraceState::default(),
    );
    Context::new().with_remote_span_context(span)
}

#[test]
fn metrics_alone_allocate_nothing() {
    for name in [None, Some("worker")] {
        let bridge = bridge(SpanPolicy::Off);
        assert_eq!(Traffic::new(name).allocations(&bridge.otel), 0, "{name:?}");
    }
}

#[test]
fn a_parent_that_is_not_sampled_costs_no_allocation() {
    let bridge = bridge(SpanPolicy::All);
    let _unsampled = unsampled().attach();
    assert_eq!(Traffic::new(Some("worker")).allocations(&bridge.otel), 0);
    assert!(
        bridge
            .spans
            .get_finished_spans()
            .is_ok_and(|spans| spans.is_empty())
    );
}

#[test]
fn a_sampled_operation_does() {
    let bridge = bridge(SpanPolicy::All);
    assert!(Traffic::new(Some("worker")).allocations(&bridge.otel) > 0);
}
