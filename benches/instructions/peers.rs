//! What [`loops`](super::loops) does, done by tokio's current-thread runtime: says which part of a
//! path's instructions is not needed.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const PATHS: &[super::Path] = &[
    ("tokio: echo round trip", echo),
    ("tokio: yield", yields),
    ("tokio: spawn and join", spawns),
    ("tokio: queue put and get", queue),
    ("tokio: timer insert and cancel", timers),
];

fn run(future: impl Future<Output = ()> + Send + 'static) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async { tokio::spawn(future).await.expect("no panic") });
}

fn echo(times: u64) {
    run(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut client = TcpStream::connect(address).await.expect("a connection");
        let (mut server, _) = listener.accept().await.expect("a connection");
        let server = tokio::spawn(async move {
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

fn yields(times: u64) {
    run(async move {
        let yielding = |_| {
            tokio::spawn(async move {
                for _ in 0..times.div_ceil(100) {
                    tokio::task::yield_now().await;
                }
            })
        };
        for task in (0..100).map(yielding).collect::<Vec<_>>() {
            task.await.expect("no panic");
        }
    });
}

fn spawns(times: u64) {
    run(async move {
        let mut tasks = Vec::with_capacity(100);
        for _ in 0..times.div_ceil(100) {
            tasks.extend((0..100).map(|number| tokio::spawn(async move { number })));
            for task in tasks.drain(..) {
                task.await.expect("no panic");
            }
        }
    });
}

fn queue(times: u64) {
    run(async move {
        let (items, mut queue) = tokio::sync::mpsc::channel(64);
        let producer = tokio::spawn(async move {
            for number in 0..times {
                items.send(number).await.expect("the queue is open");
            }
        });
        while queue.recv().await.is_some() {}
        producer.await.expect("no panic");
    });
}

fn timers(times: u64) {
    run(async move {
        let end = tokio::time::Instant::now() + Duration::from_secs(3600);
        let deadline = |number: u64| end + Duration::from_micros(number * 7919 % 1_000_003);
        poll_fn(|cx| {
            let mut set = |number: u64| {
                let mut timer = Box::pin(tokio::time::sleep_until(deadline(number)));
                assert!(timer.as_mut().poll(cx).is_pending());
                timer
            };
            let mut timers: Vec<Pin<Box<tokio::time::Sleep>>> = (0..super::loops::LIVE_TIMERS
                as u64)
                .map(&mut set)
                .collect();
            for number in 0..times {
                let timer = &mut timers[number as usize % super::loops::LIVE_TIMERS];
                timer.set(tokio::time::sleep_until(deadline(number * 31)));
                assert!(timer.as_mut().poll(cx).is_pending());
            }
            Poll::Ready(())
        })
        .await;
    });
}
