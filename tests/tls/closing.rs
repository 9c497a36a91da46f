//! How a stream ends: in order, cut off, and broken.

use crate::certificates::Authority;
use crate::configs::{ALL, Versions, client, server};
use crate::ends::{agreed, pair, socket_errors};
use crate::recorded::recorded;
use crate::run::run;
use crate::versions::{ONLY_12, ONLY_13};
use loopscope::event_loop::{sleep, spawn};
use loopscope::instrument::ErrorType;
use loopscope::net::{TcpStream, TlsAcceptor, TlsConnector, TlsStream};
use loopscope::rustls::{ClientConfig, ServerConfig};
use std::error::Error as _;
use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

fn configs(versions: Versions) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let authority = Authority::new();
    let server = server(&authority.issue("localhost"), None, versions);
    (
        Arc::new(client(&authority, None, versions)),
        Arc::new(server),
    )
}

#[test]
fn close_tells_the_peer_which_can_still_send() {
    for versions in [ONLY_12, ONLY_13] {
        let (client, server) = configs(versions);
        let recorder = recorded(async {
            let (client, server) = agreed(&client, &server).await;
            client.write_all(b"request").await.unwrap();
            client.close().await.unwrap();
            client.close().await.unwrap();
            server.read_exact(&mut [0; 7]).await.unwrap();
            for _ in 0..2 {
                assert_eq!(server.read(&mut [0; 1]).await.unwrap(), 0);
            }
            server.write_all(b"answer").await.unwrap();
            server.close().await.unwrap();
            client.read_exact(&mut [0; 6]).await.unwrap();
            assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
        });
        assert!(recorder.of("on_socket_error").is_empty());
    }
}

#[test]
fn an_end_without_close_notify_is_a_truncation_each_time_it_is_read() {
    for versions in [ONLY_12, ONLY_13] {
        let (client, server) = configs(versions);
        let recorder = recorded(async {
            let (client, server) = agreed(&client, &server).await;
            server.write_all(b"half").await.unwrap();
            drop(server);
            client.read_exact(&mut [0; 4]).await.unwrap();
            for _ in 0..2 {
                let error = client.read(&mut [0; 1]).await.unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
                assert_eq!(ErrorType::from_io(&error), ErrorType::TlsTruncated);
                assert!(error.to_string().contains("close_notify"), "{error}");
            }
        });
        assert_eq!(socket_errors(&recorder), [ErrorType::TlsTruncated; 2]);
    }
}

#[test]
fn a_read_that_has_a_part_fails_with_the_truncation() {
    let (client, server) = configs(ALL);
    let recorder = recorded(async {
        let (client, server) = agreed(&client, &server).await;
        server.write_all(b"half").await.unwrap();
        drop(server);
        assert!(client.read_exact(&mut [0; 8]).await.is_err());
    });
    assert_eq!(socket_errors(&recorder), [ErrorType::TlsTruncated]);
    assert_eq!(recorder.of("on_socket_error")[0].size, Some(4));
}

/// A client, a server, and what is between them once the handshake is over: the plain end towards
/// the client, and the one towards the server.
async fn with_a_middle(versions: Versions) -> (TlsStream, TlsStream, TcpStream, TcpStream) {
    let (client_config, server_config) = configs(versions);
    let (client, to_client) = pair().await;
    let (to_server, server) = pair().await;
    let accepting = spawn(async move { TlsAcceptor::new(server_config).accept(server).await });
    let connecting = spawn(async move {
        let connector = TlsConnector::new(client_config);
        connector.connect("localhost", client).await
    });
    let relay = async |from: &TcpStream, to: &TcpStream| {
        let mut buffer = [0; 4096];
        loop {
            let count = from.read(&mut buffer).await.unwrap();
            to.write_all(&buffer[..count]).await.unwrap();
        }
    };
    let both = async {
        let ends = async { (connecting.await, accepting.await) };
        futures_lite::future::or(
            async { Some(ends.await) },
            futures_lite::future::or(async { relay(&to_client, &to_server).await }, async {
                relay(&to_server, &to_client).await
            }),
        )
        .await
    };
    let (client, server) = both.await.unwrap();
    let (client, server) = (client.unwrap().unwrap(), server.unwrap().unwrap());
    (client, server, to_client, to_server)
}

#[test]
fn a_record_that_was_changed_breaks_the_stream_after_what_came_before_it() {
    for versions in [ONLY_12, ONLY_13] {
        let recorder = recorded(async {
            let (client, server, to_client, to_server) = with_a_middle(versions).await;
            client.write_all(b"good").await.unwrap();
            let mut good = [0; 100];
            let good_length = to_client.read(&mut good).await.unwrap();
            client.write_all(b"evil").await.unwrap();
            let mut evil = [0; 100];
            let length = to_client.read(&mut evil).await.unwrap();
            evil[length - 1] ^= 1;
            // Both at once: the good one is read although the other is known to be bad.
            let both = [&good[..good_length], &evil[..length]].concat();
            to_server.write_all(&both).await.unwrap();
            let mut buffer = [0; 8];
            assert_eq!(server.read(&mut buffer).await.unwrap(), 4);
            assert_eq!(&buffer[..4], b"good");
            let error = server.read(&mut buffer).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert_eq!(ErrorType::from_io(&error), ErrorType::TlsInvalidMessage);
            assert!(error.source().is_some(), "rustls' own error");
            let error = server.write_all(b"x").await.unwrap_err();
            assert_eq!(ErrorType::from_io(&error), ErrorType::TlsInvalidMessage);
            tell(&to_server, &to_client).await;
            let error = client.read(&mut buffer).await.unwrap_err();
            assert_eq!(ErrorType::from_io(&error), ErrorType::TlsInvalidMessage);
        });
        assert_eq!(socket_errors(&recorder), [ErrorType::TlsInvalidMessage; 3]);
    }
}

/// Hands on what has arrived.
async fn tell(from: &TcpStream, to: &TcpStream) {
    let mut buffer = [0; 4096];
    let count = from.read(&mut buffer).await.unwrap();
    to.write_all(&buffer[..count]).await.unwrap();
}

#[test]
fn an_end_between_records_is_a_truncation_although_the_other_way_is_open() {
    let recorder = recorded(async {
        let (_client, server, _to_client, to_server) = with_a_middle(ALL).await;
        to_server.shutdown(Shutdown::Write).unwrap();
        assert!(server.read(&mut [0; 1]).await.is_err());
    });
    assert_eq!(socket_errors(&recorder), [ErrorType::TlsTruncated]);
}

/// A socket that is closed while something that it received is unread resets its connection, and
/// what it has sent is lost where it has not arrived yet. With TLS 1.3 there are the tickets.
#[test]
fn all_that_was_written_before_a_close_arrives_although_the_client_reads_nothing() {
    const SIZE: usize = 1_000_000;
    run(async {
        let (client, server) = configs(ONLY_13);
        let (client, server) = agreed(&client, &server).await;
        let sender = spawn(async move {
            client.write_all(&vec![7; SIZE]).await.unwrap();
            client.close().await.unwrap();
        });
        // Meanwhile the client goes, and most of it is not with the server yet.
        sleep(Duration::from_millis(20)).await;
        let mut received = vec![0; SIZE];
        server.read_exact(&mut received).await.unwrap();
        assert_eq!(server.read(&mut [0; 1]).await.unwrap(), 0);
        sender.await.unwrap();
    });
}

#[test]
fn both_directions_are_used_at_once() {
    const SIZE: usize = 1_000_000;
    run(async {
        let (client, server) = configs(ALL);
        let (client, server) = agreed(&client, &server).await;
        let ends = [client, server].map(|stream| {
            spawn(async move {
                let data = vec![7; SIZE];
                let mut buffer = vec![0; SIZE];
                let (sent, received) = futures_lite::future::zip(
                    stream.write_all(&data),
                    stream.read_exact(&mut buffer),
                )
                .await;
                sent.unwrap();
                received.unwrap();
                assert_eq!(buffer, data);
                stream.close().await.unwrap();
                assert_eq!(stream.read(&mut buffer).await.unwrap(), 0);
            })
        });
        for end in ends {
            end.await.unwrap();
        }
    });
}
