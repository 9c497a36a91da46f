//! What a client is made with.

use super::connect::Connector;
use super::pool::Pool;
use super::{Client, Shared};
use crate::http::body::BodyLimits;
use crate::http::exchange::HttpTelemetry;
#[cfg(feature = "tls")]
use crate::rustls::ClientConfig;
#[cfg(unix)]
use std::path::PathBuf;
use std::rc::Rc;
#[cfg(feature = "tls")]
use std::sync::Arc;
use std::time::Duration;

/// Chooses the TLS, the versions and the limits of a [`Client`].
///
/// | limit | default |
/// | --- | --- |
/// | a connection is made (name, connect and handshake) within | 30 s |
/// | the head of a response arrives within | none |
/// | a body goes on to arrive, and a request to be taken, within | 30 s |
/// | bytes of a head | 64 KiB |
/// | bytes of a body | unlimited |
/// | a connection is idle for | 90 s |
/// | connections that are kept idle for a host | 32 |
/// | connections of HTTP/1.1 to a host at a time | unlimited |
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    connector: Connector,
    response_timeout: Option<Duration>,
    body_limits: BodyLimits,
    idle_timeout: Duration,
    max_idle: usize,
    max_connections: Option<usize>,
    telemetry: Option<HttpTelemetry>,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            connector: Connector::default(),
            response_timeout: None,
            body_limits: BodyLimits {
                stall: Some(Duration::from_secs(30)),
                size: u64::MAX,
            },
            idle_timeout: Duration::from_secs(90),
            max_idle: 32,
            max_connections: None,
            telemetry: None,
        }
    }

    /// Speaks TLS with servers of `https`, with the caller's configuration: whom to trust.
    ///
    /// Where it offers no application protocols (ALPN), it is made to offer those that the client
    /// speaks.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: Arc<ClientConfig>) -> Self {
        self.connector.tls = Some(config);
        self
    }

    /// Connects to the server on this Unix socket, whatever host and port an address has: they are
    /// told to the server, in `host`, and to telemetry.
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.connector.path = Some(path.into());
        self
    }

    /// Speaks HTTP/1.1 alone.
    pub fn http1_only(mut self) -> Self {
        (self.connector.http1, self.connector.http2) = (true, false);
        self
    }

    /// Speaks HTTP/2 alone, also without TLS.
    pub fn http2_only(mut self) -> Self {
        (self.connector.http1, self.connector.http2) = (false, true);
        self
    }

    /// How long the making of a connection may take: the look-up of the name, the connect and the
    /// handshake together.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connector.timeout = limit;
        self
    }

    /// How long it may take from the sending of a request to the head of its response.
    pub fn response_timeout(mut self, limit: Duration) -> Self {
        self.response_timeout = Some(limit);
        self
    }

    /// How long nothing of a response's body may arrive, and nothing of a request be taken.
    pub fn stall_timeout(mut self, limit: Duration) -> Self {
        self.body_limits.stall = Some(limit);
        self.connector.stall_timeout = Some(limit);
        self
    }

    /// How many bytes the head of a response may have.
    ///
    /// # Panics
    ///
    /// If it is less than 8 KiB.
    pub fn max_head_size(mut self, bytes: usize) -> Self {
        assert!(bytes >= 8192, "heads have 8 KiB at least");
        self.connector.max_head_size = bytes;
        self
    }

    /// How many bytes the body of a response may have.
    pub fn max_body_size(mut self, bytes: u64) -> Self {
        self.body_limits.size = bytes;
        self
    }

    /// How long a connection is kept that nobody uses.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// How many connections that nobody uses are kept for each scheme, host and port.
    pub fn max_idle(mut self, count: usize) -> Self {
        self.max_idle = count;
        self
    }

    /// How many connections there are at a time for each scheme, host and port; requests that find
    /// none wait in a queue called `http connections`. One of HTTP/2, which any number of requests
    /// share, counts while it is made.
    ///
    /// # Panics
    ///
    /// If it is zero.
    pub fn max_connections(mut self, count: usize) -> Self {
        assert!(count > 0, "a client without connections gets nothing");
        self.max_connections = Some(count);
        self
    }

    /// Takes spans and metrics elsewhere than to the global providers.
    #[cfg(feature = "otel")]
    pub fn telemetry(mut self, telemetry: HttpTelemetry) -> Self {
        self.telemetry = Some(telemetry);
        self
    }

    /// Makes the client.
    pub fn build(self) -> Client {
        Client {
            shared: Rc::new(Shared {
                pool: Pool::new(self.idle_timeout, self.max_idle, self.max_connections),
                connector: self.connector.prepared(),
                response_timeout: self.response_timeout,
                body_limits: self.body_limits,
                telemetry: self.telemetry.unwrap_or_default(),
            }),
        }
    }
}
