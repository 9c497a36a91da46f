//! What a client bears.

use crate::ends::{serve, serve_body, tls};
use crate::recorded::recorded;
use loopscope::clock::ManualClock;
use loopscope::event_loop::{TaskBuilder, sleep};
use loopscope::http::{Client, ClientBuilder, Error, Server};
use loopscope::instrument::ErrorType;
use loopscope::net::TcpListener;
use std::time::Duration;

/// Serves a connection by saying this, and closing or being silent.
fn saying(answer: &'static str, closes: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = async move {
        let (stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        if !closes {
            sleep(Duration::from_secs(3600)).await;
        }
    };
    TaskBuilder::new().spawn(serving).detach();
    format!("http://{address}/")
}

async fn fails(client: ClientBuilder, address: &str) -> Error {
    match client.build().get(address).await {
        Ok(response) => response.into_body().bytes().await.unwrap_err(),
        Err(error) => error,
    }
}

#[test]
fn a_server_that_is_silent_is_given_up() {
    let _clock = ManualClock::install();
    recorded(async {
        let client = Client::builder().response_timeout(Duration::from_secs(3));
        let error = fails(client, &saying("", false)).await;
        assert!(matches!(error, Error::ResponseTimeout), "{error:?}");
        assert_eq!(error.error_type(), ErrorType::TimedOut);
    });
}

#[test]
fn a_body_that_stalls_is_given_up() {
    let _clock = ManualClock::install();
    recorded(async {
        let client = Client::builder().stall_timeout(Duration::from_secs(3));
        let half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
        let error = fails(client, &saying(half, false)).await;
        assert!(matches!(error, Error::BodyTimeout), "{error:?}");
    });
}

#[test]
fn a_handshake_that_is_not_answered_is_given_up() {
    let _clock = ManualClock::install();
    recorded(async {
        let address = saying("", false).replace("http", "https");
        let (_, client) = tls(&[]);
        let error = fails(client.connect_timeout(Duration::from_secs(3)), &address).await;
        assert!(matches!(error, Error::Connect { .. }), "{error:?}");
        assert_eq!(error.error_type(), ErrorType::TimedOut);
    });
}

#[test]
fn a_body_that_is_too_long_is_refused() {
    recorded(async {
        let address = format!("http://{}/", serve_body(Server::new(), "12345".into()));
        let error = fails(Client::builder().max_body_size(4), &address).await;
        assert!(matches!(error, Error::BodyTooLong), "{error:?}");
        let body = Client::builder()
            .max_body_size(5)
            .build()
            .get(&address)
            .await;
        assert_eq!(body.unwrap().into_body().text().await.unwrap(), "12345");
    });
}

#[test]
fn servers_that_break_off_or_talk_nonsense_are_errors() {
    for (answer, kind) in [
        ("", ErrorType::UnexpectedEof),
        ("HTTP/1.1 200 OK\r\nconte", ErrorType::UnexpectedEof),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
            ErrorType::UnexpectedEof,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
            ErrorType::UnexpectedEof,
        ),
        ("220 mail.example.org ESMTP\r\n", ErrorType::Other),
    ] {
        recorded(async {
            let error = fails(Client::builder(), &saying(answer, true)).await;
            assert!(matches!(error, Error::Protocol(_)), "{answer:?}: {error:?}");
            assert_eq!(error.error_type(), kind, "{answer:?}: {error}");
        });
    }
}

#[test]
fn why_there_is_no_connection_is_told() {
    recorded(async {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = closed.local_addr().unwrap().port();
        drop(closed);
        let (server, trusting) = tls(&["h2"]);
        let (_, strange) = tls(&["h2"]);
        let (address, _) = serve(server);
        let secure = format!("https://localhost:{}/", address.port());
        for (client, address, kind) in [
            (
                Client::builder(),
                format!("http://127.0.0.1:{port}/"),
                ErrorType::ConnectionRefused,
            ),
            (
                Client::builder(),
                "http://nowhere.invalid/".into(),
                ErrorType::HostNotFound,
            ),
            (
                strange,
                secure.clone(),
                ErrorType::TlsCertificateUnknownIssuer,
            ),
            (
                trusting.clone(),
                secure.replace("localhost", "127.0.0.1"),
                ErrorType::TlsCertificateWrongName,
            ),
            (
                trusting.http1_only(),
                secure.clone(),
                ErrorType::TlsNoApplicationProtocol,
            ),
            (Client::builder(), secure, ErrorType::InvalidInput),
        ] {
            let error = fails(client, &address).await;
            assert!(
                matches!(error, Error::Connect { .. }),
                "{address}: {error:?}"
            );
            assert_eq!(error.error_type(), kind, "{address}: {error}");
        }
        for address in ["", "/path", "ftp://a/", "http://", "http://a b/"] {
            let error = fails(Client::builder(), address).await;
            assert!(
                matches!(error, Error::InvalidRequest(_)),
                "{address}: {error:?}"
            );
        }
    });
}
