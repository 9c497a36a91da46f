//! The server.

mod connection;
mod connections;
mod first_bytes;
mod listener;
mod served;

pub use listener::Listener;

use super::body::BodyLimits;
use super::exchange::HttpTelemetry;
use super::{Body, BoxError};
use crate::event_loop::{Stopped, TaskBuilder};
#[cfg(feature = "tls")]
use crate::net::TlsAcceptor;
use connections::Connections;
use futures_util::future::{Either, select};
use http::{Request, Response};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tower_service::Service;

/// Serves a `tower` service over HTTP/1.1 and HTTP/2, on a TCP or a Unix socket.
///
/// Where TLS is on, the protocol is agreed on in the handshake (ALPN): offer `h2` and `http/1.1` in
/// the configuration. Without it, it is seen from the first bytes. Each connection is a task named
/// `http connection`; the service is cloned for each and need not be `Send`.
///
/// When the loop begins to [stop](crate::event_loop::EventLoop::run_gracefully), what was connected
/// is accepted, requests that have arrived are answered, and connections close when they are idle.
///
/// Clients get no more than these limits, all of which can be changed:
///
/// | limit | default |
/// | --- | --- |
/// | a head arrives, and the next one on a connection that is kept, within | 30 s |
/// | a body goes on to arrive, and a response to be taken, within | 30 s |
/// | connections at a time | 10 000 |
/// | bytes of a head | 64 KiB |
/// | bytes of a body | unlimited |
/// | streams at a time of a connection of HTTP/2 | 200 |
///
/// ```
/// use http::{Request, Response};
/// use loopscope::event_loop::{EventLoop, spawn};
/// use loopscope::http::{Body, Client, Server};
/// use loopscope::net::TcpListener;
/// use std::convert::Infallible;
/// use tower::service_fn;
///
/// async fn hello(request: Request<Body>) -> Result<Response<String>, Infallible> {
///     Ok(Response::new(format!("hello, {}", request.uri().path())))
/// }
///
/// EventLoop::new()?.run_until_complete(async {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let address = listener.local_addr()?;
///     spawn(async { Server::new().serve(listener, service_fn(hello)).await }).detach();
///
///     let response = Client::new().get(&format!("http://{address}/world")).await?;
///     assert_eq!(response.into_body().text().await?, "hello, /world");
///     Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// }).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a server does nothing until it serves"]
pub struct Server {
    #[cfg(feature = "tls")]
    tls: Option<TlsAcceptor>,
    head_timeout: Duration,
    stall_timeout: Duration,
    max_connections: usize,
    max_head_size: usize,
    max_body_size: u64,
    max_streams: u32,
    http1: bool,
    http2: bool,
    telemetry: HttpTelemetry,
}

impl Server {
    /// A server with the limits above, without TLS, of both versions, with the global telemetry.
    pub fn new() -> Self {
        Self {
            #[cfg(feature = "tls")]
            tls: None,
            head_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(30),
            max_connections: 10_000,
            max_head_size: 64 * 1024,
            max_body_size: u64::MAX,
            max_streams: 200,
            http1: true,
            http2: true,
            telemetry: HttpTelemetry::default(),
        }
    }

    /// Speaks TLS on all connections.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, acceptor: TlsAcceptor) -> Self {
        self.tls = Some(acceptor);
        self
    }

    /// How long a client may take to send a head, from when it is connected or had its last
    /// response: what is idle for longer is closed. With HTTP/2, how long it may be silent before it
    /// is asked whether it is there.
    pub fn head_timeout(mut self, limit: Duration) -> Self {
        self.head_timeout = limit;
        self
    }

    /// How long nothing of a request's body may arrive, and nothing of a response be taken.
    pub fn stall_timeout(mut self, limit: Duration) -> Self {
        self.stall_timeout = limit;
        self
    }

    /// How many connections there are at a time at most; others wait in the system's queue.
    ///
    /// # Panics
    ///
    /// If it is zero.
    pub fn max_connections(mut self, count: usize) -> Self {
        assert!(count > 0, "a server without connections serves nobody");
        self.max_connections = count;
        self
    }

    /// How many bytes a head may have, at least 8 KiB; more is answered with the status 431.
    ///
    /// # Panics
    ///
    /// If it is less than 8 KiB.
    pub fn max_head_size(mut self, bytes: usize) -> Self {
        assert!(bytes >= 8192, "heads have 8 KiB at least");
        self.max_head_size = bytes;
        self
    }

    /// How many bytes a request's body may have; reading more fails with
    /// [`Error::BodyTooLong`](super::Error::BodyTooLong).
    pub fn max_body_size(mut self, bytes: u64) -> Self {
        self.max_body_size = bytes;
        self
    }

    /// How many requests a connection of HTTP/2 may have under way at a time.
    pub fn max_streams(mut self, count: u32) -> Self {
        self.max_streams = count;
        self
    }

    /// Speaks HTTP/1.1 alone.
    pub fn http1_only(mut self) -> Self {
        (self.http1, self.http2) = (true, false);
        self
    }

    /// Speaks HTTP/2 alone.
    pub fn http2_only(mut self) -> Self {
        (self.http1, self.http2) = (false, true);
        self
    }

    /// Takes spans and metrics elsewhere than to the global providers.
    #[cfg(feature = "otel")]
    pub fn telemetry(mut self, telemetry: HttpTelemetry) -> Self {
        self.telemetry = telemetry;
        self
    }

    /// Serves the connections of a listener until the loop begins to
    /// [stop](crate::event_loop::EventLoop::run_gracefully), and then until the last of them has
    /// ended.
    ///
    /// A future that is dropped before accepts no more; its connections end as at a stop.
    ///
    /// # Errors
    ///
    /// None that a client or a lack of resources can cause; [`io::ErrorKind::InvalidInput`] where
    /// this server speaks TLS and the listener is a Unix socket.
    ///
    /// # Panics
    ///
    /// When polled outside of a running loop.
    pub async fn serve<L, S, B>(&self, listener: L, service: S) -> io::Result<()>
    where
        L: Listener,
        S: Service<Request<Body>, Response = Response<B>> + Clone + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body + 'static,
        B::Error: Into<BoxError>,
    {
        self.serve_until(listener, service, std::future::pending())
            .await
    }

    /// As [`serve`](Self::serve), and stops in the same way when `stop` is complete.
    ///
    /// # Errors
    ///
    /// As [`serve`](Self::serve).
    ///
    /// # Panics
    ///
    /// When polled outside of a running loop.
    pub async fn serve_until<L, S, B>(
        &self,
        listener: L,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()>
    where
        L: Listener,
        S: Service<Request<Body>, Response = Response<B>> + Clone + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body + 'static,
        B::Error: Into<BoxError>,
    {
        #[cfg(feature = "tls")]
        if self.tls.is_some() && !L::CAN_BE_SECURED {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "TLS is spoken over TCP alone: serve a Unix socket by a server without it",
            ));
        }
        let server = Rc::new(self.clone());
        let connections = Connections::new();
        let mut stop = pin!(stop);
        loop {
            let accepted = {
                let next = pin!(async {
                    connections.until_fewer_than(self.max_connections).await;
                    listener.accept_any().await
                });
                match select(next, &mut stop).await {
                    Either::Left((accepted, _)) => accepted,
                    Either::Right(_) => break,
                }
            };
            match accepted {
                Ok(accepted) => {
                    let member = connections.join();
                    let (server, service) = (server.clone(), service.clone());
                    let connection = TaskBuilder::new().name("http connection").detached();
                    let serving = server.connection(accepted, service, member);
                    connection.spawn(serving).detach();
                }
                Err(error) if is_stop(&error) => break,
                // The listener itself waits before it tries again.
                Err(error) => tracing::debug!(target: "loopscope::http", %error, "accept failed"),
            }
        }
        drop(listener);
        connections.stop();
        connections.until_fewer_than(1).await;
        Ok(())
    }

    fn body_limits(&self) -> BodyLimits {
        BodyLimits {
            stall: Some(self.stall_timeout),
            size: self.max_body_size,
        }
    }
}

impl Default for Server {
    /// The same as [`new`](Self::new).
    fn default() -> Self {
        Self::new()
    }
}

/// Whether nobody listens any more because the loop stops.
fn is_stop(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|error| {
        error.is::<Stopped>() || error.source().is_some_and(|source| source.is::<Stopped>())
    })
}
