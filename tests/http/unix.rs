//! HTTP over Unix sockets.

use crate::ends::{echo, text, tls};
use crate::recorded::recorded;
use crate::run::run;
use crate::telemetry::{Exports, client, shown};
use loopscope::event_loop::spawn;
use loopscope::http::{Client, Error, Server};
use loopscope::instrument::{EnterScope, ErrorType};
use loopscope::net::UnixListener;
use opentelemetry::trace::SpanKind;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tower::service_fn;

/// A folder with a path in it for a socket.
fn path() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    (folder, path)
}

fn serve(server: Server, path: &Path) {
    let listener = UnixListener::bind(path).unwrap();
    spawn(async move { server.serve(listener, service_fn(echo)).await }).detach();
}

#[test]
fn both_versions_are_spoken_whatever_the_host_is_called() {
    let (_folder, path) = path();
    recorded(async move {
        serve(Server::new(), &path);
        let http1 = Client::builder().unix_socket(&path).build();
        let http2 = Client::builder().unix_socket(&path).http2_only().build();
        for (client, version) in [(http1, "HTTP/1.1"), (http2, "HTTP/2.0")] {
            let answer = text(&client, "http://nowhere.invalid/path").await;
            assert_eq!(answer, format!("{version} /path "));
        }
    });
}

#[test]
fn spans_say_what_there_is_to_say() {
    let (_folder, path) = path();
    let exports = Exports::new();
    exports.otel.clone().in_scope(|| {
        run(async {
            serve(Server::new().telemetry(exports.http.clone()), &path);
            let client = client(&exports).unix_socket(&path).build();
            text(&client, "http://store/path").await;
        });
    });
    let served = exports.spans().into_iter();
    let served = served.filter(|span| span.span_kind == SpanKind::Server);
    let served: Vec<_> = served.map(|span| shown(&span.attributes)).collect();
    assert_eq!(
        served,
        [[
            "http.request.method=GET",
            "http.response.status_code=200",
            "network.protocol.version=1.1",
            "server.address=store",
            "url.path=/path",
            "url.scheme=http",
        ]],
        "a client without a name has no address, a socket no port",
    );
    let connect = exports.span_named(&format!("socket connect {}", path.display()));
    assert!(shown(&connect.attributes).contains(&"network.transport=unix".into()));
    let names = exports.spans().into_iter().map(|span| span.name);
    assert!(!names.into_iter().any(|name| name.starts_with("DNS lookup")));
}

#[test]
fn tls_is_refused_by_both_ends() {
    let (_folder, path) = path();
    recorded(async move {
        let (server, client) = tls(&[]);
        let listener = UnixListener::bind(&path).unwrap();
        let refused = server.serve(listener, service_fn(echo)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        let client = client.unix_socket(&path).build();
        let refused = client.get("https://localhost/").await.unwrap_err();
        assert_eq!(refused.error_type(), ErrorType::InvalidInput);
        assert!(refused.to_string().contains("TLS is spoken over TCP alone"));
    });
}

#[test]
fn a_client_says_where_nobody_listens() {
    let (_folder, path) = path();
    recorded(async move {
        let client = Client::builder().unix_socket(&path).build();
        let failed = client.get("http://store/").await.unwrap_err();
        let Error::Connect { origin, source } = failed else {
            panic!("{failed}");
        };
        assert_eq!(origin, path.display().to_string());
        assert_eq!(source.kind(), ErrorKind::NotFound);
    });
}
