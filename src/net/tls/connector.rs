//! TLS as a client.

use super::handshake::{self, DEFAULT_LIMIT};
use super::stream::TlsStream;
use crate::net::TcpStream;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Speaks TLS as a client, with the caller's rustls configuration: whom to trust, which
/// certificate to show, and which application protocols (ALPN) to offer.
///
/// Sessions are resumed as the configuration says; rustls' default is to keep some in memory, in
/// the configuration, so use one connector, or clones of it, for all connections. With TLS 1.3 the
/// server sends what a session is resumed with after the handshake: a client that reads nothing
/// cannot resume.
///
/// ```no_run
/// use loopscope::event_loop::EventLoop;
/// use loopscope::net::{TcpStream, TlsConnector};
/// use loopscope::rustls::ClientConfig;
/// use std::sync::Arc;
///
/// # fn get(config: ClientConfig) -> std::io::Result<()> {
/// let connector = TlsConnector::new(Arc::new(config));
/// EventLoop::new()?.run_until_complete(async {
///     let stream = TcpStream::connect("example.com:443").await?;
///     let stream = connector.connect("example.com", stream).await?;
///     stream.write_all(b"GET / HTTP/1.0\r\nHost: example.com\r\n\r\n").await?;
///     let mut answer = [0; 4096];
///     let count = stream.read(&mut answer).await?;
///     println!("{}", String::from_utf8_lossy(&answer[..count]));
///     stream.close().await
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct TlsConnector {
    config: Arc<ClientConfig>,
    handshake_timeout: Duration,
}

impl TlsConnector {
    /// A connector with this configuration.
    pub fn new(config: Arc<ClientConfig>) -> Self {
        Self {
            config,
            handshake_timeout: DEFAULT_LIMIT,
        }
    }

    /// How long a handshake may take before it fails: 10 s unless set; [`Duration::MAX`] sets no
    /// limit.
    #[must_use]
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.handshake_timeout = limit;
        self
    }

    /// Performs the handshake over `stream` with the server of that name, without blocking the
    /// loop.
    ///
    /// # Errors
    ///
    /// - [`io::ErrorKind::InvalidInput`] for what is neither a DNS name nor an IP address;
    /// - [`io::ErrorKind::InvalidData`] for what the handshake ended in, with the
    ///   [`rustls::Error`] as its source, such as a certificate that has expired;
    /// - [`io::ErrorKind::UnexpectedEof`], and what the system says, where the server has gone;
    /// - [`io::ErrorKind::TimedOut`] where it took longer than the
    ///   [limit](Self::handshake_timeout).
    ///
    /// [`ErrorType::from_io`](crate::instrument::ErrorType::from_io) tells the kinds apart.
    pub async fn connect(&self, server_name: &str, stream: TcpStream) -> io::Result<TlsStream> {
        let name = ServerName::try_from(String::from(server_name)).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{server_name:?} is neither a DNS name nor an IP address"),
            )
        })?;
        let config = self.config.clone();
        let start = || ClientConnection::new(config, name).map(Into::into);
        handshake::perform(stream, Some(server_name), self.handshake_timeout, start).await
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnector")
            .field("handshake_timeout", &self.handshake_timeout)
            .finish_non_exhaustive()
    }
}
