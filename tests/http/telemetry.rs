//! Telemetry with exporters in memory.

use http::{Request, Response, StatusCode};
use loopscope::event_loop::spawn;
use loopscope::http::{Body, BoxError, Client, ClientBuilder, HttpTelemetry, Route, Server};
use loopscope::net::TcpListener;
use loopscope::otel::OtelInstrument;
use opentelemetry::propagation::TextMapCompositePropagator;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use std::net::SocketAddr;
use tower::service_fn;

/// What one process exports.
pub(crate) struct Exports {
    pub(crate) http: HttpTelemetry,
    pub(crate) otel: OtelInstrument,
    spans: InMemorySpanExporter,
    meters: SdkMeterProvider,
    metrics: InMemoryMetricExporter,
}

impl Exports {
    pub(crate) fn new() -> Self {
        let (spans, metrics) = (
            InMemorySpanExporter::default(),
            InMemoryMetricExporter::default(),
        );
        let tracers = SdkTracerProvider::builder()
            .with_simple_exporter(spans.clone())
            .build();
        let meters = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(metrics.clone()).build())
            .build();
        let propagator = TextMapCompositePropagator::new(vec![
            Box::new(TraceContextPropagator::new()),
            Box::new(BaggagePropagator::new()),
        ]);
        Self {
            http: HttpTelemetry::builder()
                .tracer_provider(&tracers)
                .meter_provider(&meters)
                .propagator(propagator)
                .build(),
            otel: OtelInstrument::builder()
                .tracer_provider(&tracers)
                .meter_provider(&meters)
                .queue_spans(true)
                .build(),
            spans,
            meters,
            metrics,
        }
    }

    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap()
    }

    #[track_caller]
    pub(crate) fn span_named(&self, name: &str) -> SpanData {
        let spans = self.spans();
        let names: Vec<_> = spans.iter().map(|span| span.name.to_string()).collect();
        let found = spans.into_iter().find(|span| span.name == name);
        found.unwrap_or_else(|| panic!("no span {name} among {names:?}"))
    }

    /// The points of the histogram of that name: attributes, sorted, and how many values.
    pub(crate) fn points(&self, name: &str) -> Vec<(Vec<String>, u64)> {
        self.metrics.reset();
        self.meters.force_flush().unwrap();
        let collected = self.metrics.get_finished_metrics().unwrap();
        let metrics = collected
            .iter()
            .flat_map(|resource| resource.scope_metrics())
            .flat_map(|scope| scope.metrics());
        let mut points = Vec::new();
        for metric in metrics.filter(|metric| metric.name() == name) {
            let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() else {
                panic!("{name} is no histogram");
            };
            for point in histogram.data_points() {
                points.push((shown(point.attributes()), point.count()));
            }
        }
        points.sort();
        points
    }
}

/// Attributes as `key=value`, sorted.
pub(crate) fn shown<'a>(
    attributes: impl IntoIterator<Item = &'a opentelemetry::KeyValue>,
) -> Vec<String> {
    let mut shown: Vec<_> = attributes
        .into_iter()
        .map(|attribute| format!("{}={}", attribute.key, attribute.value))
        .collect();
    shown.sort();
    shown
}

/// Answers by the path, with a route that it tells.
async fn by_path(request: Request<Body>) -> Result<Response<String>, BoxError> {
    let mut response = Response::new(String::from("ok"));
    *response.status_mut() = match request.uri().path() {
        "/broken" => return Err("it is broken".into()),
        "/busy" => StatusCode::SERVICE_UNAVAILABLE,
        "/missing" => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    };
    let route = Route::new("/items/{id}");
    response.extensions_mut().insert(route);
    Ok(response)
}

pub(crate) fn serve_by_path(exports: &Exports) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::new().telemetry(exports.http.clone());
    spawn(async move { server.serve(listener, service_fn(by_path)).await }).detach();
    address
}

pub(crate) fn client(exports: &Exports) -> ClientBuilder {
    Client::builder().telemetry(exports.http.clone())
}
