//! Peers that are silent or slow.

use crate::certificates::Authority;
use crate::configs::{ALL, client, server};
use crate::ends::{pair, the_error};
use crate::recorded::recorded;
use loopscope::clock::{ManualClock, Timestamp};
use loopscope::event_loop::{sleep, spawn};
use loopscope::instrument::{ErrorType, Recorded, RecordingInstrument, SocketRole};
use loopscope::net::{TlsAcceptor, TlsConnector};
use std::io;
use std::sync::Arc;
use std::time::Duration;

const DEFAULT: Duration = Duration::from_secs(10);

fn acceptor() -> TlsAcceptor {
    let identity = Authority::new().issue("localhost");
    TlsAcceptor::new(Arc::new(server(&identity, None, ALL)))
}

fn connector() -> TlsConnector {
    TlsConnector::new(Arc::new(client(&Authority::new(), None, ALL)))
}

fn check(recorder: &RecordingInstrument, role: SocketRole, limit: Duration) -> Recorded {
    let error = the_error(recorder, role);
    assert_eq!(error.error_type, Some(ErrorType::TimedOut));
    let took = error.finish_time.unwrap() - error.start_time.unwrap();
    assert_eq!(took, limit);
    error
}

fn is_timeout(error: &io::Error, limit: &str) {
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let message = error.to_string();
    assert!(
        message.contains(limit) && message.contains("handshake_timeout"),
        "{message}"
    );
}

#[test]
fn a_silent_client_is_given_up_after_ten_seconds() {
    let _clock = ManualClock::install();
    let recorder = recorded(async {
        let (_silent, accepted) = pair().await;
        is_timeout(&acceptor().accept(accepted).await.unwrap_err(), "10s");
    });
    check(&recorder, SocketRole::Server, DEFAULT);
    assert_eq!(recorder.of("on_socket_close").len(), 3);
}

#[test]
fn a_silent_server_is_given_up_after_ten_seconds() {
    let _clock = ManualClock::install();
    let recorder = recorded(async {
        let (stream, _silent) = pair().await;
        let connected = connector().connect("localhost", stream).await;
        is_timeout(&connected.unwrap_err(), "10s");
    });
    let error = check(&recorder, SocketRole::Client, DEFAULT);
    assert_eq!(error.name.as_deref(), Some("localhost"));
}

#[test]
fn the_limit_can_be_set() {
    const LIMIT: Duration = Duration::from_millis(250);
    let _clock = ManualClock::install();
    let recorder = recorded(async {
        let (_silent, accepted) = pair().await;
        let acceptor = acceptor().handshake_timeout(LIMIT);
        is_timeout(&acceptor.accept(accepted).await.unwrap_err(), "250ms");
        let (stream, _silent) = pair().await;
        let connector = connector().handshake_timeout(LIMIT);
        let connected = connector.connect("localhost", stream).await;
        is_timeout(&connected.unwrap_err(), "250ms");
    });
    check(&recorder, SocketRole::Server, LIMIT);
    check(&recorder, SocketRole::Client, LIMIT);
}

#[test]
fn a_client_that_sends_a_byte_now_and_then_gains_no_time() {
    let _clock = ManualClock::install();
    let recorder = recorded(async {
        let (slow, accepted) = pair().await;
        let dribble = spawn(async move {
            for byte in [22, 3, 1, 0, 200].into_iter().chain([1; 100]) {
                if slow.write_all(&[byte]).await.is_err() {
                    return;
                }
                sleep(Duration::from_millis(900)).await;
            }
        });
        assert!(acceptor().accept(accepted).await.is_err());
        dribble.cancel();
    });
    check(&recorder, SocketRole::Server, DEFAULT);
}

#[test]
fn without_a_limit_the_peer_may_take_its_time() {
    let _clock = ManualClock::install();
    let authority = Authority::new();
    let server = Arc::new(server(&authority.issue("localhost"), None, ALL));
    let connector = TlsConnector::new(Arc::new(client(&authority, None, ALL)));
    let recorder = recorded(async {
        let (stream, accepted) = pair().await;
        let acceptor = TlsAcceptor::new(server).handshake_timeout(Duration::MAX);
        let accepting = spawn(async move { acceptor.accept(accepted).await });
        sleep(Duration::from_secs(20)).await;
        connector.connect("localhost", stream).await.unwrap();
        accepting.await.unwrap().unwrap();
    });
    assert!(recorder.of("on_tls_handshake_error").is_empty());
    let mut complete = recorder.of("on_tls_handshake_complete");
    complete.retain(|event| event.role == Some(SocketRole::Server));
    let took = complete[0].finish_time.unwrap() - complete[0].start_time.unwrap();
    assert!(took >= Duration::from_secs(20));
}

#[test]
fn others_go_on_while_one_is_silent() {
    let _clock = ManualClock::install();
    let recorder = recorded(async {
        let (_silent, accepted) = pair().await;
        let start = Timestamp::now();
        let stuck = spawn(async move { acceptor().accept(accepted).await.map(drop) });
        let (here, there) = pair().await;
        for _ in 0..100 {
            here.write_all(b"x").await.unwrap();
            there.read_exact(&mut [0; 1]).await.unwrap();
        }
        assert!(Timestamp::now() - start < DEFAULT, "long before the limit");
        assert!(stuck.await.unwrap().is_err());
    });
    check(&recorder, SocketRole::Server, DEFAULT);
}
