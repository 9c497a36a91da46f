use crate::certificates::Authority;
use crate::configs;
use crate::recorded::recorded;
use crate::table::{Outcome, check};
use crate::ways::{self, give_up, pair};
use loopscope::event_loop::spawn;
use loopscope::instrument::{RecordingInstrument, SocketRole};
use loopscope::net::{TlsAcceptor, TlsConnector};
use std::sync::Arc;

/// A client that trusts no server there is.
fn distrustful() -> TlsConnector {
    let config = configs::client(&Authority::new(), None, configs::ALL);
    TlsConnector::new(Arc::new(config))
}

/// What is recorded of the client's handshake.
fn client(program: impl Future<Output = ()>) -> RecordingInstrument {
    recorded(program).select(|event| event.role == Some(SocketRole::Client))
}

#[test]
fn success() {
    let authority = Authority::new();
    let server = Arc::new(configs::server(
        &authority.issue("localhost"),
        None,
        configs::ALL,
    ));
    let trusting = Arc::new(configs::client(&authority, None, configs::ALL));
    let record = client(async {
        let (stream, accepted) = pair().await;
        let accepting = spawn(async move { TlsAcceptor::new(server).accept(accepted).await });
        let connector = TlsConnector::new(trusting);
        connector.connect("localhost", stream).await.unwrap();
        accepting.await.unwrap().unwrap();
    });
    check("handshake", Outcome::Success, &record);
}

#[test]
fn error() {
    let record = client(async {
        let (stream, plain) = pair().await;
        plain
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        let connector = distrustful();
        assert!(connector.connect("localhost", stream).await.is_err());
    });
    check("handshake", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = client(async {
        let (stream, _silent) = pair().await;
        let connector = distrustful();
        ways::cancel(async move {
            connector
                .connect("localhost", stream)
                .await
                .map(std::mem::drop)
        })
        .await;
    });
    check("handshake", Outcome::Cancel, &record);
}

#[test]
fn drop() {
    let record = client(async {
        let (stream, _silent) = pair().await;
        let connector = distrustful();
        give_up(connector.connect("localhost", stream)).await;
    });
    check("handshake", Outcome::Drop, &record);
}
