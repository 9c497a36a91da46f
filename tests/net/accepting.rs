//! Listeners that stop with their loop.

use futures_lite::StreamExt;
use loopscope::event_loop::{EventLoop, sleep, spawn, stopping};
use loopscope::instrument::{EnterScope, RecordingInstrument, SocketOperation};
use loopscope::net::{TcpListener, TcpStream};
use std::io::Read;
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
