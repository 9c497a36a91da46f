//! By smol: `async-executor`, `async-io` and `async-channel`.

use crate::work::{HOUR, repeat, replace_timers, share, timed};
use async_executor::LocalExecutor;
use async_io::{Timer, block_on};
use futures_lite::future::yield_now;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Runs, in a task, what is made with the executor.
fn run<T: 'static, F>(future: impl FnOnce(Rc<LocalExecutor<'static>>) -> F) -> T
where
    F: Future<Output = T> + 'static,
{
    let executor = Rc::new(LocalExecutor::new());
    let task = executor.spawn(future(executor.clone()));
    block_on(executor.run(task))
}

pub(crate) fn yields(times: u64, tasks: u64) -> Duration {
    let each = share(times, tasks);
    run(|executor| {
        timed(async move {
            let yielding = |_| executor.spawn(repeat(each, yield_now));
            for task in (0..tasks).map(yielding).collect::<Vec<_>>() {
                task.await;
            }
        })
    })
}

pub(crate) fn spawns(times: u64, batch: u64) -> Duration {
    let batches = share(times, batch);
    run(|executor| {
        timed(async move {
            let mut tasks = Vec::with_capacity(batch as usize);
            for _ in 0..batches {
                tasks.extend((0..batch).map(|number| executor.spawn(async move { number })));
                for task in tasks.drain(..) {
                    task.await;
                }
            }
        })
    })
}

pub(crate) fn queue(times: u64, capacity: usize) -> Duration {
    run(|executor| {
        timed(async move {
            let (items, queue) = async_channel::bounded(capacity);
            let producer = executor.spawn(async move {
                for number in 0..times {
                    items.send(number).await.expect("the queue is open");
                }
            });
            while queue.recv().await.is_ok() {}
            producer.await;
        })
    })
}

pub(crate) fn timers(times: u64, spread: u64) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "it is the timers' clock")]
    let start = Instant::now() + HOUR;
    run(|_| {
        replace_timers(times, spread, move |seconds| {
            Timer::at(start + Duration::from_secs(seconds))
        })
    })
}
