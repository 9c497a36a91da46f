//! Misuse is answered with an error that says what to do, or with a documented panic.

use crate::run::run;
use loopscope::event_loop::{EventLoop, sleep, spawn};
use loopscope::net::{TcpListener, TcpStream};
use loopscope::sync::{AsyncQueue, TryPutError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// What a panic says.
fn panic_of<T>(f: impl FnOnce() -> T) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).err().expect("it panics");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast_ref::<&str>().unwrap()).into(),
    }
}

#[test]
fn spawning_outside_of_a_loop() {
    let message = panic_of(|| spawn(async {}));
    assert!(
        message.starts_with("spawn() needs a running event loop"),
        "{message}"
    );
    assert!(message.contains("Handle"), "{message}");
}

#[test]
fn sleeping_outside_of_a_loop() {
    let message = panic_of(|| futures_lite::future::block_on(sleep(Duration::ZERO)));
    assert!(
        message.starts_with("sleep() needs a running event loop"),
        "{message}"
    );
}

#[test]
fn a_loop_inside_of_a_loop() {
    let event_loop = EventLoop::new().unwrap();
    let message = panic_of(|| run(async { event_loop.run_until_complete(async {}) }));
    assert!(
        message.contains("cannot run inside of another"),
        "{message}"
    );
    event_loop.run_until_complete(async {});
}

#[test]
fn sockets_outside_of_a_loop() {
    let error = TcpListener::bind("127.0.0.1:0").unwrap_err();
    assert!(
        error.to_string().contains("need a running event loop"),
        "{error}"
    );
    let connecting = TcpStream::connect("127.0.0.1:1");
    let error = futures_lite::future::block_on(connecting).unwrap_err();
    assert!(
        error.to_string().contains("need a running event loop"),
        "{error}"
    );
}

#[test]
fn a_socket_of_another_loop() {
    let first = EventLoop::new().unwrap();
    let listener = first
        .run_until_complete(async { TcpListener::bind("127.0.0.1:0") })
        .unwrap();
    let error = run(listener.accept()).unwrap_err();
    assert!(error.to_string().contains("awaited on another"), "{error}");
}

#[test]
fn addresses_that_are_none() {
    run(async {
        for address in ["nonsense", "127.0.0.1", "localhost:http", ":80", ""] {
            let error = TcpStream::connect(address).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains("expected HOST:PORT"), "{error}");
        }
        let error = TcpListener::bind("localhost:80").unwrap_err();
        assert!(
            error.to_string().contains("expected an IP address"),
            "{error}"
        );
    });
}

#[test]
fn a_port_in_use() {
    run(async {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = first.local_addr().unwrap();
        let error = TcpListener::bind(address).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot listen on {address}: ")),
            "{error}"
        );
    });
}

#[test]
fn a_closed_queue() {
    run(async {
        let queue = AsyncQueue::bounded(1);
        queue.put(1).await.unwrap();
        assert_eq!(queue.try_put(2), Err(TryPutError::Full(2)));
        queue.close();
        assert_eq!(queue.put(3).await.unwrap_err().0, 3, "the item comes back");
        assert_eq!(queue.try_put(4).unwrap_err().into_inner(), 4);
        assert_eq!(queue.get().await, Ok(1), "what is in can be taken out");
        assert_eq!(
            queue.get().await.unwrap_err().to_string(),
            "the queue is closed and empty"
        );
    });
}

#[test]
fn a_queue_without_room() {
    let message = panic_of(|| AsyncQueue::<u8>::bounded(0));
    assert_eq!(message, "a queue needs room for one item at least");
}
