//! Listeners that stop with their loop, and listeners that have run out of descriptors.

use crate::run::recorded;
use futures_lite::StreamExt;
use loopscope::event_loop::{EventLoop, sleep, spawn, stopping};
use loopscope::instrument::{EnterScope, ErrorType, RecordingInstrument, SocketOperation};
use loopscope::net::{TcpListener, TcpStream};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::cell::Cell;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(30);

#[test]
fn what_was_connected_before_the_stop_is_accepted_and_served() {
    const CLIENTS: usize = 50;
    let recorder = RecordingInstrument::new();
    let scope = recorder.clone().enter();
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let ended = event_loop.run_gracefully(GRACE, async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| std::net::TcpStream::connect(address).unwrap())
            .collect();
        handle.stop_gracefully();
        stopping().await;
        let mut connections = listener.incoming();
        let mut served = 0;
        while let Some(connection) = connections.next().await {
            connection.unwrap().write_all(b"hello").await.unwrap();
            served += 1;
        }
        // The listener is still there, but nobody listens any more.
        let late = TcpStream::connect(address).await;
        assert!(late.is_err());
        drop(connections);
        for mut client in clients {
            client.read_exact(&mut [0; 5]).unwrap();
        }
        served
    });
    let ended = ended.unwrap();
    drop((scope, event_loop));
    assert_eq!((ended.cut_off(), ended.output()), (0, Some(CLIENTS)));
    recorder.assert_paired();
    assert_eq!(recorder.of("on_socket_accept_ready").len(), CLIENTS);
    let errors = recorder.of("on_socket_error");
    let accepts = errors
        .iter()
        .filter(|error| error.operation == Some(SocketOperation::Accept));
    let failures: Vec<_> = accepts.map(|error| error.failure.as_deref()).collect();
    assert_eq!(failures, [Some("cancelled")]);
}

#[test]
fn an_accept_that_waits_ends_with_the_stop() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let ended = event_loop.run_gracefully(GRACE, async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let accept = spawn(async move { listener.accept().await.map(|_| ()) });
        sleep(Duration::from_millis(1)).await;
        handle.stop_gracefully();
        accept.await.unwrap()
    });
    let error = ended.unwrap().output().unwrap().unwrap_err();
    let source = error.get_ref().unwrap();
    assert!(source.is::<loopscope::event_loop::Stopped>(), "{error}");
}

/// Runs the body of the test of that name in a process of its own, once: what it changes is the
/// whole process's. True in that process.
fn in_own_process(test: &str) -> bool {
    const CHILD: &str = "LOOPSCOPE_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    false
}

#[test]
fn descriptors_that_run_out_stop_no_server_and_take_no_core() {
    const CLIENTS: usize = 40;
    const EXHAUSTED: Duration = Duration::from_millis(300);
    if !in_own_process("accepting::descriptors_that_run_out_stop_no_server_and_take_no_core") {
        return;
    }
    let recorder = recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| std::net::TcpStream::connect(address).unwrap())
            .collect();
        let used = std::fs::File::open("/dev/null").unwrap().as_raw_fd();
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, used as u64 + 8, hard).unwrap();

        let errors = Rc::new(Cell::new(0));
        let counted = errors.clone();
        let server = spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => spawn(async move {
                        let mut byte = [0; 1];
                        while stream.read(&mut byte).await.is_ok_and(|size| size > 0) {
                            stream.write_all(&byte).await.unwrap();
                        }
                    })
                    .detach(),
                    Err(_) => counted.set(counted.get() + 1),
                }
            }
        });
        sleep(EXHAUSTED).await;
        // 5 ms, 10 ms and so on: not one error for each turn of the loop.
        let tries = errors.get();
        assert!((1..=7).contains(&tries), "{tries} errors");
        let load = std::thread::spawn(move || {
            for (number, mut client) in clients.into_iter().enumerate() {
                let sent = [number as u8];
                client.write_all(&sent).unwrap();
                let mut answer = [0; 1];
                client.read_exact(&mut answer).unwrap();
                assert_eq!(answer, sent);
            }
        });
        while !load.is_finished() {
            sleep(Duration::from_millis(5)).await;
        }
        load.join().unwrap();
        server.cancel();
    });
    assert_eq!(recorder.of("on_socket_accept_ready").len(), CLIENTS);
    let errors = recorder.of("on_socket_error");
    assert_eq!(errors[0].error_type, Some(ErrorType::TooManyOpenFiles));
}
