//! Two ends of a connection, and what is recorded of each.

use crate::recorded::recorded;
use loopscope::event_loop::spawn;
use loopscope::instrument::{ErrorType, Recorded, RecordingInstrument, SocketRole};
use loopscope::net::{TcpListener, TcpStream, TlsAcceptor, TlsConnector, TlsStream};
use loopscope::rustls::{ClientConfig, ServerConfig};
use std::io;
use std::sync::Arc;

/// Two ends of a plain connection: the client's and the server's.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let client = client.await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// What becomes of both ends of a handshake, the client's and the server's.
pub(crate) async fn handshake(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
) -> (io::Result<TlsStream>, io::Result<TlsStream>) {
    let (stream, accepted) = pair().await;
    let acceptor = TlsAcceptor::new(server.clone());
    let accepting = spawn(async move { acceptor.accept(accepted).await });
    let connector = TlsConnector::new(client.clone());
    let connected = connector.connect("localhost", stream).await;
    (connected, accepting.await.unwrap())
}

/// As [`handshake`], where both ends agree.
pub(crate) async fn agreed(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
) -> (TlsStream, TlsStream) {
    let (client, server) = handshake(client, server).await;
    (client.unwrap(), server.unwrap())
}

/// What both ends of a handshake that fails are told: the client's and the server's record. A
/// connection beside it is to go on.
pub(crate) fn both_fail(client: ClientConfig, server: ServerConfig) -> (Recorded, Recorded) {
    let (client, server) = (Arc::new(client), Arc::new(server));
    let recorder = recorded(async {
        let (here, there) = pair().await;
        let (client, server) = handshake(&client, &server).await;
        assert!(client.is_err() && server.is_err(), "{client:?} {server:?}");
        here.write_all(b"x").await.unwrap();
        there.read_exact(&mut [0; 1]).await.unwrap();
    });
    assert!(recorder.of("on_tls_handshake_complete").is_empty());
    (
        the_error(&recorder, SocketRole::Client),
        the_error(&recorder, SocketRole::Server),
    )
}

/// The one handshake of this end that failed.
pub(crate) fn the_error(recorder: &RecordingInstrument, role: SocketRole) -> Recorded {
    let mut errors = recorder.of("on_tls_handshake_error");
    errors.retain(|error| error.role == Some(role));
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

/// The kinds of the operations that failed, those that were given up aside.
pub(crate) fn socket_errors(recorder: &RecordingInstrument) -> Vec<ErrorType> {
    let errors = recorder.of("on_socket_error");
    errors.iter().filter_map(|error| error.error_type).collect()
}
