//! What is emitted, what `names` lists and what `docs/telemetry.md` says are the same.

use crate::run::run;
use crate::telemetry::{Exports, client, serve_by_path, shown};
use http::Request;
use loopscope::event_loop::sleep;
use loopscope::http::{Client, Route};
use loopscope::otel::names::{self, MetricDefinition, SpanDefinition};
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use std::collections::BTreeSet;
use std::time::Duration;

async fn ask(client: &Client, method: &str, address: String) {
    let request = Request::builder()
        .method(method)
        .uri(address)
        .header("user-agent", "test/1")
        .extension(Route::new("/items/{id}"))
        .body(String::new())
        .unwrap();
    if let Ok(response) = client.request(request).await {
        response.into_body().bytes().await.unwrap();
    }
}

/// Every way for requests to end.
fn everything() -> Exports {
    let exports = Exports::new();
    run(async {
        let address = serve_by_path(&exports);
        let client = client(&exports).build();
        for path in ["/items/1?q=1&sig=secret", "/busy", "/missing", "/broken"] {
            ask(&client, "GET", format!("http://{address}{path}")).await;
        }
        ask(&client, "BREW", format!("http://{address}/items/2")).await;
        // One that is given up: its response is not read.
        let given_up = client.get(&format!("http://{address}/items/3")).await;
        drop(given_up.unwrap());
        // One of a server whose client goes away in the middle of its own body.
        let stream = loopscope::net::TcpStream::connect(address).await.unwrap();
        let half = b"GET /items/4 HTTP/1.1\r\nhost: a\r\n\r\n";
        stream.write_all(half).await.unwrap();
        drop(stream);
        sleep(Duration::from_millis(50)).await;
    });
    exports
}

fn of_kind(exports: &Exports, kind: SpanKind) -> Vec<SpanData> {
    let spans = exports.spans().into_iter();
    spans.filter(|span| span.span_kind == kind).collect()
}

#[test]
fn every_span_has_listed_attributes_and_all_are_seen() {
    let exports = everything();
    for listed in names::HTTP_SPANS {
        let spans = of_kind(&exports, listed.kinds[0].clone());
        let seen: BTreeSet<_> = spans
            .iter()
            .flat_map(|span| &span.attributes)
            .map(|attribute| attribute.key.as_str())
            .collect();
        let mut expected: BTreeSet<_> = listed.attributes.iter().copied().collect();
        if listed.kinds[0] == SpanKind::Server {
            // Seen where a service is dropped: in `traces`.
            expected.remove(names::OUTCOME);
        }
        let seen: BTreeSet<_> = seen
            .into_iter()
            .filter(|key| expected.contains(key) || !listed.attributes.contains(key))
            .collect();
        assert_eq!(seen, expected, "{:?}", listed.kinds);
        for span in &spans {
            let keys: BTreeSet<_> = span.attributes.iter().map(|kv| &kv.key).collect();
            assert_eq!(keys.len(), span.attributes.len(), "{}", span.name);
        }
    }
}

#[test]
fn names_have_the_route_and_never_the_path() {
    let exports = everything();
    let names: BTreeSet<_> = exports
        .spans()
        .into_iter()
        .map(|span| format!("{:?} {}", span.span_kind, span.name))
        .collect();
    let expected = [
        "Client GET",
        "Client GET /items/{id}",
        "Client HTTP /items/{id}",
        "Server GET",
        "Server GET /items/{id}",
        "Server HTTP /items/{id}",
    ];
    assert_eq!(names, expected.map(String::from).into());
}

#[test]
fn failures_are_told_by_each_side_in_its_way() {
    let exports = everything();
    let find = |kind: SpanKind, path: &str| {
        let spans = of_kind(&exports, kind).into_iter();
        let mut spans = spans.filter(|span| {
            let mut texts = span.attributes.iter().map(|kv| kv.value.to_string());
            texts.any(|text| text.ends_with(path))
        });
        let span = spans.next().unwrap_or_else(|| panic!("no span of {path}"));
        let error = shown(&span.attributes)
            .into_iter()
            .find_map(|kv| kv.strip_prefix("error.type=").map(String::from));
        (error, matches!(span.status, Status::Error { .. }))
    };
    let failed = |kind: &str| (Some(kind.to_owned()), true);
    for (path, of_server, of_client) in [
        ("/busy", failed("503"), failed("503")),
        ("/missing", (None, false), failed("404")),
        ("/broken", failed("_OTHER"), failed("unexpected_eof")),
        ("/items/3", (None, false), (None, false)),
    ] {
        assert_eq!(find(SpanKind::Server, path), of_server, "server, {path}");
        assert_eq!(find(SpanKind::Client, path), of_client, "client, {path}");
    }
    let full = of_kind(&exports, SpanKind::Client);
    let full = shown(&full[0].attributes);
    assert!(
        full.iter()
            .any(|kv| kv.ends_with("/items/1?q=1&sig=REDACTED")),
        "{full:?}"
    );
}

#[test]
fn durations_have_listed_attributes_and_all_are_seen() {
    let exports = everything();
    for listed in names::HTTP_METRICS {
        let points = exports.points(listed.name);
        let count: u64 = points.iter().map(|(_, count)| count).sum();
        assert!(count >= 6, "{count} of {}", listed.name);
        let seen: BTreeSet<_> = points
            .iter()
            .flat_map(|(attributes, _)| attributes)
            .map(|kv| kv.split('=').next().unwrap().to_owned())
            .filter(|key| key != names::OUTCOME)
            .collect();
        let expected = listed.attributes.iter().map(|key| (*key).to_owned());
        let expected: BTreeSet<_> = expected.filter(|key| key != names::OUTCOME).collect();
        assert_eq!(seen, expected, "{}", listed.name);
    }
}

/// The rows of the table under a heading of the documentation.
fn documented(heading: &str) -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/telemetry.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut sections = text.split("\n## ");
    let section = sections
        .find(|section| section.starts_with(heading))
        .unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(String::from).collect()
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[test]
fn the_documentation_lists_the_same() {
    let row = |span: &SpanDefinition| {
        let kind = format!("{:?}", span.kinds[0]).to_uppercase();
        let detail = span.detail.unwrap();
        format!(
            "| `{} {detail}` | {kind} | {} |",
            span.name,
            quoted(span.attributes)
        )
    };
    let spans: Vec<_> = names::HTTP_SPANS.iter().map(row).collect();
    assert_eq!(documented("HTTP spans"), spans);
    let row = |metric: &MetricDefinition| {
        let MetricDefinition {
            name,
            kind,
            unit,
            description,
            attributes,
            ..
        } = metric;
        let (kind, attributes) = (kind.as_str(), quoted(attributes));
        format!("| `{name}` | {kind} | `{unit}` | {description} | {attributes} |")
    };
    let metrics: Vec<_> = names::HTTP_METRICS.iter().map(row).collect();
    assert_eq!(documented("HTTP metrics"), metrics);
}
