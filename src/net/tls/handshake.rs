//! TLS handshakes, as client and as server.

use super::error::error_type;
use super::stream::{TlsStream, Unhooked};
use crate::event_loop::park;
use crate::instrument::hooks::TlsHandshake;
use crate::instrument::{Command, SocketHandle, TlsSession};
use crate::net::TcpStream;
use futures_rustls::rustls::pki_types::ServerName;
use futures_rustls::rustls::{
    ClientConfig, CommonState, HandshakeKind, ProtocolVersion, ServerConfig,
};
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

/// Speaks TLS as a client, with the caller's rustls configuration.
#[derive(Clone)]
pub struct TlsConnector {
    inner: futures_rustls::TlsConnector,
}

impl TlsConnector {
    /// A connector with this configuration.
    pub fn new(config: Arc<ClientConfig>) -> Self {
        Self {
            inner: config.into(),
        }
    }

    /// Performs the handshake over `stream` with the server of that name, without blocking the
    /// loop.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for what is neither a DNS name nor an IP address, and the
    /// [`rustls::Error`](futures_rustls::rustls::Error), wrapped, that the handshake ended in.
    pub async fn connect(&self, server_name: &str, stream: TcpStream) -> io::Result<TlsStream> {
        let name = ServerName::try_from(String::from(server_name)).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{server_name:?} is neither a DNS name nor an IP address"),
            )
        })?;
        let handle = stream.handle().clone();
        let hooks = TlsHandshake::start(handle.clone(), Some(server_name));
        let handshake = self
            .inner
            .connect(name, Unhooked::new(stream))
            .into_fallible();
        let stream = drive(handshake, hooks, handle, |stream| {
            let (_, connection) = stream.get_ref();
            (&**connection, None)
        })
        .await?;
        Ok(TlsStream::new(stream.into()))
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnector").finish_non_exhaustive()
    }
}

/// Speaks TLS as a server, with the caller's rustls configuration.
#[derive(Clone)]
pub struct TlsAcceptor {
    inner: futures_rustls::TlsAcceptor,
}

impl TlsAcceptor {
    /// An acceptor with this configuration.
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self {
            inner: config.into(),
        }
    }

    /// Performs the handshake over an accepted `stream`, without blocking the loop.
    ///
    /// # Errors
    ///
    /// The [`rustls::Error`](futures_rustls::rustls::Error), wrapped, that the handshake ended in.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream> {
        let handle = stream.handle().clone();
        let hooks = TlsHandshake::start(handle.clone(), None);
        let handshake = self.inner.accept(Unhooked::new(stream)).into_fallible();
        let stream = drive(handshake, hooks, handle, |stream| {
            let (_, connection) = stream.get_ref();
            (&**connection, connection.server_name())
        })
        .await?;
        Ok(TlsStream::new(stream.into()))
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor").finish_non_exhaustive()
    }
}

/// Drives a handshake to its end and reports it. `describe` finds the connection in the stream,
/// and the name that a client asked a server for.
async fn drive<S>(
    handshake: impl Future<Output = Result<S, (io::Error, Unhooked)>>,
    hooks: TlsHandshake,
    handle: Rc<SocketHandle>,
    describe: impl Fn(&S) -> (&CommonState, Option<&str>),
) -> io::Result<S> {
    let mut handshake = pin!(handshake);
    // Declared after the stream: given up, the handshake ends before the socket is closed.
    let mut hooks = hooks;
    let result = poll_fn(|cx| {
        let polled = handshake.as_mut().poll(cx);
        if polled.is_pending() {
            hooks.park();
            park::wait_on(Command::TlsHandshake(handle.clone()));
        }
        polled
    })
    .await;
    match result {
        Ok(stream) => {
            let (connection, asked_for) = describe(&stream);
            if let Some(name) = asked_for {
                hooks.set_server_hostname(name);
            }
            report_session(hooks, connection);
            Ok(stream)
        }
        Err((error, stream)) => {
            hooks.failed(&error, error_type(&error));
            // Closed only now, after its last operation has ended.
            drop(stream);
            Err(error)
        }
    }
}

fn report_session(hooks: TlsHandshake, connection: &CommonState) {
    let suite = connection
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str());
    // rustls marks the suites of TLS 1.3 in their names, the registry of IANA does not.
    let cipher = suite.map(|name| match name.strip_prefix("TLS13_") {
        Some(rest) => format!("TLS_{rest}"),
        None => name.into(),
    });
    let group = connection
        .negotiated_key_exchange_group()
        .and_then(|group| group.name().as_str());
    let session = TlsSession {
        version: connection.protocol_version().and_then(version_name),
        cipher: cipher.as_deref(),
        curve: group,
        next_protocol: connection.alpn_protocol(),
        resumed: connection
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
