use crate::run::recorded;
use crate::support::{client_config, server_config};
use crate::table::{Outcome, check};
use crate::ways::{self, give_up, pair};
use loopscope::event_loop::spawn;
use loopscope::instrument::{RecordingInstrument, SocketRole};
use loopscope::net::{TlsAcceptor, TlsConnector};

/// What is recorded of the client's handshake.
fn client(program: impl Future<Output = ()>) -> RecordingInstrument {
    recorded(program).select(|event| event.role == Some(SocketRole::Client))
}

#[test]
fn success() {
    let (server, certificate) = server_config("localhost", false);
    let record = client(async {
        let (stream, accepted) = pair().await;
        let accepting = spawn(async move { TlsAcceptor::new(server).accept(accepted).await });
        let connector = TlsConnector::new(client_config(Some(certificate)));
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
        let connector = TlsConnector::new(client_config(None));
        assert!(connector.connect("localhost", stream).await.is_err());
    });
    check("handshake", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = client(async {
        let (stream, _silent) = pair().await;
        let connector = TlsConnector::new(client_config(None));
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
        let connector = TlsConnector::new(client_config(None));
        give_up(connector.connect("localhost", stream)).await;
    });
    check("handshake", Outcome::Drop, &record);
}
