//! What it costs to be watched: hooks under no instrument, one, two, and the bridge.
//!
//! `cargo bench --bench hooks --features testing`

#[path = "support/listeners.rs"]
mod listeners;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use listeners::{Discard, NoOp, parent, socket};
use loopscope::clock::Timestamp;
use loopscope::event_loop::{EventLoop, yield_now};
use loopscope::instrument::*;
use loopscope::otel::{OtelInstrument, SpanPolicy};
use loopscope::sync::AsyncQueue;
use opentelemetry::trace::TraceFlags;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter,
};
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    in_every_setting(&mut criterion, "recv pair", recv_pair);
    in_every_setting(&mut criterion, "queue put and get", queue_put_and_get);
    in_every_setting(&mut criterion, "yield", yield_to_oneself);
    ready_hook(&mut criterion);
    clock(&mut criterion);
    criterion.final_summary();
}

fn clock(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("clock");
    group.bench_function("a reading", |bencher| bencher.iter(Timestamp::now));
    group.finish();
}

/// Something that fires hooks, by the name of who listens.
type Subject = fn(&mut BenchmarkGroup<'_, WallTime>, &str);

/// Measures the same under each of those who may listen.
fn in_every_setting(criterion: &mut Criterion, name: &str, measure: Subject) {
    let mut group = criterion.benchmark_group(name);
    measure(&mut group, "no scope");
    NoOp.in_scope(|| measure(&mut group, "no-op instrument"));
    NoOp.in_scope(|| NoOp.in_scope(|| measure(&mut group, "two nested scopes")));
    let members = [Rc::new(NoOp) as Rc<dyn EventLoopInstrument>, Rc::new(NoOp)];
    CompositeInstrument::new(members).in_scope(|| measure(&mut group, "composite of two"));
    let bridge = Bridge::new(SpanPolicy::Off, batches());
    bridge
        .otel
        .clone()
        .in_scope(|| measure(&mut group, "otel, metrics only"));
    let bridge = Bridge::new(SpanPolicy::All, batches());
    bridge.otel.clone().in_scope(|| {
        let _parent = parent(TraceFlags::NOT_SAMPLED);
        measure(&mut group, "otel, parent not sampled");
    });
    bridge.otel.clone().in_scope(|| {
        let _parent = parent(TraceFlags::SAMPLED);
        measure(&mut group, "otel, sampled span");
    });
    group.finish();
}

/// A start, a ready and a data hook, with the two readings of the clock that a listener needs.
fn recv_pair(group: &mut BenchmarkGroup<'_, WallTime>, listener: &str) {
    let socket = socket();
    group.bench_function(listener, |bencher| {
        bencher.iter(|| bench::recv(black_box(&socket), black_box(&[0; 64])));
    });
}

/// Two hooks and one reading each, and the queue itself.
fn queue_put_and_get(group: &mut BenchmarkGroup<'_, WallTime>, listener: &str) {
    let queue = AsyncQueue::bounded(64).named("numbers");
    group.bench_function(listener, |bencher| {
        bencher.iter(|| {
            queue.try_put(black_box(1)).expect("there is room");
            queue.try_get().expect("the item is there")
        });
    });
}

/// A poll with its before and its after hook, and the trip through the loop.
fn yield_to_oneself(group: &mut BenchmarkGroup<'_, WallTime>, listener: &str) {
    let event_loop = EventLoop::new().expect("a poller");
    group.bench_function(listener, |bencher| {
        bencher.iter_custom(|iterations| {
            event_loop.run_until_complete(async {
                let start = Timestamp::now();
                for _ in 0..iterations {
                    yield_now().await;
                }
                Timestamp::now() - start
            })
        });
    });
}

/// What the bridge does with one ready hook, without façade and clock.
fn ready_hook(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("recv ready hook alone");
    let mut measure = |name: &str, bridge: Bridge, flags| {
        let _parent = parent(flags);
        let (socket, task) = (socket(), TaskInfo::new(TaskId::new(), None, None, None));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut ready = ReadySocketInstrumentationMetadata::new(
                    Some(&task),
                    &socket,
                    true,
                    black_box(Timestamp::from_nanos(1_000)),
                    black_box(Timestamp::from_nanos(9_000)),
                );
                ready.size = Some(64);
                bridge.otel.on_socket_recv_ready(&ready);
            });
        });
    };
    let (sampled, not_sampled) = (TraceFlags::SAMPLED, TraceFlags::NOT_SAMPLED);
    let all = |processor| Bridge::new(SpanPolicy::All, processor);
    measure(
        "metrics only",
        Bridge::new(SpanPolicy::Off, batches()),
        sampled,
    );
    measure("parent not sampled", all(batches()), not_sampled);
    measure("sampled span", all(batches()), sampled);
    let tracers = SdkTracerProvider::builder().with_span_processor(Discard);
    let discards = tracers.build();
    measure("sampled span, discarded at once", all(discards), sampled);
    group.finish();
}

/// The bridge over the real SDK; what it exports goes nowhere.
struct Bridge {
    otel: OtelInstrument,
    _meters: SdkMeterProvider,
    _tracers: SdkTracerProvider,
}

impl Bridge {
    fn new(policy: SpanPolicy, tracers: SdkTracerProvider) -> Self {
        let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
        let meters = SdkMeterProvider::builder().with_reader(reader).build();
        let otel = OtelInstrument::builder()
            .tracer_provider(&tracers)
            .meter_provider(&meters)
            .spans(policy)
            .queue_spans(true)
            .build();
        Self {
            otel,
            _meters: meters,
            _tracers: tracers,
        }
    }
}

/// Hands spans to the batch processor's thread, which frees them.
fn batches() -> SdkTracerProvider {
    // Room for all that is made while the other thread is not let run.
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(1 << 16)
        .with_max_export_batch_size(512)
        .build();
    let processor = BatchSpanProcessor::builder(Discard)
        .with_batch_config(config)
        .build();
    SdkTracerProvider::builder()
        .with_span_processor(processor)
        .build()
}

impl SpanExporter for Discard {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}
