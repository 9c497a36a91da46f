//! Where the spans and metrics of requests go.

use super::attributes::{Attributes, known};
use super::exchange::{Exchange, Side};
use super::headers::{Incoming, Outgoing};
use super::route::Route;
use crate::clock::Timestamp;
use crate::http::exchange::Ends;
use crate::otel::any_tracer::{AnyTracer, global_tracer, tracer_of};
use crate::otel::metrics::histogram;
use crate::otel::{names, scope};
use http::{Method, Request};
use opentelemetry::global;
use opentelemetry::metrics::{Histogram, Meter, MeterProvider};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{
    Link, Span, SpanBuilder, SpanKind, TraceContextExt, Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Makes the spans and metrics of requests, and takes traces across connections.
///
/// By the stable semantic conventions of OpenTelemetry for HTTP: a server's and a client's span for
/// each request, `http.server.request.duration` and `http.client.request.duration`, and the context
/// in the headers that the propagator writes and reads: `traceparent`, `tracestate` and `baggage`.
/// The service runs in the context of the server's span, so that all it does is in the trace.
///
/// A [`Server`](crate::http::Server) and a [`Client`](crate::http::Client) that are given none have
/// the one with the global providers and propagator. Set the providers before those are made; no
/// propagator is set unless the program sets one:
///
/// ```
/// use opentelemetry::global;
/// use opentelemetry::propagation::TextMapCompositePropagator;
/// use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
///
/// global::set_text_map_propagator(TextMapCompositePropagator::new(vec![
///     Box::new(TraceContextPropagator::new()),
///     Box::new(BaggagePropagator::new()),
/// ]));
/// ```
///
/// A span's name is the method and the [`Route`]. Where telemetry is suppressed nothing is made.
#[derive(Clone)]
pub struct HttpTelemetry {
    shared: Arc<Shared>,
}

struct Shared {
    tracer: Arc<dyn AnyTracer>,
    server_duration: Histogram<f64>,
    client_duration: Histogram<f64>,
    propagator: Option<Box<dyn TextMapPropagator + Send + Sync>>,
}

impl HttpTelemetry {
    /// With the global providers as they are now, and the global propagator.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// With other providers, or another propagator.
    pub fn builder() -> HttpTelemetryBuilder {
        HttpTelemetryBuilder {
            tracer: None,
            meter: None,
            propagator: None,
        }
    }

    /// A request has arrived.
    pub(in crate::http) fn server<B>(&self, request: &Request<B>, ends: &Ends) -> Exchange {
        let connection = Context::current();
        if connection.is_telemetry_suppressed() {
            return Exchange::unseen();
        }
        let parent = self.with_propagator(|propagator| {
            propagator.extract_with_context(&Context::new(), &Incoming::new(request.headers()))
        });
        let span = connection.span();
        let link = span.span_context().is_valid();
        let links = link.then(|| Link::with_context(span.span_context().clone()));
        let start = Start {
            side: Side::Server,
            name: span_name(request.method(), None),
            attributes: Attributes::of_server(request, ends),
            links: links.into_iter().collect(),
        };
        self.start(start, &parent)
    }

    /// A request is to be sent: its headers take the context along.
    pub(in crate::http) fn client<B>(&self, request: &mut Request<B>) -> Exchange {
        let parent = Context::current();
        if parent.is_telemetry_suppressed() {
            return Exchange::unseen();
        }
        let mut attributes = Attributes::of_client(request);
        let route = request.extensions().get::<Route>();
        if let Some(route) = route {
            let template = KeyValue::new(names::URL_TEMPLATE, route.as_str().to_owned());
            attributes.metric.push(template.clone());
            attributes.span.push(template);
        }
        let start = Start {
            side: Side::Client,
            name: span_name(request.method(), route),
            attributes,
            links: Vec::new(),
        };
        let exchange = self.start(start, &parent);
        if let Some(context) = exchange.context() {
            self.with_propagator(|propagator| {
                propagator.inject_context(context, &mut Outgoing(request.headers_mut()));
            });
        }
        exchange
    }

    /// How long a request took.
    pub(super) fn record(&self, side: Side, seconds: f64, attributes: &[KeyValue]) {
        let histogram = match side {
            Side::Server => &self.shared.server_duration,
            Side::Client => &self.shared.client_duration,
        };
        histogram.record(seconds, attributes);
    }

    fn start(&self, start: Start, parent: &Context) -> Exchange {
        let start_time = Timestamp::now();
        let builder = SpanBuilder::from_name(start.name.clone())
            .with_kind(match start.side {
                Side::Server => SpanKind::Server,
                Side::Client => SpanKind::Client,
            })
            .with_start_time(start_time.to_system_time())
            .with_attributes(start.attributes.span)
            .with_links(start.links);
        let context = self.shared.tracer.start(builder, parent);
        Exchange::new(
            self.clone(),
            start.side,
            start.name,
            context,
            start_time,
            start.attributes.metric,
        )
    }

    fn with_propagator<R>(&self, mut work: impl FnMut(&dyn TextMapPropagator) -> R) -> R {
        match &self.shared.propagator {
            Some(propagator) => work(&**propagator),
            None => global::get_text_map_propagator(|propagator| work(propagator)),
        }
    }
}

/// What a request's span starts with.
struct Start {
    side: Side,
    name: Cow<'static, str>,
    attributes: Attributes,
    links: Vec<Link>,
}

/// `{method} {route}`; the method alone where the route is not known.
fn span_name(method: &Method, route: Option<&Route>) -> Cow<'static, str> {
    let method = known(method).unwrap_or("HTTP");
    match route {
        Some(route) => format!("{method} {}", route.as_str()).into(),
        None => method.into(),
    }
}

impl Default for HttpTelemetry {
    /// The same as [`new`](Self::new).
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpTelemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTelemetry").finish_non_exhaustive()
    }
}

/// Chooses the providers and the propagator of an [`HttpTelemetry`].
#[must_use = "a builder does nothing until it is built"]
pub struct HttpTelemetryBuilder {
    tracer: Option<Arc<dyn AnyTracer>>,
    meter: Option<Meter>,
    propagator: Option<Box<dyn TextMapPropagator + Send + Sync>>,
}

impl HttpTelemetryBuilder {
    /// Takes spans to this provider instead of the global one.
    pub fn tracer_provider<P>(mut self, provider: &P) -> Self
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Span + Send + Sync + 'static,
    {
        self.tracer = Some(tracer_of(provider));
        self
    }

    /// Takes metrics to this provider instead of the global one.
    pub fn meter_provider(mut self, provider: &(impl MeterProvider + ?Sized)) -> Self {
        self.meter = Some(provider.meter_with_scope(scope()));
        self
    }

    /// Takes contexts across connections by this propagator instead of the global one.
    pub fn propagator(
        mut self,
        propagator: impl TextMapPropagator + Send + Sync + 'static,
    ) -> Self {
        self.propagator = Some(Box::new(propagator));
        self
    }

    /// Makes it.
    pub fn build(self) -> HttpTelemetry {
        let meter = self
            .meter
            .unwrap_or_else(|| global::meter_with_scope(scope()));
        HttpTelemetry {
            shared: Arc::new(Shared {
                tracer: self.tracer.unwrap_or_else(global_tracer),
                server_duration: histogram(&meter, &names::HTTP_SERVER_REQUEST_DURATION),
                client_duration: histogram(&meter, &names::HTTP_CLIENT_REQUEST_DURATION),
                propagator: self.propagator,
            }),
        }
    }
}

impl fmt::Debug for HttpTelemetryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTelemetryBuilder")
            .finish_non_exhaustive()
    }
}
