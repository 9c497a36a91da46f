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
use loopscope::telemetry::Telemetry;
use loopscope::telemetry::bench::discarding;
use opentelemetry::trace::TraceFlags;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
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
    for (listener, policy, spans, flags) in [
        (
            "otel, metrics only",
            SpanPolicy::Off,
            batches(),
            TraceFlags::SAMPLED,
        ),
        (
            "otel, parent not sampled",
            SpanPolicy::All,
            batches(),
            TraceFlags::NOT_SAMPLED,
        ),
        (
            "otel, sampled span",
            SpanPolicy::All,
            batches(),
            TraceFlags::SAMPLED,
        ),
        (
            "otel, fast lane",
            SpanPolicy::All,
            fast_lane(),
            TraceFlags::SAMPLED,
        ),
    ] {
        let bridge = Bridge::new(policy, spans);
        bridge.otel.clone().in_scope(|| {
            let _parent = parent(flags);
            measure(&mut group, listener);
        });
    }
    group.finish();
}

/// A start, a ready and a data hook in a task, with the two readings of the clock that a listener
/// needs.
fn recv_pair(group: &mut BenchmarkGroup<'_, WallTime>, listener: &str) {
    let (event_loop, socket) = (EventLoop::new().expect("a poller"), socket());
    group.bench_function(listener, |bencher| {
        bencher.iter_custom(|iterations| {
            event_loop.run_until_complete(async {
                let start = Timestamp::now();
                for _ in 0..iterations {
                    bench::recv(black_box(&socket), black_box(&[0; 64]));
                }
                Timestamp::now() - start
            })
        });
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
    let all = |spans| Bridge::new(SpanPolicy::All, spans);
    let none = Bridge::new(SpanPolicy::Off, batches());
    measure("metrics only", none, sampled);
    measure("parent not sampled", all(batches()), not_sampled);
    measure("sampled span", all(batches()), sampled);
    measure("sampled span, fast lane", all(fast_lane()), sampled);
    let tracers = SdkTracerProvider::builder().with_span_processor(Discard);
    let discarded = Spans::Discarded(tracers.build());
    measure("sampled span, discarded at once", all(discarded), sampled);
    group.finish();
}

/// The bridge over the real SDK; what it exports goes nowhere.
struct Bridge {
    otel: OtelInstrument,
    _meters: SdkMeterProvider,
    spans: Spans,
}

/// Where its spans go.
enum Spans {
    /// Nowhere.
    Discarded(SdkTracerProvider),
    /// In batches to another thread, which has no use for them.
    Batches(Telemetry),
    /// The same by the fast lane.
    FastLane(Telemetry),
}

impl Bridge {
    fn new(policy: SpanPolicy, spans: Spans) -> Self {
        let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
        let meters = SdkMeterProvider::builder().with_reader(reader).build();
        let builder = OtelInstrument::builder();
        let builder = match &spans {
            Spans::Discarded(tracers) => builder.tracer_provider(tracers),
            Spans::Batches(telemetry) => builder.tracer_provider(&telemetry.tracer_provider()),
            Spans::FastLane(telemetry) => builder.fast_lane(telemetry).expect("it is open"),
        };
        let otel = builder
            .meter_provider(&meters)
            .spans(policy)
            .queue_spans(true)
            .build();
        Self {
            otel,
            _meters: meters,
            spans,
        }
    }
}

impl Drop for Bridge {
    #[expect(clippy::print_stderr, reason = "it belongs to the result")]
    fn drop(&mut self) {
        if let Spans::Batches(telemetry) | Spans::FastLane(telemetry) = &self.spans {
            // Where the other thread was not let run for long enough.
            eprintln!("spans lost: {}", telemetry.lost().spans);
        }
    }
}

fn batches() -> Spans {
    Spans::Batches(discarding().expect("a thread"))
}

fn fast_lane() -> Spans {
    Spans::FastLane(discarding().expect("a thread"))
}
