//! Peers that speak something else, or nothing, or go.

use crate::certificates::Authority;
use crate::configs::{ALL, client, server};
use crate::ends::{pair, the_error};
use crate::recorded::recorded;
use loopscope::event_loop::{spawn, yield_now};
use loopscope::instrument::{ErrorType, Recorded, SocketRole};
use loopscope::net::{TcpStream, TlsAcceptor, TlsConnector};
use std::error::Error as _;
use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

/// What a server makes of a client that does this in place of a handshake; the server's loop and
/// its other connections go on.
fn server_fails(stranger: impl AsyncFnOnce(TcpStream)) -> (Recorded, io::Error) {
    let authority = Authority::new();
    let config = Arc::new(server(&authority.issue("localhost"), None, ALL));
    let trusting = Arc::new(client(&authority, None, ALL));
    let mut result = None;
    let recorder = recorded(async {
        let acceptor = TlsAcceptor::new(config);
        let (stream, accepted) = pair().await;
        let accepting = spawn({
            let acceptor = acceptor.clone();
            async move { acceptor.accept(accepted).await }
        });
        stranger(stream).await;
        result = accepting.await.unwrap().err();
        let (stream, accepted) = pair().await;
        let accepting = spawn(async move { acceptor.accept(accepted).await });
        let connector = TlsConnector::new(trusting);
        connector.connect("localhost", stream).await.unwrap();
        accepting.await.unwrap().unwrap();
    });
    (the_error(&recorder, SocketRole::Server), result.unwrap())
}

/// What a client makes of a server that does this in place of a handshake.
fn client_fails(stranger: impl AsyncFnOnce(TcpStream)) -> (Recorded, io::Error) {
    let config = Arc::new(client(&Authority::new(), None, ALL));
    let mut result = None;
    let recorder = recorded(async {
        let (stream, accepted) = pair().await;
        let connecting = spawn(async move {
            let connector = TlsConnector::new(config);
            connector.connect("localhost", stream).await
        });
        stranger(accepted).await;
        result = connecting.await.unwrap().err();
    });
    (the_error(&recorder, SocketRole::Client), result.unwrap())
}

/// Says this, and stays until the peer has gone.
async fn say(stream: TcpStream, data: &[u8]) {
    stream.write_all(data).await.unwrap();
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

/// Goes away with a reset.
fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
}

/// Lets the other tasks run, and the loop look at its sockets.
async fn turn() {
    for _ in 0..10 {
        yield_now().await;
    }
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";

#[test]
fn plain_http_sent_to_a_tls_port() {
    let (event, error) = server_fails(async |stream| say(stream, REQUEST).await);
    assert_eq!(event.error_type, Some(ErrorType::TlsPlainHttp));
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.to_string().contains("https://"), "{error}");
    assert!(error.source().is_some(), "rustls' own error");
    assert_eq!(event.failure, Some(error.to_string()));
}

#[test]
fn a_client_of_a_plain_http_server() {
    let (event, error) = client_fails(async |stream| say(stream, RESPONSE).await);
    assert_eq!(event.error_type, Some(ErrorType::TlsPlainHttp));
    assert!(error.to_string().contains("another port"), "{error}");
}

#[test]
fn a_client_of_another_plaintext_server() {
    let (event, error) = client_fails(async |stream| say(stream, b"220 mail ready\r\n").await);
    assert_eq!(event.error_type, Some(ErrorType::TlsInvalidMessage));
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}

#[test]
fn garbage() {
    let garbage = [0xa5; 64];
    let (event, _) = server_fails(async |stream| say(stream, &garbage).await);
    assert_eq!(event.error_type, Some(ErrorType::TlsInvalidMessage));
    let (event, _) = client_fails(async |stream| say(stream, &garbage).await);
    assert_eq!(event.error_type, Some(ErrorType::TlsInvalidMessage));
}

#[test]
fn a_record_that_is_longer_than_records_are() {
    let header = [22, 3, 1, 0xff, 0xff, 1];
    let (event, _) = server_fails(async |stream| say(stream, &header).await);
    assert_eq!(event.error_type, Some(ErrorType::TlsInvalidMessage));
    let (event, _) = client_fails(async |stream| say(stream, &header).await);
    assert_eq!(event.error_type, Some(ErrorType::TlsInvalidMessage));
}

#[test]
fn who_sends_what_is_not_tls_is_told_by_an_alert() {
    let mut answer = Vec::new();
    server_fails(async |stream| {
        stream.write_all(REQUEST).await.unwrap();
        let mut buffer = [0; 64];
        let count = stream.read(&mut buffer).await.unwrap();
        answer.extend_from_slice(&buffer[..count]);
    });
    const ALERT: u8 = 21;
    const FATAL: u8 = 2;
    assert_eq!((answer[0], answer[5]), (ALERT, FATAL));
}

#[test]
fn a_peer_that_closes_at_once() {
    let (event, error) = server_fails(async |stream| drop(stream));
    assert_eq!(event.error_type, Some(ErrorType::UnexpectedEof));
    assert!(error.to_string().contains("handshake"), "{error}");
    let (event, _) = client_fails(async |stream| {
        stream.shutdown(Shutdown::Write).unwrap();
        stream.read(&mut [0; 4096]).await.unwrap();
    });
    assert_eq!(event.error_type, Some(ErrorType::UnexpectedEof));
}

#[test]
fn a_peer_that_closes_in_the_middle_of_a_record() {
    let (event, _) = server_fails(async |stream| {
        stream.write_all(&[22, 3, 1]).await.unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        turn().await;
    });
    assert_eq!(event.error_type, Some(ErrorType::UnexpectedEof));
}

#[test]
fn a_peer_that_resets_the_connection() {
    let (event, _) = server_fails(async |stream| {
        stream.write_all(&[22, 3, 1]).await.unwrap();
        turn().await;
        reset(&stream);
    });
    assert_eq!(event.error_type, Some(ErrorType::ConnectionReset));
    let (event, _) = client_fails(async |stream| {
        stream.read(&mut [0; 4096]).await.unwrap();
        reset(&stream);
    });
    assert_eq!(event.error_type, Some(ErrorType::ConnectionReset));
}

#[test]
fn an_alert_in_place_of_a_hello() {
    let internal_error = [21, 3, 3, 0, 2, 2, 80];
    let (event, _) = client_fails(async |stream| say(stream, &internal_error).await);
    assert_eq!(event.error_type, Some(ErrorType::TlsAlert));
}

#[test]
fn a_name_that_is_none_begins_no_handshake() {
    let recorder = recorded(async {
        let (stream, _accepted) = pair().await;
        let connector = TlsConnector::new(Arc::new(client(&Authority::new(), None, ALL)));
        let error = connector.connect("not a name", stream).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    });
    assert!(recorder.of("on_tls_handshake_error").is_empty());
}
