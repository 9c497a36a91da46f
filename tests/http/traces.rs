//! One request is one trace, from the client's look-up of the name to what the server waits for.

use crate::ends::tls_configs;
use crate::run::run;
use crate::telemetry::{Exports, client, serve_by_path, shown};
use http::{Request, Response};
use loopscope::event_loop::{EventLoop, TaskBuilder, sleep, timeout};
use loopscope::http::{Body, BoxError, Client, Server};
use loopscope::instrument::EnterScope;
use loopscope::net::{TcpListener, TcpStream, TlsAcceptor};
use loopscope::sync::AsyncQueue;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{FutureExt, SpanId, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SpanData;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tower::service_fn;

/// Waits for a task, a queue and a socket.
async fn busy(_: Request<Body>) -> Result<Response<String>, BoxError> {
    let queue = Rc::new(AsyncQueue::bounded(1).named("jobs"));
    let jobs = queue.clone();
    let worker = TaskBuilder::new().name("worker").spawn(async move {
        sleep(Duration::from_millis(2)).await;
        jobs.put(7).await.unwrap();
    });
    queue.get().await.unwrap();
    worker.await?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let stream = TcpStream::connect(listener.local_addr()?).await?;
    stream.write_all(b"to the store").await?;
    let baggage = Context::current()
        .baggage()
        .get("user")
        .map(ToString::to_string);
    Ok(Response::new(baggage.unwrap_or_default()))
}

/// Has a server on a thread and a client on another; what each exports, and the answer.
fn over_two_threads(http2: bool) -> (Exports, Exports, String) {
    let (server_config, client_config) = tls_configs(if http2 { &["h2"] } else { &[] });
    let (tell, told) = mpsc::channel();
    let (stop, stopped) = futures_channel::oneshot::channel::<()>();
    let server = thread::spawn(move || {
        let exports = Exports::new();
        let _scope = exports.otel.clone().enter();
        EventLoop::new().unwrap().run_until_complete(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            tell.send(listener.local_addr().unwrap().port()).unwrap();
            let server = Server::new()
                .tls(TlsAcceptor::new(Arc::new(server_config)))
                .telemetry(exports.http.clone());
            let until = async {
                let _ = stopped.await;
            };
            let serving = server.serve_until(listener, service_fn(busy), until);
            let served = timeout(Duration::from_secs(30), serving).await;
            served.unwrap().unwrap();
        });
        exports
    });
    let of_client = Exports::new();
    let port = told.recv().unwrap();
    let answer = {
        let _scope = of_client.otel.clone().enter();
        run(async {
            let client = client(&of_client).tls(Arc::new(client_config)).build();
            let address = format!("https://localhost:{port}/a/path");
            let user = KeyValue::new("user", "ada");
            let asking = async {
                let response = client.get(&address).await.unwrap();
                response.into_body().text().await.unwrap()
            };
            asking
                .with_context(Context::new().with_baggage([user]))
                .await
        })
    };
    drop(stop);
    (of_client, server.join().unwrap(), answer)
}

/// The spans of which this one is the parent.
fn children(spans: &[SpanData], parent: SpanId) -> Vec<String> {
    let children = spans.iter().filter(|span| span.parent_span_id == parent);
    let mut names: Vec<_> = children.map(|span| span.name.to_string()).collect();
    names.sort();
    names
}

fn one_trace(http2: bool) {
    let (of_client, of_server, answer) = over_two_threads(http2);
    assert_eq!(answer, "ada", "baggage went along");
    let (asked, served) = (of_client.span_named("GET"), of_server.span_named("GET"));
    assert_eq!(asked.span_kind, SpanKind::Client);
    assert_eq!(served.span_kind, SpanKind::Server);
    let (trace, client_id) = (asked.span_context.trace_id(), asked.span_context.span_id());
    assert_eq!(served.span_context.trace_id(), trace);
    assert_eq!(served.parent_span_id, client_id);
    assert!(served.parent_span_is_remote);

    let under_client = children(&of_client.spans(), client_id);
    for wanted in ["DNS lookup localhost", "TLS client handshake localhost"] {
        assert!(
            under_client.contains(&wanted.to_owned()),
            "{under_client:?}"
        );
    }
    assert!(
        under_client
            .iter()
            .any(|name| name.starts_with("socket connect "))
    );

    let server_id = served.span_context.span_id();
    let mut under_server = children(&of_server.spans(), server_id);
    under_server.retain(|name| !name.starts_with("socket connect 127.0.0.1:"));
    assert_eq!(
        under_server,
        ["queue get jobs", "socket send", "task worker"]
    );
    let worker = of_server.span_named("task worker").span_context;
    assert_eq!(worker.trace_id(), trace);
    assert_eq!(
        children(&of_server.spans(), worker.span_id()),
        ["queue put jobs"]
    );

    // What is the connections' own is in traces of their own, to which the server's span has a link.
    let connection = of_server.span_named("task http connection").span_context;
    assert_ne!(connection.trace_id(), trace);
    assert_eq!(served.links.len(), 1);
    assert_eq!(served.links[0].span_context.span_id(), connection.span_id());
    let version = if http2 { "2" } else { "1.1" };
    for span in [&asked, &served] {
        let version = format!("network.protocol.version={version}");
        assert!(shown(&span.attributes).contains(&version));
    }
}

#[test]
fn a_request_of_http1_is_one_trace() {
    one_trace(false);
}

#[test]
fn a_request_of_http2_is_one_trace() {
    one_trace(true);
}

#[test]
fn a_span_lasts_until_the_body_has_ended() {
    let exports = Exports::new();
    run(async {
        let address = serve_by_path(&exports);
        let client = client(&exports).build();
        let response = client.get(&format!("http://{address}/")).await.unwrap();
        let ended = |kind| exports.spans().iter().any(|span| span.span_kind == kind);
        assert!(!ended(SpanKind::Client));
        response.into_body().bytes().await.unwrap();
        assert!(ended(SpanKind::Client));
    });
}

#[test]
fn tracestate_goes_along_and_a_trace_that_is_not_sampled_stays_so() {
    let exports = Exports::new();
    run(async {
        let address = serve_by_path(&exports);
        for (flags, seen) in [("01", 1), ("00", 0)] {
            let before = exports.spans().len();
            let request = Request::get(format!("http://{address}/"))
                .header(
                    "traceparent",
                    format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}"),
                )
                .header("tracestate", "a=1")
                .header("tracestate", "b=2")
                .body(String::new())
                .unwrap();
            // A client without telemetry: it writes no headers of its own.
            let response = Client::new().request(request).await.unwrap();
            response.into_body().bytes().await.unwrap();
            sleep(Duration::from_millis(10)).await;
            assert_eq!(exports.spans().len() - before, seen);
        }
        let span = exports.span_named("GET /items/{id}");
        assert_eq!(span.span_context.trace_state().header(), "a=1,b=2");
        assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
    });
}

#[test]
fn a_service_that_is_given_up_is_cancelled_and_no_error() {
    let exports = Exports::new();
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new().telemetry(exports.http.clone());
        let never = service_fn(async |_: Request<Body>| {
            std::future::pending::<()>().await;
            Ok::<_, BoxError>(Response::new(String::new()))
        });
        loopscope::event_loop::spawn(async move { server.serve(listener, never).await }).detach();
        let stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        sleep(Duration::from_millis(20)).await;
        drop(stream);
        while exports.spans().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
        let span = exports.span_named("GET");
        assert!(shown(&span.attributes).contains(&"loopscope.outcome=cancelled".into()));
        assert!(!Context::current().has_active_span());
    });
    let points = exports.points("http.server.request.duration");
    assert!(
        points[0].0.contains(&"loopscope.outcome=cancelled".into()),
        "{points:?}"
    );
}

#[test]
fn a_service_that_panics_is_an_error_and_the_server_goes_on() {
    let exports = Exports::new();
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::new().telemetry(exports.http.clone());
        let service = service_fn(async |request: Request<Body>| {
            assert_ne!(request.uri().path(), "/panic", "as it was asked for");
            Ok::<_, BoxError>(Response::new(String::from("fine")))
        });
        let serving = async move { server.serve(listener, service).await };
        loopscope::event_loop::spawn(serving).detach();
        for client in [Client::new(), Client::builder().http2_only().build()] {
            let failed = client.get(&format!("{address}/panic")).await;
            assert!(failed.is_err(), "{failed:?}");
            let response = client.get(&format!("{address}/")).await.unwrap();
            assert_eq!(response.into_body().text().await.unwrap(), "fine");
        }
    });
    let spans = exports.spans();
    let panicked = spans.iter().filter(|span| {
        let attributes = shown(&span.attributes);
        attributes.contains(&"error.type=panic".into())
    });
    assert_eq!(panicked.count(), 2);
}
