//! The caller's service as hyper calls it, seen by telemetry.

use crate::http::body::BodyLimits;
use crate::http::exchange::{Ends, Exchange, HttpTelemetry};
use crate::http::{Body, BoxError};
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tower_service::Service;

/// The service of one connection.
pub(super) struct Served<S> {
    pub(super) service: S,
    pub(super) telemetry: HttpTelemetry,
    pub(super) ends: Ends,
    pub(super) limits: BodyLimits,
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Served<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<ServedBody<B>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let exchange = self.telemetry.server(&request, &self.ends);
        let limits = self.limits;
        let request = request.map(|incoming| Body::new(incoming, limits));
        Box::pin(respond(self.service.clone(), request, exchange))
    }
}

/// Has the service respond, in the context of the exchange.
async fn respond<S, B>(
    mut service: S,
    request: Request<Body>,
    mut exchange: Exchange,
) -> Result<Response<ServedBody<B>>, BoxError>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body,
{
    let responded = {
        let mut calling = pin!(async {
            poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(request).await
        });
        poll_fn(|cx| exchange.enter(|| calling.as_mut().poll(cx))).await
    };
    match responded {
        Ok(response) => {
            exchange.responded(&response);
            if response.body().is_end_stream() {
                exchange.completed();
            }
            Ok(response.map(|body| ServedBody { body, exchange }))
        }
        Err(error) => {
            let error = error.into();
            exchange.failed(&*error);
            Err(error)
        }
    }
}

pin_project! {
    /// A response's body, whose end is the end of the exchange.
    pub(super) struct ServedBody<B> {
        #[pin]
        body: B,
        exchange: Exchange,
    }
}

impl<B> http_body::Body for ServedBody<B>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let mut this = self.project();
        let body = this.body.as_mut();
        let frame = ready!(this.exchange.enter(|| body.poll_frame(cx)));
        Poll::Ready(match frame {
            None => {
                this.exchange.completed();
                None
            }
            Some(Err(error)) => {
                let error = error.into();
                this.exchange.failed(&*error);
                Some(Err(error))
            }
            Some(Ok(frame)) => {
                if this.body.is_end_stream() {
                    this.exchange.completed();
                }
                Some(Ok(frame))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
