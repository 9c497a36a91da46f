//! By tokio's current-thread runtime.

use crate::work::{HOUR, repeat, replace_timers, share, timed};
use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::spawn;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

/// Runs it in a task.
fn run<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = Builder::new_current_thread().enable_all().build();
    let joined = runtime
        .expect("a runtime")
        .block_on(async { spawn(future).await });
    joined.expect("no panic")
}

/// `yield_now` is what a user of tokio writes; it goes by way of the poller.
pub(crate) fn yields(times: u64, tasks: u64) -> Duration {
    yields_by(times, tasks, yield_now)
}

/// The cheapest yield that tokio has.
pub(crate) fn self_wakes(times: u64, tasks: u64) -> Duration {
    yields_by(times, tasks, wake_oneself)
}

fn yields_by<F>(times: u64, tasks: u64, yield_once: fn() -> F) -> Duration
where
    F: Future + Send + 'static,
{
    let each = share(times, tasks);
    run(timed(async move {
        let yielding = |_| spawn(repeat(each, yield_once));
        for task in (0..tasks).map(yielding).collect::<Vec<_>>() {
            task.await.expect("no panic");
        }
    }))
}

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

pub(crate) fn spawns(times: u64, batch: u64) -> Duration {
    let batches = share(times, batch);
    run(timed(async move {
        let mut tasks = Vec::with_capacity(batch as usize);
        for _ in 0..batches {
            tasks.extend((0..batch).map(|number| spawn(async move { number })));
            for task in tasks.drain(..) {
                task.await.expect("no panic");
            }
        }
    }))
}

pub(crate) fn queue(times: u64, capacity: usize) -> Duration {
    run(timed(async move {
        let (items, mut queue) = mpsc::channel(capacity);
        let producer = spawn(async move {
            for number in 0..times {
                items.send(number).await.expect("the queue is open");
            }
        });
        while queue.recv().await.is_some() {}
        producer.await.expect("no panic");
    }))
}

pub(crate) fn timers(times: u64, spread: u64) -> Duration {
    let start = Instant::now() + HOUR;
    run(replace_timers(times, spread, move |seconds| {
        sleep_until(start + Duration::from_secs(seconds))
    }))
}
