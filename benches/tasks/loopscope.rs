//! By this crate, without a scope.

use crate::work::{HOUR, repeat, replace_timers, share, timed};
use loopscope::clock::Timestamp;
use loopscope::event_loop::{EventLoop, sleep_until, spawn, yield_now};
use loopscope::sync::AsyncQueue;
use std::future::Future;
use std::time::Duration;

/// Runs it in a task.
fn run<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    let event_loop = EventLoop::new().expect("a poller");
    let joined = event_loop.run_until_complete(async { spawn(future).await });
    joined.expect("no panic")
}

pub(crate) fn yields(times: u64, tasks: u64) -> Duration {
    let each = share(times, tasks);
    run(timed(async move {
        let yielding = |_| spawn(repeat(each, yield_now));
        for task in (0..tasks).map(yielding).collect::<Vec<_>>() {
            task.await.expect("no panic");
        }
    }))
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
        let queue = AsyncQueue::bounded(capacity);
        let items = queue.clone();
        let producer = spawn(async move {
            for number in 0..times {
                items.put(number).await.expect("the queue is open");
            }
            items.close();
        });
        while queue.get().await.is_ok() {}
        producer.await.expect("no panic");
    }))
}

pub(crate) fn timers(times: u64, spread: u64) -> Duration {
    let start = Timestamp::now() + HOUR;
    run(replace_timers(times, spread, move |seconds| {
        sleep_until(start + Duration::from_secs(seconds))
    }))
}
