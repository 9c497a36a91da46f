//! TLS as a server.

use super::handshake::{self, DEFAULT_LIMIT};
use super::stream::TlsStream;
use crate::net::TcpStream;
use rustls::{ServerConfig, ServerConnection};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Speaks TLS as a server, with the caller's rustls configuration: which certificates to show,
/// whether to ask clients for theirs, and which application protocols (ALPN) to speak.
///
/// ```no_run
/// use loopscope::event_loop::{EventLoop, spawn};
/// use loopscope::net::{TcpListener, TlsAcceptor};
/// use loopscope::rustls::ServerConfig;
/// use std::sync::Arc;
///
/// # fn serve(config: ServerConfig) -> std::io::Result<()> {
/// let acceptor = TlsAcceptor::new(Arc::new(config));
/// EventLoop::new()?.run_until_complete(async {
///     let listener = TcpListener::bind("0.0.0.0:443")?;
///     loop {
///         let (stream, peer) = listener.accept().await?;
///         let acceptor = acceptor.clone();
///         // In a task of its own: a handshake waits for the peer, the next connection need not.
///         drop(spawn(async move {
///             match acceptor.accept(stream).await {
///                 Ok(stream) => {
///                     stream.write_all(b"hello").await?;
///                     stream.close().await
///                 }
///                 Err(error) => {
///                     eprintln!("no TLS with {peer}: {error}");
///                     Ok(())
///                 }
///             }
///         }));
///     }
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct TlsAcceptor {
    config: Arc<ServerConfig>,
    handshake_timeout: Duration,
}

impl TlsAcceptor {
    /// An acceptor with this configuration.
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self {
            config,
            handshake_timeout: DEFAULT_LIMIT,
        }
    }

    /// How long a handshake may take before it fails: 10 s unless set; [`Duration::MAX`] sets no
    /// limit.
    ///
    /// Without a limit, clients that connect and are silent hold a task and a descriptor each for
    /// as long as they like, until none is left for the others.
    #[must_use]
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.handshake_timeout = limit;
        self
    }

    /// Performs the handshake over an accepted `stream`, without blocking the loop.
    ///
    /// # Errors
    ///
    /// - [`io::ErrorKind::InvalidData`] for what the handshake ended in, with the
    ///   [`rustls::Error`] as its source, such as a client that speaks plain HTTP;
    /// - [`io::ErrorKind::UnexpectedEof`], and what the system says, where the client has gone;
    /// - [`io::ErrorKind::TimedOut`] where it took longer than the
    ///   [limit](Self::handshake_timeout).
    ///
    /// [`ErrorType::from_io`](crate::instrument::ErrorType::from_io) tells the kinds apart.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream> {
        let config = self.config.clone();
        let start = || ServerConnection::new(config).map(Into::into);
        handshake::perform(stream, None, self.handshake_timeout, start).await
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor")
            .field("handshake_timeout", &self.handshake_timeout)
            .finish_non_exhaustive()
    }
}
