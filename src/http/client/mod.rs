//! The client.

mod builder;
mod connect;
mod keeper;
mod origin;
mod pool;
mod request_body;
mod response_body;
mod sender;

pub use builder::ClientBuilder;
pub use response_body::ResponseBody;

use super::body::{Body, BodyLimits};
use super::exchange::{Exchange, HttpTelemetry};
use super::{BoxError, Error};
use crate::event_loop::timeout;
use bytes::Bytes;
use connect::Connector;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri, Version};
use hyper::body::Incoming;
use origin::Origin;
use pool::{Lease, Pool};
use request_body::RequestBody;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

/// Sends requests over HTTP/1.1 and HTTP/2, and keeps the connections for the next ones.
///
/// The value is a handle: its clones share the connections. It belongs to one loop. Connections are
/// kept by scheme, host and port; those of HTTP/2 are shared by requests at the same time. What is
/// idle for too long is closed, and all that is idle when the loop begins to
/// [stop](crate::event_loop::EventLoop::run_gracefully) or the last handle is dropped.
///
/// Nothing is sent twice: a request that failed may have been seen by the server, and whether it can
/// be repeated is the caller's to know. One that was not begun to be sent, since the server closed
/// the kept connection first, goes over another.
///
/// See [`Server`](super::Server) for an example.
#[derive(Clone)]
pub struct Client {
    shared: Rc<Shared>,
}

struct Shared {
    pool: Rc<Pool>,
    connector: Connector,
    response_timeout: Option<Duration>,
    body_limits: BodyLimits,
    telemetry: HttpTelemetry,
}

impl Client {
    /// A client for `http` alone, with the limits of [`ClientBuilder`].
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A client whose TLS, versions and limits are chosen.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Requests an address by `GET`.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request), and [`Error::InvalidRequest`] for what is no address.
    ///
    /// # Panics
    ///
    /// When polled outside of a running loop.
    pub async fn get(&self, address: &str) -> Result<Response<ResponseBody>, Error> {
        let uri = address.parse::<Uri>();
        let uri = uri.map_err(|error| Error::InvalidRequest(format!("{address:?}: {error}")))?;
        let mut request = Request::new(String::new());
        *request.uri_mut() = uri;
        self.request(request).await
    }

    /// Sends a request, whose address is absolute, and waits for the head of the response.
    ///
    /// The header `host` is set where it is not.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] for what cannot be sent, [`Error::Connect`] where there is no
    /// connection, [`Error::ResponseTimeout`], and [`Error::Protocol`] for what breaks afterwards.
    ///
    /// # Panics
    ///
    /// When polled outside of a running loop.
    pub async fn request<B>(&self, mut request: Request<B>) -> Result<Response<ResponseBody>, Error>
    where
        B: http_body::Body<Data = Bytes> + 'static,
        B::Error: Into<BoxError>,
    {
        let mut exchange = self.shared.telemetry.client(&mut request);
        let request = request.map(RequestBody::new);
        let sent = {
            let mut sending = pin!(self.exchange(request));
            poll_fn(|cx| exchange.enter(|| sending.as_mut().poll(cx))).await
        };
        match sent {
            Ok((response, lease)) => {
                exchange.responded(&response);
                Ok(self.received(response, lease, exchange))
            }
            Err(error) => {
                exchange.failed(&error);
                Err(error)
            }
        }
    }

    fn received(
        &self,
        response: Response<Incoming>,
        lease: Lease,
        exchange: Exchange,
    ) -> Response<ResponseBody> {
        let limits = self.shared.body_limits;
        response.map(|incoming| ResponseBody::new(Body::new(incoming, limits), lease, exchange))
    }

    async fn exchange(
        &self,
        mut request: Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Lease), Error> {
        let origin = Origin::of(request.uri())?;
        loop {
            let mut lease = self.lease(&origin).await?;
            let is_used = lease.is_used();
            prepare(&mut request, &origin, lease.is_http2())?;
            let sending = lease.send(request);
            let sent = match self.shared.response_timeout {
                None => sending.await,
                Some(limit) => match timeout(limit, sending).await {
                    Ok(sent) => sent,
                    Err(_) => return Err(Error::ResponseTimeout),
                },
            };
            match sent {
                Ok(response) => return Ok((response, lease)),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) if is_used => request = unsent,
                    _ => return Err(failed.into_error().into()),
                },
            }
        }
    }

    /// A connection that is there, or a new one.
    async fn lease(&self, origin: &Origin) -> Result<Lease, Error> {
        let Shared {
            pool, connector, ..
        } = &*self.shared;
        if let Some(lease) = pool.take(origin) {
            return Ok(lease);
        }
        let permit = pool.permit(origin).await;
        // One may have come back while this waited.
        if let Some(lease) = pool.take(origin) {
            return Ok(lease.with(permit));
        }
        let sender = connector.connect(origin).await?;
        Ok(pool.add(origin, sender, permit))
    }
}

impl Default for Client {
    /// The same as [`new`](Self::new).
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// Writes a request's head as the version wants it.
fn prepare<B>(request: &mut Request<B>, origin: &Origin, is_http2: bool) -> Result<(), Error> {
    if is_http2 {
        *request.version_mut() = Version::HTTP_2;
        // The address says it.
        request.headers_mut().remove(HOST);
        *request.uri_mut() = origin.absolute(request.uri())?;
        return Ok(());
    }
    *request.version_mut() = Version::HTTP_11;
    if !request.headers().contains_key(HOST) {
        let host = HeaderValue::from_str(&origin.authority())
            .map_err(|error| Error::InvalidRequest(error.to_string()))?;
        request.headers_mut().insert(HOST, host);
    }
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    *request.uri_mut() = path
        .parse()
        .map_err(|error: http::uri::InvalidUri| Error::InvalidRequest(error.to_string()))?;
    Ok(())
}
