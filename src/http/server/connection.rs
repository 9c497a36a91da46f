//! One connection of a server.

use super::connections::Member;
use super::listener::Accepted;
use super::served::Served;
use super::{Server, first_bytes};
use crate::event_loop::timeout;
use crate::http::exchange::Ends;
use crate::http::io::Transport;
use crate::http::rt::{LoopExecutor, LoopIo, LoopTimer};
use crate::http::{Body, BoxError};
use crate::sync::Event;
use bytes::Bytes;
use http::{Request, Response};
use hyper::server::conn::{http1, http2};
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use tower_service::Service;

impl Server {
    /// Serves a connection to its end. What goes wrong with one is its peer's matter.
    pub(super) async fn connection<S, B>(
        self: Rc<Self>,
        accepted: Accepted,
        service: S,
        member: Member,
    ) where
        S: Service<Request<Body>, Response = Response<B>> + Clone + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body + 'static,
        B::Error: Into<BoxError>,
    {
        let peer = accepted.peer.clone();
        if let Err(error) = self.try_serve(accepted, service, member.stop()).await {
            tracing::debug!(target: "loopscope::http", %peer, error, "connection failed");
        }
    }

    async fn try_serve<S, B>(
        &self,
        accepted: Accepted,
        service: S,
        stop: &Event,
    ) -> Result<(), BoxError>
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body + 'static,
        B::Error: Into<BoxError>,
    {
        let Accepted {
            transport,
            peer,
            local,
        } = accepted;
        transport.send_at_once()?;
        let mut transport = self.secure(transport).await?;
        let Some((is_http2, first)) = self.version(&mut transport, stop).await? else {
            return Ok(());
        };
        let served = Served {
            service,
            telemetry: self.telemetry.clone(),
            ends: Ends {
                peer,
                local,
                secure: transport.is_secure(),
            },
            limits: self.body_limits(),
        };
        let io = LoopIo::with_first(transport, first).write_timeout(Some(self.stall_timeout));
        if is_http2 {
            let connection = self.http2_builder().serve_connection(io, served);
            until_end(connection, http2::Connection::graceful_shutdown, stop).await?;
        } else {
            let connection = self.http1_builder().serve_connection(io, served);
            until_end(connection, http1::Connection::graceful_shutdown, stop).await?;
        }
        Ok(())
    }

    #[cfg(feature = "tls")]
    async fn secure(&self, transport: Transport) -> io::Result<Transport> {
        Ok(match (&self.tls, transport) {
            (Some(acceptor), Transport::Plain(stream)) => {
                Transport::Tls(Box::new(acceptor.accept(stream).await?))
            }
            (_, transport) => transport,
        })
    }

    #[cfg(not(feature = "tls"))]
    async fn secure(&self, transport: Transport) -> io::Result<Transport> {
        Ok(transport)
    }

    /// Whether the connection is one of HTTP/2, and what was read to see that; none where it ended
    /// before.
    async fn version(
        &self,
        transport: &mut Transport,
        stop: &Event,
    ) -> io::Result<Option<(bool, Bytes)>> {
        if !(self.http1 && self.http2) {
            return Ok(Some((self.http2, Bytes::new())));
        }
        if let Some(protocol) = transport.alpn_protocol() {
            return Ok(Some((protocol == b"h2", Bytes::new())));
        }
        timeout(self.head_timeout, first_bytes::read(transport, stop)).await?
    }

    fn http1_builder(&self) -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder
            .timer(LoopTimer)
            .header_read_timeout(self.head_timeout)
            .max_header_size(self.max_head_size)
            .max_buf_size(self.max_head_size);
        builder
    }

    fn http2_builder(&self) -> http2::Builder<LoopExecutor> {
        let mut builder = http2::Builder::new(LoopExecutor);
        builder
            .timer(LoopTimer)
            .keep_alive_interval(self.head_timeout)
            .keep_alive_timeout(self.head_timeout)
            .max_concurrent_streams(self.max_streams)
            .max_header_list_size(u32::try_from(self.max_head_size).unwrap_or(u32::MAX));
        builder
    }
}

/// Drives a connection to its end, which it is told to come to when it is time to stop.
async fn until_end<C: Future>(
    connection: C,
    shut_down: impl Fn(Pin<&mut C>),
    stop: &Event,
) -> C::Output {
    let mut connection = pin!(connection);
    let mut stopped = pin!(stop.wait());
    let mut is_told = false;
    let mut poll = |cx: &mut Context<'_>| {
        // First, what has arrived: a request that is there is answered.
        if let Poll::Ready(end) = connection.as_mut().poll(cx) {
            return Poll::Ready(end);
        }
        if !is_told && stopped.as_mut().poll(cx).is_ready() {
            is_told = true;
            shut_down(connection.as_mut());
            return connection.as_mut().poll(cx);
        }
        Poll::Pending
    };
    poll_fn(|cx| poll(cx)).await
}
