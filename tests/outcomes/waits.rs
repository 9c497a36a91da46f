//! Beyond the table: whatever a task waits for, it says so, and can be cancelled.

use crate::connections::stalled_address;
use crate::recorded::recorded;
use futures_lite::StreamExt;
use futures_lite::future::{FutureExt, pending};
use loopscope::event_loop::{
    TaskBuilder, TaskGroup, TaskState, ctrl_c, sleep, snapshot, spawn, stopping, yield_now,
};
use loopscope::net::{TcpListener, TcpStream, UdpSocket, UnixStream, lookup_host};
use loopscope::sync::{AsyncQueue, AsyncSetQueue, Condition, CountdownLatch, Event, Lock};
use std::pin::Pin;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

type Wait = Pin<Box<dyn Future<Output = ()>>>;

/// What a task is shown to wait for, and the wait.
fn wait<T>(shown: &'static str, future: impl Future<Output = T> + 'static) -> (&'static str, Wait) {
    (shown, async { drop(future.await) }.boxed_local())
}

fn waits_for_sockets() -> Vec<(&'static str, Wait)> {
    let listener = || TcpListener::bind("127.0.0.1:0").unwrap();
    vec![
        wait("connect to 127.0.0.1:", async {
            let (address, _full) = stalled_address();
            TcpStream::connect(address).await
        }),
        wait("connect to 127.0.0.1:", async {
            let (address, _full) = stalled_address();
            TcpStream::connect([address, address]).await
        }),
        wait("accept on 127.0.0.1:", async move {
            listener().accept().await.map(drop)
        }),
        wait("accept on 127.0.0.1:", async move {
            listener().incoming().next().await.map(drop)
        }),
        wait("recv from ", async {
            let (one, _other) = UnixStream::pair().unwrap();
            one.read(&mut [0; 1]).await
        }),
        wait("send to ", async {
            let (one, _other) = UnixStream::pair().unwrap();
            one.write_all(&vec![0; 16 << 20]).await
        }),
        wait("recv from 127.0.0.1:", async {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.recv(&mut [0; 1]).await
        }),
    ]
}

fn waits_for_others() -> Vec<(&'static str, Wait)> {
    vec![
        wait("get from queue jobs", async {
            AsyncQueue::<u8>::unbounded().named("jobs").get().await
        }),
        wait("put to queue jobs", async {
            let queue = AsyncQueue::bounded(1).named("jobs");
            queue.put(1).await.unwrap();
            queue.put(2).await
        }),
        wait("put to queue jobs", async {
            let queue = AsyncSetQueue::bounded(1).named("jobs");
            queue.put(1).await.unwrap();
            queue.put(2).await
        }),
        wait("lock account", async {
            let lock = Lock::new(0).named("account");
            let _held = lock.lock().await;
            drop(lock.lock().await);
        }),
        wait("condition filled", async {
            let lock = Lock::new(0);
            let condition = Condition::new().named("filled");
            drop(condition.wait(lock.lock().await).await);
        }),
        wait("event ready", async {
            Event::new().named("ready").wait().await;
        }),
        wait("countdown latch done", async {
            CountdownLatch::new(1).named("done").wait().await;
        }),
        wait("join of task #", async {
            let task = spawn(pending::<()>());
            // Whoever joins it does not own it.
            let joined = task.await;
            joined.is_ok()
        }),
        wait("join of one of 2 tasks", async {
            let group = TaskGroup::new();
            group.spawn(pending::<()>());
            group.spawn(pending::<()>());
            group.join_all().await.map(drop)
        }),
    ]
}

fn waits_for_the_world() -> Vec<(&'static str, Wait)> {
    vec![
        wait("sleep", sleep(LONG)),
        wait("signal SIGINT", async { ctrl_c().unwrap().await }),
        wait("the loop to stop", stopping()),
        wait("something foreign", pending::<()>()),
    ]
}

#[test]
fn every_wait_is_shown_and_can_be_cancelled() {
    recorded(async {
        let mut waits = waits_for_others();
        waits.extend(waits_for_the_world());
        waits.extend(waits_for_sockets());
        // After the first turn the limit of the test's time has its timer.
        yield_now().await;
        let before = snapshot().unwrap();
        for (shown, wait) in waits {
            let task = TaskBuilder::new().name("waiting").spawn(wait);
            // Until it waits: what is in its way first, such as a full buffer, takes some turns.
            let waits_for = loop {
                let snapshot = snapshot().unwrap();
                let waiting = snapshot.tasks.iter().find(|it| it.id == task.id()).unwrap();
                if waiting.state == TaskState::Waiting && waiting.polls > 0 {
                    break waiting.waits_for.clone().unwrap();
                }
                yield_now().await;
            };
            assert!(
                waits_for.starts_with(shown),
                "{waits_for} instead of {shown}"
            );
            task.cancel();
            assert!(task.await.unwrap_err().is_cancelled(), "{shown}");
        }
        let left = snapshot().unwrap();
        let before = (before.sockets, before.timers);
        assert_eq!((left.sockets, left.timers), before, "{left}");
    });
}

#[test]
fn a_look_up_is_shown_and_can_be_cancelled() {
    recorded(async {
        loop {
            let task = spawn(lookup_host("no host has spaces"));
            yield_now().await;
            task.cancel();
            // Unless the resolver was quicker.
            if task.await.is_err_and(|error| error.is_cancelled()) {
                return;
            }
        }
    });
}
