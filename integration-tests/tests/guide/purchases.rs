//! What the traces of purchases are made of.

use integration_tests::{JaegerApi, JaegerSpan, percent_encoded, wait_for};
use std::collections::{BTreeMap, BTreeSet};

/// A span and its parent, each with its service; the last column tells which purchases have it.
const EDGES: [(&str, &str, Seen); 19] = [
    ("load: task purchase", "", Seen::Always),
    (
        "load: GET /items/{item} client",
        "load: task purchase",
        Seen::Always,
    ),
    (
        "load: DNS lookup localhost",
        "load: GET /items/{item} client",
        Seen::First,
    ),
    (
        "load: socket connect",
        "load: GET /items/{item} client",
        Seen::First,
    ),
    (
        "load: TLS client handshake localhost",
        "load: GET /items/{item} client",
        Seen::First,
    ),
    (
        "gateway: GET /items/{item} server",
        "load: GET /items/{item} client",
        Seen::Always,
    ),
    (
        "gateway: GET /stock/{item} client",
        "gateway: GET /items/{item} server",
        Seen::Always,
    ),
    (
        "gateway: socket connect",
        "gateway: GET /stock/{item} client",
        Seen::First,
    ),
    (
        "store: GET /stock/{item} server",
        "gateway: GET /stock/{item} client",
        Seen::Always,
    ),
    (
        "load: POST /orders client",
        "load: task purchase",
        Seen::Always,
    ),
    (
        "gateway: POST /orders server",
        "load: POST /orders client",
        Seen::Always,
    ),
    (
        "gateway: POST /orders client",
        "gateway: POST /orders server",
        Seen::Always,
    ),
    (
        "gateway: socket connect",
        "gateway: POST /orders client",
        Seen::First,
    ),
    (
        "worker: POST /orders server",
        "gateway: POST /orders client",
        Seen::Always,
    ),
    (
        "worker: queue put orders",
        "worker: POST /orders server",
        Seen::Always,
    ),
    (
        "worker: task pack order",
        "worker: POST /orders server",
        Seen::Always,
    ),
    (
        "worker: POST /stock/{item}/take client",
        "worker: task pack order",
        Seen::Always,
    ),
    (
        "worker: socket connect",
        "worker: POST /stock/{item}/take client",
        Seen::First,
    ),
    (
        "store: POST /stock/{item}/take server",
        "worker: POST /stock/{item}/take client",
        Seen::Always,
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// In each of them.
    Always,
    /// In those for which a connection was made.
    First,
}

/// A span's service, name and kind, without what differs from run to run.
fn described(span: &JaegerSpan) -> String {
    let service = span.service.strip_prefix("shop-").unwrap_or(&span.service);
    let kind = span.tags.get("span.kind").map_or("", String::as_str);
    let name = match span.name.starts_with("socket connect") {
        true => "socket connect",
        false => span.name.as_str(),
    };
    match kind {
        "client" | "server" => format!("{service}: {name} {kind}"),
        _ => format!("{service}: {name}"),
    }
}

type Edges = BTreeSet<(String, String)>;

fn edges(trace: &[JaegerSpan]) -> Edges {
    let by_id: BTreeMap<_, _> = trace.iter().map(|span| (&span.span_id, span)).collect();
    let parent = |span: &JaegerSpan| {
        let parent = by_id.get(span.parent.as_ref()?)?;
        Some(described(parent))
    };
    let edges = trace.iter();
    edges
        .map(|span| (described(span), parent(span).unwrap_or_default()))
        .collect()
}

fn expected(seen: impl Fn(Seen) -> bool) -> Edges {
    let edges = EDGES.iter().filter(|(_, _, when)| seen(*when));
    edges
        .map(|(span, parent, _)| ((*span).into(), (*parent).into()))
        .collect()
}

/// Waits until there are purchases in Jaeger, and holds each against what it is to be made of.
pub(crate) fn are_whole(jaeger: &JaegerApi) {
    let operation = percent_encoded("task purchase");
    let search = format!("service=shop-load&operation={operation}&limit=1000&lookback=1h");
    let (always, all) = (expected(|seen| seen == Seen::Always), expected(|_| true));
    wait_for("whole purchases", || {
        let mut traces: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for span in jaeger.search(&search)? {
            traces.entry(span.trace_id.clone()).or_default().push(span);
        }
        let traces: Vec<_> = traces.into_values().map(|trace| edges(&trace)).collect();
        // Of the latest, a part may still be on its way.
        let whole = traces.iter().filter(|trace| trace.is_superset(&always));
        if whole.clone().count() < 20 {
            let one = traces.first();
            return Err(format!("of {} traces few are whole: {one:?}", traces.len()));
        }
        let seen: Edges = whole.flatten().cloned().collect();
        assert_eq!(seen.difference(&all).next(), None, "that is too much");
        match all.difference(&seen).next() {
            None => Ok(()),
            missing => Err(format!("{missing:?} is missing")),
        }
    });
}
