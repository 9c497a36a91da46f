//! TLS handshakes and the operations on encrypted streams.

use crate::certificates::Authority;
use crate::configs::{ALL, client, server};
use crate::recorded::recorded;
use loopscope::event_loop::{JoinHandle, sleep, spawn, timeout};
use loopscope::instrument::ErrorType;
use loopscope::net::{TcpListener, TcpStream, TlsAcceptor, TlsConnector, TlsStream};
use loopscope::rustls::{ClientConfig, ServerConfig};
use std::io;
use std::sync::Arc;
use std::time::Duration;

type Accepted = JoinHandle<io::Result<TlsStream>>;

/// A client and a server that trust each other.
fn configs() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let authority = Authority::new();
    let mut client = client(&authority, None, ALL);
    let mut server = server(&authority.issue("localhost"), None, ALL);
    client.alpn_protocols = vec![b"echo".to_vec()];
    server.alpn_protocols = vec![b"echo".to_vec()];
    (Arc::new(client), Arc::new(server))
}

/// A server that accepts one connection, and a client's plain connection to it.
async fn connection(config: Arc<ServerConfig>) -> (TcpStream, Accepted) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    (
        client,
        spawn(async move { TlsAcceptor::new(config).accept(stream).await }),
    )
}

async fn handshake(
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
) -> (io::Result<TlsStream>, io::Result<TlsStream>) {
    let (stream, accepted) = connection(server).await;
    let connected = TlsConnector::new(client).connect("localhost", stream).await;
    (connected, accepted.await.unwrap())
}

#[test]
fn a_handshake_tells_both_ends_what_was_agreed_on() {
    let (client, server) = configs();
    let recorder = recorded(async {
        for _ in 0..2 {
            let (client, server) = handshake(server.clone(), client.clone()).await;
            let (client, server) = (client.unwrap(), server.unwrap());
            assert_eq!(client.alpn_protocol().as_deref(), Some(&b"echo"[..]));
            // The ticket for the next session comes with the first data.
            server.write_all(b"x").await.unwrap();
            client.read_exact(&mut [0; 1]).await.unwrap();
        }
    });
    let complete = recorder.of("on_tls_handshake_complete");
    assert_eq!(complete.len(), 4);
    for event in &complete {
        assert_eq!(event.name.as_deref(), Some("localhost"));
        let [version, cipher, curve, protocol] = event.tls.clone().unwrap();
        assert_eq!(version.as_deref(), Some("TLSv1.3"));
        assert!(cipher.unwrap().starts_with("TLS_"));
        assert!(curve.is_some());
        assert_eq!(protocol.as_deref(), Some("echo"));
        assert_eq!(event.immediate, Some(false));
    }
    let resumed: Vec<_> = complete
        .iter()
        .map(|event| event.resumed.unwrap())
        .collect();
    assert_eq!(resumed, [false, false, true, true]);
}

#[test]
fn one_operation_is_one_pair_with_the_plaintexts_size() {
    const SIZE: usize = 100_000;
    let (client, server) = configs();
    let recorder = recorded(async {
        let (client, server) = handshake(server, client).await;
        let (client, server) = (client.unwrap(), server.unwrap());
        let sender = spawn(async move { server.write_all(&vec![1; SIZE]).await.map(|()| server) });
        client.read_exact(&mut vec![0; SIZE]).await.unwrap();
        let server = sender.await.unwrap().unwrap();
        server.close().await.unwrap();
        assert_eq!(
            client.read(&mut [0; 1]).await.unwrap(),
            0,
            "close_notify is an end in order"
        );
    });
    let received = recorder.of("on_socket_recv_ready");
    let sizes: Vec<_> = received.iter().map(|event| event.size.unwrap()).collect();
    assert_eq!(sizes, [SIZE, 0], "not the records, nor the handshake");
    let sent = recorder.of("on_socket_send_ready");
    assert_eq!(
        sent.iter()
            .map(|event| event.size.unwrap())
            .collect::<Vec<_>>(),
        [SIZE]
    );
    assert_eq!(recorder.of("on_socket_open").len(), 3);
}

#[test]
fn an_end_without_close_notify_is_a_truncation() {
    let (client, server) = configs();
    let recorder = recorded(async {
        let (client, server) = handshake(server, client).await;
        drop(server.unwrap());
        let error = client.unwrap().read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    });
    assert_eq!(
        recorder.of("on_socket_error")[0].error_type,
        Some(ErrorType::TlsTruncated)
    );
}

#[test]
fn a_handshake_that_stalls_blocks_nobody_and_can_be_given_up() {
    let (client, server) = configs();
    let recorder = recorded(async {
        let (stream, accepted) = connection(server).await;
        // Others run meanwhile.
        sleep(Duration::from_millis(5)).await;
        accepted.cancel();
        assert!(accepted.await.is_err());
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let unanswered = TcpStream::connect(silent.local_addr().unwrap())
            .await
            .unwrap();
        let connecting = TlsConnector::new(client);
        let connecting = connecting.connect("localhost", unanswered);
        assert!(timeout(Duration::from_millis(5), connecting).await.is_err());
        drop(stream);
    });
    let errors = recorder.of("on_tls_handshake_error");
    assert_eq!(errors.len(), 2);
    assert!(
        errors
            .iter()
            .all(|error| error.failure.as_deref() == Some("cancelled"))
    );
    assert!(errors.iter().all(|error| error.error_type.is_none()));
}

#[test]
fn a_handshake_ends_before_its_socket_is_closed() {
    let (_, server) = configs();
    let recorder = recorded(async {
        let (fails, refused) = connection(server.clone()).await;
        fails.write_all(b"this is no TLS").await.unwrap();
        assert!(refused.await.unwrap().is_err());
        let (_stalls, given_up) = connection(server).await;
        sleep(Duration::from_millis(1)).await;
        given_up.cancel();
        assert!(given_up.await.is_err());
    });
    for event in recorder.of("on_tls_handshake_error") {
        recorder
            .of_socket(event.socket.unwrap())
            .select(|event| event.hook.contains("tls") || event.hook.ends_with("close"))
            .assert_hooks(&["on_tls_handshake_error", "on_socket_close"]);
    }
}
