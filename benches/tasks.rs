//! Tasks, queues and timers, each beside tokio's current-thread runtime.
//!
//! `cargo bench --bench tasks`

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use loopscope::clock::Timestamp;
use loopscope::event_loop::{self, EventLoop};
use loopscope::sync::AsyncQueue;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    yields(&mut criterion);
    spawns(&mut criterion);
    queues(&mut criterion);
    timers(&mut criterion);
    criterion.final_summary();
}

fn tokio() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Measures `run`, which does something so many times, in a task of our loop.
fn ours<F>(group: &mut BenchmarkGroup<'_, WallTime>, run: impl Fn(u64) -> F)
where
    F: Future<Output = Duration> + 'static,
{
    let event_loop = EventLoop::new().expect("a poller");
    group.bench_function("loopscope", |bencher| {
        bencher.iter_custom(|times| {
            let task = async { event_loop::spawn(run(times)).await };
            event_loop.run_until_complete(task).expect("no panic")
        });
    });
}

/// Measures `run`, which does something so many times, in a task of tokio's.
fn theirs<F>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, run: impl Fn(u64) -> F)
where
    F: Future<Output = Duration> + Send + 'static,
{
    let runtime = tokio();
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            let task = async { tokio::spawn(run(times)).await };
            runtime.block_on(task).expect("no panic")
        });
    });
}

/// How long `run` takes.
async fn timed(run: impl Future) -> Duration {
    let start = Timestamp::now();
    run.await;
    Timestamp::now() - start
}

fn yields(criterion: &mut Criterion) {
    for tasks in [1, 100] {
        let mut group = criterion.benchmark_group(format!("yield, {tasks} tasks"));
        ours(&mut group, move |times| {
            timed_share(times, tasks, move |each| async move {
                let yielding = |_| event_loop::spawn(repeat(each, event_loop::yield_now));
                for task in (0..tasks).map(yielding).collect::<Vec<_>>() {
                    task.await.expect("no panic");
                }
            })
        });
        tokio_yields(&mut group, "tokio, waking itself", tasks, wake_oneself);
        tokio_yields(
            &mut group,
            "tokio, yield_now",
            tasks,
            tokio::task::yield_now,
        );
        group.finish();
    }
}

fn tokio_yields<F>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    tasks: u64,
    yield_once: fn() -> F,
) where
    F: Future + Send + 'static,
{
    theirs(group, name, move |times| {
        timed_share(times, tasks, move |each| async move {
            let yielding = |_| tokio::spawn(repeat(each, yield_once));
            for task in (0..tasks).map(yielding).collect::<Vec<_>>() {
                task.await.expect("no panic");
            }
        })
    });
}

/// Has each of `tasks` tasks do its share of something that is to be done so many times in all,
/// and returns the time that all of it would take.
async fn timed_share<F: Future>(times: u64, tasks: u64, run: impl FnOnce(u64) -> F) -> Duration {
    let each = times.div_ceil(tasks);
    timed(run(each))
        .await
        .mul_f64(times as f64 / (each * tasks) as f64)
}

async fn repeat<F: Future>(times: u64, what: fn() -> F) {
    for _ in 0..times {
        what().await;
    }
}

/// The cheapest yield that tokio has: its own goes by way of the poller.
fn wake_oneself() -> impl Future<Output = ()> + Send {
    let mut yielded = false;
    poll_fn(move |cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

fn spawns(criterion: &mut Criterion) {
    for batch in [1, 1000] {
        let mut group = criterion.benchmark_group(format!("spawn and join, batches of {batch}"));
        ours(&mut group, move |times| {
            timed_share(times, batch, move |batches| async move {
                let mut tasks = Vec::with_capacity(batch as usize);
                for _ in 0..batches {
                    tasks.extend((0..batch).map(|number| event_loop::spawn(async move { number })));
                    for task in tasks.drain(..) {
                        task.await.expect("no panic");
                    }
                }
            })
        });
        theirs(&mut group, "tokio", move |times| {
            timed_share(times, batch, move |batches| async move {
                let mut tasks = Vec::with_capacity(batch as usize);
                for _ in 0..batches {
                    tasks.extend((0..batch).map(|number| tokio::spawn(async move { number })));
                    for task in tasks.drain(..) {
                        task.await.expect("no panic");
                    }
                }
            })
        });
        group.finish();
    }
}

fn queues(criterion: &mut Criterion) {
    for capacity in [1, 64] {
        let mut group = criterion.benchmark_group(format!("queue of {capacity}, put and get"));
        ours(&mut group, |times| {
            timed(async move {
                let queue = AsyncQueue::bounded(capacity);
                let items = queue.clone();
                let producer = event_loop::spawn(async move {
                    for number in 0..times {
                        items.put(number).await.expect("the queue is open");
                    }
                    items.close();
                });
                while queue.get().await.is_ok() {}
                producer.await.expect("no panic");
            })
        });
        theirs(&mut group, "tokio", |times| {
            timed(async move {
                let (items, mut queue) = tokio::sync::mpsc::channel(capacity);
                let producer = tokio::spawn(async move {
                    for number in 0..times {
                        items.send(number).await.expect("the queue is open");
                    }
                });
                while queue.recv().await.is_some() {}
                producer.await.expect("no panic");
            })
        });
        group.finish();
    }
}

const LIVE_TIMERS: usize = 100_000;

/// Cancels one of many timers and sets another: what a server's time-outs do.
fn timers(criterion: &mut Criterion) {
    for (name, spread) in [("random", 3600), ("equal", 0)] {
        let mut group =
            criterion.benchmark_group(format!("timer insert and cancel, {name} deadlines"));
        ours(&mut group, |times| {
            let start = Timestamp::now() + HOUR;
            replace_timers(times, spread, move |seconds| {
                event_loop::sleep_until(start + Duration::from_secs(seconds))
            })
        });
        theirs(&mut group, "tokio", |times| {
            let start = tokio::time::Instant::now() + HOUR;
            replace_timers(times, spread, move |seconds| {
                tokio::time::sleep_until(start + Duration::from_secs(seconds))
            })
        });
        group.finish();
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// Sets many timers, with deadlines in a range of `spread` seconds, and then replaces so many.
fn replace_timers<S: Future>(
    times: u64,
    spread: u64,
    sleep: impl Fn(u64) -> S,
) -> impl Future<Output = Duration> {
    let random = Random::default();
    let deadline = move || random.below(spread + 1);
    poll_fn(move |cx| {
        let mut timers: Vec<Pin<Box<S>>> = (0..LIVE_TIMERS)
            .map(|_| set(Box::pin(sleep(deadline())), cx))
            .collect();
        let start = Timestamp::now();
        for number in 0..times {
            let timer = &mut timers[number as usize % LIVE_TIMERS];
            timer.set(sleep(deadline()));
            assert!(timer.as_mut().poll(cx).is_pending());
        }
        Poll::Ready(Timestamp::now() - start)
    })
}

/// A sleep is set when it is polled first.
fn set<S: Future>(mut timer: Pin<Box<S>>, cx: &mut Context<'_>) -> Pin<Box<S>> {
    assert!(timer.as_mut().poll(cx).is_pending());
    timer
}

/// Numbers that look random and are the same in each run (xorshift).
struct Random(Cell<u64>);

impl Default for Random {
    fn default() -> Self {
        Self(Cell::new(0x9E37_79B9_7F4A_7C15))
    }
}

impl Random {
    fn below(&self, end: u64) -> u64 {
        let mut state = self.0.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.set(state);
        state % end
    }
}
