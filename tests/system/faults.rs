//! System calls that fail, by strace's fault injection: what fails is told as what it is, and
//! everything else goes on.

use crate::own_process::{in_own_process, passed};
use crate::recorded::recorded;
use futures_lite::StreamExt;
use loopscope::event_loop::{EventLoop, sleep, spawn};
use loopscope::instrument::{ErrorType, RecordingInstrument, SocketOperation};
use loopscope::net::{TcpListener, TcpStream, UdpSocket};
use std::io;
use std::time::Duration;

/// Runs `body` where the system's calls fail as `injected` says.
fn with_faults(injected: &[&str], body: impl FnOnce()) {
    let calls: Vec<_> = injected
        .iter()
        .filter_map(|it| it.split(':').next())
        .collect();
    let trace = format!("--trace={}", calls.join(","));
    let faults: Vec<_> = injected.iter().map(|it| format!("--inject={it}")).collect();
    let mut wrapper = vec!["strace", "--follow-forks", "--output=/dev/null", &trace];
    wrapper.extend(faults.iter().map(String::as_str));
    if let Some(output) = in_own_process(&wrapper, body) {
        passed(&output);
    }
}

/// Serves connections by sending back one message of each.
async fn serve(listener: TcpListener) {
    loop {
        // Whatever goes wrong, the listener goes on.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let mut buffer = [0; 5];
        if stream.read_exact(&mut buffer).await.is_ok() {
            let _ = stream.write_all(&buffer).await;
        }
    }
}

/// One exchange with the server.
async fn exchange(address: std::net::SocketAddr) -> io::Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.write_all(b"hello").await?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"hello");
    Ok(())
}

/// A server and its clients, one after the other; what became of each, and what was told.
fn exchanges(connections: usize) -> (Vec<io::Result<()>>, RecordingInstrument) {
    let mut results = Vec::new();
    let recorder = recorded(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(serve(listener));
        for _ in 0..connections {
            results.push(exchange(address).await);
        }
        server.cancel();
    });
    (results, recorder)
}

/// The kinds of the errors that were told of an operation.
fn errors_of(recorder: &RecordingInstrument, operation: SocketOperation) -> Vec<ErrorType> {
    let errors = recorder.of("on_socket_error").into_iter();
    errors
        .filter(|error| error.operation == Some(operation))
        .filter_map(|error| error.error_type)
        .collect()
}

#[test]
fn interrupted_calls_are_made_again() {
    let faults = [
        "recvfrom:error=EINTR:when=1+2",
        "sendto:error=EINTR:when=1+2",
        "accept4:error=EINTR:when=1+2",
        "epoll_wait:error=EINTR:when=1+3",
    ];
    with_faults(&faults, || {
        let (results, recorder) = exchanges(5);
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        // The accept that was under way at the end was cancelled, and nothing has failed.
        assert_eq!(recorder.of("on_socket_error").len(), 1);
        assert_eq!(errors_of(&recorder, SocketOperation::Accept), []);
        assert_eq!(recorder.of("on_socket_accept_ready").len(), 5);
    });
}

#[test]
fn a_reset_is_told_and_ends_its_connection_alone() {
    with_faults(&["recvfrom:error=ECONNRESET:when=2"], || {
        let (results, recorder) = exchanges(4);
        assert_eq!(results.iter().filter(|it| it.is_err()).count(), 1);
        let errors = errors_of(&recorder, SocketOperation::Recv);
        assert!(errors.contains(&ErrorType::ConnectionReset), "{errors:?}");
    });
}

#[test]
fn a_broken_pipe_is_told_and_ends_its_connection_alone() {
    with_faults(&["sendto:error=EPIPE:when=3"], || {
        let (results, recorder) = exchanges(4);
        assert_eq!(results.iter().filter(|it| it.is_err()).count(), 1);
        let errors = errors_of(&recorder, SocketOperation::Send);
        assert_eq!(errors, [ErrorType::BrokenPipe]);
    });
}

#[test]
fn accepts_that_fail_for_want_of_memory_or_descriptors_are_tried_again() {
    with_faults(&["accept4:error=ENOBUFS:when=1..2"], || {
        let (results, recorder) = exchanges(3);
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        let errors = errors_of(&recorder, SocketOperation::Accept);
        assert_eq!(errors, [ErrorType::OutOfMemory; 2]);
        assert_eq!(recorder.of("on_socket_accept_ready").len(), 3);
    });
}

#[test]
fn a_connection_that_is_gone_before_it_is_accepted_is_told() {
    with_faults(&["accept4:error=ECONNABORTED:when=1"], || {
        let (results, recorder) = exchanges(3);
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        let errors = errors_of(&recorder, SocketOperation::Accept);
        assert_eq!(errors, [ErrorType::ConnectionAborted]);
    });
}

#[test]
fn a_connect_that_cannot_begin_is_told_as_what_it_is() {
    with_faults(
        &[
            "connect:error=ENETUNREACH:when=1",
            "socket:error=EMFILE:when=3",
        ],
        || {
            // The first socket is the listener's.
            let (results, recorder) = exchanges(3);
            let failed: Vec<_> = results.iter().map(Result::is_err).collect();
            assert_eq!(failed, [true, true, false]);
            let errors = errors_of(&recorder, SocketOperation::Connect);
            assert_eq!(
                errors,
                [ErrorType::NetworkUnreachable, ErrorType::TooManyOpenFiles]
            );
        },
    );
}

#[test]
fn a_socket_that_cannot_be_watched_is_an_error_and_is_closed() {
    // The first is the loop's own waker, the second the listener's.
    with_faults(&["epoll_ctl:error=ENOSPC:when=3"], || {
        let (results, recorder) = exchanges(2);
        let failed: Vec<_> = results.iter().map(Result::is_err).collect();
        assert_eq!(failed, [true, false]);
        assert_eq!(
            recorder.of("on_socket_open").len(),
            recorder.of("on_socket_close").len()
        );
    });
}

#[test]
fn a_datagram_that_the_system_has_no_room_for_is_an_error_of_its_own() {
    with_faults(&["sendto:error=ENOBUFS:when=2"], || {
        let recorder = recorded(async {
            let server = UdpSocket::bind("127.0.0.1:0").unwrap();
            let client = UdpSocket::connect(server.local_addr().unwrap())
                .await
                .unwrap();
            client.send(b"one").await.unwrap();
            assert!(client.send(b"two").await.is_err());
            client.send(b"three").await.unwrap();
            let mut buffer = [0; 8];
            assert_eq!(server.recv(&mut buffer).await.unwrap(), 3);
            assert_eq!(server.recv(&mut buffer).await.unwrap(), 5);
        });
        let errors = errors_of(&recorder, SocketOperation::Send);
        assert_eq!(errors, [ErrorType::OutOfMemory]);
    });
}

/// A server that is told to stop right after clients have connected; how many it accepts.
fn accepted_at_the_stop(clients: usize) -> usize {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let ended = event_loop.run_gracefully(Duration::from_secs(30), async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = spawn(async move { listener.incoming().count().await });
        // It waits, and knows that there is none.
        sleep(Duration::from_millis(1)).await;
        // These come, and the stop, before the loop asks the poller again.
        let connect = |_| std::net::TcpStream::connect(address).unwrap();
        let _clients: Vec<_> = (0..clients).map(connect).collect();
        handle.stop_gracefully();
        acceptor.await.unwrap()
    });
    ended.unwrap().output().unwrap()
}

#[test]
fn a_wait_that_is_interrupted_loses_no_connection_at_the_stop() {
    // As when the process is stopped and goes on: the poller says nothing of who came meanwhile.
    with_faults(&["epoll_wait:error=EINTR:when=1+2"], || {
        for _ in 0..20 {
            assert_eq!(accepted_at_the_stop(10), 10);
        }
    });
}
