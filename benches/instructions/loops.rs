//! What the loop does again and again, where nobody listens.

use loopscope::clock::Timestamp;
use loopscope::event_loop::{self, EventLoop, spawn, yield_now};
use loopscope::net::{TcpListener, TcpStream};
use loopscope::sync::AsyncQueue;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

pub(crate) const PATHS: &[super::Path] = &[
    ("echo round trip", echo),
    ("yield", yields),
    ("wake", wakes),
    ("spawn and join", spawns),
    ("queue put and get", queue),
    ("timer insert and cancel", timers),
];

fn run(future: impl Future<Output = ()>) {
    EventLoop::new()
        .expect("a poller")
        .run_until_complete(future);
}

/// A client and a server in one loop: each round trip is two sends, two receives and two waits.
pub(crate) fn echo(times: u64) {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let client = TcpStream::connect(address).await.expect("a connection");
        let (server, _) = listener.accept().await.expect("a connection");
        let server = spawn(async move {
            let mut buffer = [0; 4096];
            loop {
                match server.read(&mut buffer).await.expect("a message") {
                    0 => return,
                    size => server.write_all(&buffer[..size]).await.expect("room"),
                }
            }
        });
        let mut buffer = [0; 4096];
        for _ in 0..times {
            client.write_all(&[7; 64]).await.expect("room");
            assert_eq!(client.read(&mut buffer).await.expect("an answer"), 64);
        }
        drop(client);
        server.await.expect("no panic");
    });
}

/// A hundred tasks take turns.
fn yields(times: u64) {
    run(async move {
        let yielding = |_| {
            spawn(async move {
                for _ in 0..times.div_ceil(100) {
                    yield_now().await;
                }
            })
        };
        for task in (0..100).map(yielding).collect::<Vec<_>>() {
            task.await.expect("no panic");
        }
    });
}

/// One task wakes another by its waker, and waits until it has been woken in turn.
fn wakes(times: u64) {
    run(async move {
        let turn = Rc::new(Cell::new(0_u64));
        let waiters = Rc::new([const { Cell::new(None::<Waker>) }; 2]);
        let player = |me: u64| {
            let (turn, waiters) = (turn.clone(), waiters.clone());
            spawn(poll_fn(move |cx| {
                if turn.get() % 2 == me && turn.get() < times {
                    turn.set(turn.get() + 1);
                    if let Some(other) = waiters[1 - me as usize].take() {
                        other.wake_by_ref();
                        waiters[1 - me as usize].set(Some(other));
                    }
                }
                if turn.get() >= times {
                    return Poll::Ready(());
                }
                let waiter = waiters[me as usize].take();
                waiters[me as usize].set(waiter.or_else(|| Some(cx.waker().clone())));
                Poll::Pending
            }))
        };
        for task in [1, 0].map(player) {
            task.await.expect("no panic");
        }
    });
}

/// A hundred tasks at once are spawned, run and joined.
fn spawns(times: u64) {
    run(async move {
        let mut tasks = Vec::with_capacity(100);
        for _ in 0..times.div_ceil(100) {
            tasks.extend((0..100).map(|number| spawn(async move { number })));
            for task in tasks.drain(..) {
                task.await.expect("no panic");
            }
        }
    });
}

/// One task puts, another gets; they take turns whenever 64 items are in.
fn queue(times: u64) {
    run(async move {
        let queue = AsyncQueue::bounded(64);
        let items = queue.clone();
        let producer = spawn(async move {
            for number in 0..times {
                items.put(number).await.expect("the queue is open");
            }
            items.close();
        });
        while queue.get().await.is_ok() {}
        producer.await.expect("no panic");
    });
}

pub(crate) const LIVE_TIMERS: usize = 10_000;

/// Of ten thousand timers, one after the other is cancelled and another one is set.
fn timers(times: u64) {
    run(async move {
        let end = Timestamp::now() + Duration::from_secs(3600);
        let deadline = |number: u64| end + Duration::from_micros(number * 7919 % 1_000_003);
        poll_fn(|cx| {
            let mut set = |number: u64| {
                let mut timer = Box::pin(event_loop::sleep_until(deadline(number)));
                assert!(timer.as_mut().poll(cx).is_pending());
                timer
            };
            let mut timers: Vec<Pin<Box<event_loop::Sleep>>> =
                (0..LIVE_TIMERS as u64).map(&mut set).collect();
            for number in 0..times {
                let timer = &mut timers[number as usize % LIVE_TIMERS];
                timer.set(event_loop::sleep_until(deadline(number * 31)));
                assert!(timer.as_mut().poll(cx).is_pending());
            }
            Poll::Ready(())
        })
        .await;
    });
}
