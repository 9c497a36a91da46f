//! How many spans a request to a server makes, and how large they are: what `docs/sampling.md`
//! reckons with.

use crate::run::run;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Request, Response};
use loopscope::event_loop::{spawn, spawn_blocking};
use loopscope::http::{Body, BoxError, HttpTelemetry, Route, Server};
use loopscope::instrument::WithInstrumentExt;
use loopscope::net::TcpListener;
use loopscope::otel::{OtelInstrument, OtelInstrumentBuilder, SpanPolicy};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider, SpanData};
use prost::Message;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use tower::service_fn;

const REQUESTS: usize = 100;

/// The spans of a server that is asked [`REQUESTS`] times over one connection.
fn spans(
    sampler: Sampler,
    choose: impl FnOnce(OtelInstrumentBuilder) -> OtelInstrumentBuilder,
) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let tracers = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .with_sampler(sampler)
        .build();
    let http = HttpTelemetry::builder().tracer_provider(&tracers).build();
    let otel = choose(OtelInstrument::builder().tracer_provider(&tracers)).build();
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new().telemetry(http);
        let serving = async move { server.serve(listener, service_fn(answer)).await };
        spawn(serving.with_instrument(otel)).detach();
        spawn_blocking(move || ask(address)).await.unwrap();
    });
    exporter.get_finished_spans().unwrap()
}

async fn answer(_: Request<Body>) -> Result<Response<String>, BoxError> {
    let response = Response::builder().extension(Route::new("/items/{id}"));
    Ok(response.body("an item".into())?)
}

/// A client that keeps its connection, and that nobody watches.
fn ask(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head =
        format!("GET /items/7 HTTP/1.1\r\nhost: {address}\r\nuser-agent: curl/8.5.0\r\n\r\n");
    for _ in 0..REQUESTS {
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"an item") {
            let mut part = [0; 1024];
            let read = stream.read(&mut part).unwrap();
            assert!(read > 0, "it is answered");
            answer.extend_from_slice(&part[..read]);
        }
    }
}

/// As they are sent.
fn encoded(spans: Vec<SpanData>) -> Vec<u8> {
    let spans = spans.into_iter().map(Span::from).collect();
    let spans = ScopeSpans {
        spans,
        ..ScopeSpans::default()
    };
    spans.encode_to_vec()
}

/// The row of the documentation's table that begins with this cell: spans, and bytes, a request.
fn documented(what: &str) -> (usize, usize) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sampling.md");
    let page = std::fs::read_to_string(path).unwrap();
    let row = page.split_once(&format!("\n| {what} | "));
    let (_, row) = row.unwrap_or_else(|| panic!("no row {what}"));
    let mut cells = row.split(" | ").map(|cell| cell.trim_end_matches(" |"));
    let mut number = || {
        let cell = cells.next().unwrap().lines().next().unwrap();
        cell.trim_end_matches(" |")
            .replace(',', "")
            .parse()
            .unwrap()
    };
    (number(), number())
}

fn assert_documented(what: &str, spans: Vec<SpanData>) {
    let (count, size) = documented(what);
    // A connection has some spans as well, which many requests share.
    let made = spans.len();
    assert!(made.abs_diff(count * REQUESTS) < 10, "{what}: {made}");
    let bytes = encoded(spans).len() / REQUESTS;
    let difference = bytes.abs_diff(size);
    assert!(difference <= size / 20, "{what}: {bytes} bytes a request");
}

#[test]
fn requests_make_as_many_spans_and_bytes_as_is_reckoned_with() {
    let all = spans(Sampler::AlwaysOn, |builder| builder);
    assert_documented("everything, the default", all);
    let within = spans(Sampler::AlwaysOn, |builder| builder.only_with_parent(true));
    assert_documented("`only_with_parent(true)`", within);
    let none = spans(Sampler::AlwaysOn, |builder| builder.spans(SpanPolicy::Off));
    assert_documented("`SpanPolicy::Off`", none);
    let off = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
    assert_documented(
        "`OTEL_TRACES_SAMPLER=always_off`",
        spans(off, |builder| builder),
    );
}

#[test]
fn compression_saves_what_is_said() {
    let (_, plain) = documented("everything, the default");
    let (_, compressed) = documented("the same, compressed");
    let spans = spans(Sampler::AlwaysOn, |builder| builder);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&encoded(spans)).unwrap();
    let bytes = encoder.finish().unwrap().len() / REQUESTS;
    assert!(bytes < plain / 2, "{bytes}");
    assert!(
        bytes.abs_diff(compressed) <= compressed / 10,
        "{bytes} bytes a request"
    );
}
