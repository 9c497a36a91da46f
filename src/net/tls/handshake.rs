//! A TLS handshake, of either side.

use super::error;
use super::first_bytes::FirstBytes;
use super::stream::TlsStream;
use crate::event_loop::{park, timeout};
use crate::instrument::hooks::TlsHandshake;
use crate::instrument::{Command, TlsSession};
use crate::net::TcpStream;
use rustls::{CommonState, Connection, Error, HandshakeKind, ProtocolVersion};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::time::Duration;

/// How long a handshake may take unless the caller says otherwise.
pub(super) const DEFAULT_LIMIT: Duration = Duration::from_secs(10);

/// Performs the handshake of the connection that `start` makes, and reports how it ended.
///
/// `server_name` is the name that a client connects by; a server learns it.
pub(super) async fn perform(
    stream: TcpStream,
    server_name: Option<&str>,
    limit: Duration,
    start: impl FnOnce() -> Result<Connection, Error>,
) -> io::Result<TlsStream> {
    // Declared before the hooks: given up, the handshake ends before its socket is closed.
    let mut tls_stream;
    let mut hooks = TlsHandshake::start(stream.handle().clone(), server_name);
    let connection = match start() {
        Ok(connection) => connection,
        Err(error) => {
            let error = error::from_rustls(error);
            hooks.failed(&error);
            return Err(error);
        }
    };
    tls_stream = TlsStream::new(stream, connection);
    let driven = drive(&tls_stream, &mut hooks);
    let result = if limit == Duration::MAX {
        driven.await
    } else {
        let in_time = timeout(limit, driven).await;
        in_time.unwrap_or_else(|_| Err(error::too_slow(limit)))
    };
    match result {
        Ok(()) => {
            report_session(hooks, tls_stream.state());
            Ok(tls_stream)
        }
        Err(error) => {
            hooks.failed(&error);
            Err(error)
        }
    }
}

/// Drives the exchange of messages, and tells what the task waits for and for which server.
async fn drive(stream: &TlsStream, hooks: &mut TlsHandshake) -> io::Result<()> {
    let mut exchange = pin!(exchange(stream));
    poll_fn(|cx| {
        let polled = exchange.as_mut().poll(cx);
        hooks.note_server_hostname(|| stream.server_name());
        if polled.is_pending() {
            hooks.park();
            park::wait_on(Command::TlsHandshake(stream.handle().clone()));
        }
        polled
    })
    .await
}

/// Exchanges messages with the peer until both have what they need.
async fn exchange(stream: &TlsStream) -> io::Result<()> {
    let mut first = FirstBytes::default();
    loop {
        poll_fn(|cx| stream.poll_send(cx, false)).await?;
        if !stream.is_handshaking() {
            return Ok(());
        }
        let receive = poll_fn(|cx| stream.poll_receive(cx, false, |bytes| first.note(bytes)));
        if receive.await? == 0 {
            return Err(error::gone());
        }
        if let Err(error) = stream.process() {
            return Err(error::in_handshake(error, &first));
        }
    }
}

fn report_session(hooks: TlsHandshake, state: &CommonState) {
    let suite = state
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str());
    // rustls marks the suites of TLS 1.3 in their names, the registry of IANA does not.
    let cipher = suite.map(|name| match name.strip_prefix("TLS13_") {
        Some(rest) => format!("TLS_{rest}"),
        None => name.into(),
    });
    let group = state
        .negotiated_key_exchange_group()
        .and_then(|group| group.name().as_str());
    let session = TlsSession {
        version: state.protocol_version().and_then(version_name),
        cipher: cipher.as_deref(),
        curve: group,
        next_protocol: state.alpn_protocol(),
        resumed: state
            .handshake_kind()
            .map(|kind| matches!(kind, HandshakeKind::Resumed)),
    };
    hooks.complete(session);
}

/// The version's name as OpenSSL, and so the original, writes it.
fn version_name(version: ProtocolVersion) -> Option<&'static str> {
    match version {
        ProtocolVersion::TLSv1_2 => Some("TLSv1.2"),
        ProtocolVersion::TLSv1_3 => Some("TLSv1.3"),
        other => other.as_str(),
    }
}
