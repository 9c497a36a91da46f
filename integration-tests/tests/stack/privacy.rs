//! What `docs/security.md` says of what travels, and of what is taken out on the way.

use crate::pages::stack_with;
use crate::support;
use backends::{Overlay, Ports, Stack};
use http::{Request, Response};
use integration_tests::{JaegerApi, JaegerSpan, servers_are_there, wait_for};
use loopscope::event_loop::spawn;
use loopscope::http::{Body, BoxError, Client, HttpTelemetry, Route, Server};
use loopscope::net::{TcpListener, lookup_host};
use loopscope::sync::AsyncQueue;
use loopscope::telemetry::Telemetry;
use std::fs;
use tower::service_fn;

const SERVICE: &str = "private";
/// What no part of the telemetry may have.
const SECRETS: [&str; 8] = [
    "secret-of-a-header",
    "secret-of-a-cookie",
    "secret-of-a-request-body",
    "secret-of-a-response-body",
    "secret-of-a-password",
    "secret-of-a-signature",
    "secret-of-an-item",
    "secret-of-the-baggage",
];

async fn answer(_: Request<Body>) -> Result<Response<String>, BoxError> {
    let response = Response::builder()
        .header("set-cookie", SECRETS[1])
        .extension(Route::new("/search"));
    Ok(response.body(SECRETS[3].into())?)
}

/// Sends secrets wherever they can be, and has all of it watched.
async fn with_secrets(telemetry: &Telemetry) {
    let http = HttpTelemetry::builder()
        .tracer_provider(&telemetry.tracer_provider())
        .meter_provider(&telemetry.meter_provider())
        .build();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let server = Server::new().telemetry(http.clone());
    spawn(async move { server.serve(listener, service_fn(answer)).await }).detach();
    let [header, cookie, body, _, password, signature, item, baggage] = SECRETS;
    let request = Request::post(format!(
        "http://me:{password}@localhost:{port}/search?word=cat&sig={signature}"
    ));
    let request = request
        .header("authorization", header)
        .header("cookie", cookie)
        .header("baggage", format!("key={baggage}"))
        .header("user-agent", "cats/1");
    let request = request.body(body.to_owned()).expect("it is well formed");
    let client = Client::builder().telemetry(http).build();
    let response = client.request(request).await.expect("it is answered");
    response.into_body().bytes().await.expect("it has a body");
    lookup_host("localhost").await.expect("every machine knows");
    let queue = AsyncQueue::opaque_unbounded().named("hidden");
    queue.put(item).await.expect("it is open");
    queue.get().await.expect("there is an item");
}

/// Writes all that arrives to files.
const TO_FILES: &str = "
exporters:
  file/traces: {path: '${env:OUT}/traces.json', flush_interval: 100ms}
  file/metrics: {path: '${env:OUT}/metrics.json', flush_interval: 100ms}
  file/logs: {path: '${env:OUT}/logs.json', flush_interval: 100ms}
service:
  pipelines:
    traces: {exporters: [span_metrics, file/traces]}
    metrics: {exporters: [file/metrics]}
    logs: {exporters: [file/logs]}
";

#[test]
fn secrets_are_in_nothing_that_is_exported() {
    if !servers_are_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    fs::write(folder.path().join("files.yaml"), TO_FILES).unwrap();
    let overlay = Overlay {
        files: vec![folder.path().join("files.yaml")],
        environment: vec![("OUT", out)],
        ..Overlay::default()
    };
    let stack = Stack::start_with(folder.path(), Ports::default(), overlay).unwrap();
    let endpoint = support::all_to(stack.otlp_http(), "http/protobuf");
    let telemetry = support::telemetry(SERVICE, &endpoint);
    support::run_with(&telemetry, "secrets", with_secrets(&telemetry));
    telemetry.shutdown().expect("nothing is lost");
    // What shows that it is the right place to look.
    for (file, public) in [
        ("traces.json", "word=cat&sig=REDACTED"),
        ("traces.json", "REDACTED:REDACTED@localhost"),
        ("metrics.json", "http.server.request.duration"),
        ("logs.json", "item put in queue"),
    ] {
        wait_for(public, || {
            let written = fs::read_to_string(folder.path().join(file));
            let written = written.map_err(|error| error.to_string())?;
            for secret in SECRETS {
                assert!(!written.contains(secret), "{secret} in {file}");
            }
            let found = written.contains(public);
            found.then_some(()).ok_or(written)
        });
    }
    stack.stop().expect("all servers end in order");
}

#[test]
fn the_collector_takes_out_what_must_not_go_further() {
    if !servers_are_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let stack = stack_with(folder.path(), "docs/security.md", "private.yaml");
    let endpoint = support::all_to(stack.otlp_http(), "http/protobuf");
    let telemetry = support::telemetry(SERVICE, &endpoint);
    support::run_with(&telemetry, "private", with_secrets(&telemetry));
    telemetry.shutdown().expect("nothing is lost");
    let jaeger = JaegerApi::at(stack.jaeger());
    let of = |name: &'static str| {
        wait_for(name, || {
            let spans = jaeger.spans(SERVICE)?;
            let found = spans.into_iter().find(|span| span.name == name);
            found.ok_or_else(|| String::from("it is not there"))
        })
    };
    let has = |span: &JaegerSpan, key: &str| span.tags.contains_key(key);
    let server = of("POST /search");
    assert!(has(&server, "url.path") && has(&server, "http.route"));
    for key in ["url.query", "client.address", "user_agent.original"] {
        assert!(!has(&server, key), "{key}");
    }
    let url = &of("POST").tags["url.full"];
    assert!(url.ends_with("/search"), "{url}");
    assert!(!has(&of("socket connect"), "network.peer.address"));
    assert!(!has(&of("DNS lookup localhost"), "dns.answers"));
    stack.stop().expect("all servers end in order");
}
