//! Making connections.

use super::origin::Origin;
use super::sender::Sender;
use crate::event_loop::{TaskBuilder, timeout};
use crate::http::Error;
use crate::http::io::Transport;
use crate::http::rt::{LoopExecutor, LoopIo, LoopTimer};
use crate::net::TcpStream;
#[cfg(feature = "tls")]
use crate::net::TlsConnector;
#[cfg(unix)]
use crate::net::UnixStream;
#[cfg(feature = "tls")]
use crate::rustls::ClientConfig;
use futures_channel::oneshot;
use hyper::client::conn::{http1, http2};
use std::io;
#[cfg(unix)]
use std::path::PathBuf;
#[cfg(feature = "tls")]
use std::sync::Arc;
use std::time::Duration;

/// How often a connection of HTTP/2 with requests under way is asked whether it is there.
const PING: Duration = Duration::from_secs(30);

/// How connections are made.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Arc<ClientConfig>>,
    /// The Unix socket of the one server.
    #[cfg(unix)]
    pub(super) path: Option<PathBuf>,
    pub(super) http1: bool,
    pub(super) http2: bool,
    pub(super) timeout: Duration,
    pub(super) stall_timeout: Option<Duration>,
    pub(super) max_head_size: usize,
}

impl Default for Connector {
    fn default() -> Self {
        Self {
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(unix)]
            path: None,
            http1: true,
            http2: true,
            timeout: Duration::from_secs(30),
            stall_timeout: Some(Duration::from_secs(30)),
            max_head_size: 64 * 1024,
        }
    }
}

impl Connector {
    /// With the application protocols that it speaks, where the caller's configuration has none.
    pub(super) fn prepared(self) -> Self {
        #[cfg(feature = "tls")]
        let mut this = self;
        #[cfg(not(feature = "tls"))]
        let this = self;
        #[cfg(feature = "tls")]
        if let Some(config) = &mut this.tls
            && config.alpn_protocols.is_empty()
        {
            let protocols = [(this.http2, "h2"), (this.http1, "http/1.1")];
            let spoken = protocols.iter().filter(|(spoken, _)| *spoken);
            Arc::make_mut(config).alpn_protocols = spoken
                .map(|(_, protocol)| protocol.as_bytes().to_vec())
                .collect();
        }
        this
    }

    pub(super) async fn connect(&self, origin: &Origin) -> Result<Sender, Error> {
        let failed = |source| Error::Connect {
            origin: self.server(origin),
            source,
        };
        let transport = match timeout(self.timeout, self.transport(origin)).await {
            Ok(transport) => transport.map_err(failed)?,
            Err(timed_out) => return Err(failed(timed_out.into())),
        };
        let is_http2 = match transport.alpn_protocol() {
            Some(protocol) => protocol == b"h2",
            None => !self.http1,
        };
        let io = LoopIo::new(transport).write_timeout(self.stall_timeout);
        if is_http2 {
            self.http2(io).await
        } else {
            self.http1(io).await
        }
    }

    /// Where it connects to, for people.
    fn server(&self, origin: &Origin) -> String {
        #[cfg(unix)]
        if let Some(path) = &self.path {
            return path.display().to_string();
        }
        origin.authority()
    }

    async fn transport(&self, origin: &Origin) -> io::Result<Transport> {
        #[cfg(unix)]
        if let Some(path) = &self.path {
            if origin.is_secure {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "TLS is spoken over TCP alone: over a Unix socket, the address is one of http",
                ));
            }
            return Ok(Transport::Unix(UnixStream::connect(path).await?));
        }
        self.over_tcp(origin).await
    }

    async fn over_tcp(&self, origin: &Origin) -> io::Result<Transport> {
        #[cfg(feature = "tls")]
        let tls = match (&self.tls, origin.is_secure) {
            (_, false) => None,
            (Some(config), true) => Some(config.clone()),
            (None, true) => return Err(without_tls()),
        };
        #[cfg(not(feature = "tls"))]
        if origin.is_secure {
            return Err(without_tls());
        }
        let stream = TcpStream::connect((origin.host.as_str(), origin.port)).await?;
        stream.set_nodelay(true)?;
        #[cfg(feature = "tls")]
        if let Some(config) = tls {
            // The limit is the connection's as a whole.
            let connector = TlsConnector::new(config).handshake_timeout(Duration::MAX);
            let stream = connector.connect(&origin.host, stream).await?;
            return Ok(Transport::Tls(Box::new(stream)));
        }
        Ok(Transport::Plain(stream))
    }

    async fn http1(&self, io: LoopIo<Transport>) -> Result<Sender, Error> {
        let mut builder = http1::Builder::new();
        builder
            .max_header_size(self.max_head_size)
            .max_buf_size(self.max_head_size);
        drive(async move { builder.handshake(io).await }, Sender::Http1).await
    }

    async fn http2(&self, io: LoopIo<Transport>) -> Result<Sender, Error> {
        let mut builder = http2::Builder::new(LoopExecutor);
        builder
            .timer(LoopTimer)
            .keep_alive_interval(PING)
            .max_header_list_size(u32::try_from(self.max_head_size).unwrap_or(u32::MAX));
        drive(async move { builder.handshake(io).await }, Sender::Http2).await
    }
}

/// Begins and drives a connection in a task of its own, since it serves more than the request that
/// it is made for.
async fn drive<S: 'static, C>(
    handshake: impl Future<Output = hyper::Result<(S, C)>> + 'static,
    sender: impl FnOnce(S) -> Sender,
) -> Result<Sender, Error>
where
    C: Future<Output = hyper::Result<()>> + 'static,
{
    let (ready, made) = oneshot::channel();
    let task = TaskBuilder::new().name("http connection").detached();
    let driving = async {
        let connection = match handshake.await {
            Ok((sender, connection)) => {
                // Who wanted it may have given up: then it ends.
                let _ = ready.send(Ok(sender));
                connection
            }
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        if let Err(error) = connection.await {
            // Who has a request under way is told as well.
            tracing::debug!(target: "loopscope::http", %error, "connection failed");
        }
    };
    task.spawn(driving).detach();
    match made.await {
        Ok(made) => Ok(sender(made?)),
        Err(oneshot::Canceled) => Err(Error::ConnectionLost),
    }
}

fn without_tls() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "https needs a TLS configuration",
    )
}
