//! What is emitted, what `names` lists and what `docs/telemetry.md` says are the same.

use crate::prometheus_names::in_prometheus;
use crate::support::*;
use loopscope::instrument::*;
use loopscope::otel::names::{self, MetricDefinition, SpanDefinition};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;

/// Does everything that can be heard, once with success, once with an error, once cancelled.
fn everything(bridge: &Bridge) {
    let (otel, task) = (&bridge.otel, task(Some("worker")));
    let connection = server();
    let mut spawned = TaskSpawnedMetadata::new(&task, None, at(0));
    spawned.serves = Some(&connection);
    otel.on_task_spawned(&spawned);
    otel.poll(&task, || {
        operations(bridge, &task);
        let error = io::Error::from(io::ErrorKind::TimedOut);
        for failure in [Failure::from_io(&error), Failure::Cancelled] {
            failures(bridge, &task, failure);
        }
    });
    let end = TaskEndMetadata::new(&task, true, at(500), at(1000));
    otel.on_task_error(&TaskErrorMetadata::new(end, TaskFailure::Panic("boom")));

    let mut sent = TaskSendMetadata::new(&task, Resumption::TimerFired, at(2));
    sent.wake_time = Some(at(1));
    otel.on_task_before_send(&sent);
    otel.on_timer_fired(&TimerFiredMetadata::new(Some(&task), at(0), at(1)));
    let info = LoopInfo::new(Some("main".into()));
    otel.on_loop_park(&LoopParkMetadata::new(&info, at(0), at(1)));
    otel.on_loop_unpark(&LoopUnparkMetadata::new(&info, at(1), at(2)));
}

fn server() -> Rc<SocketHandle> {
    socket(SocketRole::Server, "10.0.0.1:443", Some("10.0.0.9:50001"))
}

fn operations(bridge: &Bridge, task: &TaskInfo) {
    let (otel, task) = (&bridge.otel, Some(task));
    let (socket, target) = (client(), address("10.0.0.2:443"));
    let server = server();
    otel.on_socket_open(&InstrumentationMetadata::new(task, &socket, at(0)));
    let connected = SocketConnectReadyMetadata::new(task, &socket, &target, false, at(0), at(1));
    otel.on_socket_connect_ready(&connected);
    let mut ready = ReadySocketInstrumentationMetadata::new(task, &socket, false, at(0), at(1));
    otel.on_socket_accept_ready(&ready);
    ready.size = Some(5);
    otel.on_socket_recv_ready(&ready);
    otel.on_socket_send_ready(&ready);
    let mut session = TlsSession::default();
    session.version = Some("TLSv1.3");
    session.cipher = Some("TLS_AES_256_GCM_SHA384");
    session.curve = Some("X25519");
    session.next_protocol = Some(b"h2");
    session.resumed = Some(true);
    for socket in [&socket, &server] {
        let mut complete = TlsHandshakeMetadata::new(task, socket, session, false, at(0), at(1));
        complete.server_hostname = Some("example.org");
        otel.on_tls_handshake_complete(&complete);
    }
    let addresses = ["10.0.0.2".parse().unwrap()];
    let found =
        DnsLookupReadyMetadata::new(task, "example.org", Ok(&addresses), false, at(0), at(1));
    otel.on_dns_lookup_ready(&found);
    let queue = Rc::new(QueueInfo::new(Some("jobs".into()), None));
    otel.on_queue_put(&QueueMetadata::new(
        task,
        &queue,
        &(),
        1,
        true,
        at(0),
        at(0),
    ));
    otel.on_queue_get(&QueueMetadata::new(
        task,
        &queue,
        &(),
        0,
        false,
        at(0),
        at(1),
    ));
}

fn failures(bridge: &Bridge, task: &TaskInfo, failure: Failure<'_>) {
    let (otel, task, socket) = (&bridge.otel, Some(task), client());
    for operation in [
        SocketOperation::Connect,
        SocketOperation::Accept,
        SocketOperation::Recv,
        SocketOperation::Send,
    ] {
        let failed = SocketErrorMetadata::new(task, &socket, operation, failure, at(0), at(1));
        otel.on_socket_error(&failed);
    }
    for socket in [&socket, &server()] {
        let failed = TlsHandshakeErrorMetadata::new(task, socket, failure, false, at(0), at(1));
        otel.on_tls_handshake_error(&failed);
    }
    let failed =
        DnsLookupReadyMetadata::new(task, "example.org", Err(failure), false, at(0), at(1));
    otel.on_dns_lookup_ready(&failed);
}

#[test]
fn every_span_is_listed_with_all_its_attributes() {
    let bridge = Bridge::with(|builder| builder.queue_spans(true));
    everything(&bridge);
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for span in bridge.spans() {
        let listed = names::SPANS.iter().find(|listed| {
            let detail = span.name.strip_prefix(listed.name);
            detail.is_some_and(|detail| detail.is_empty() || detail.starts_with(' '))
        });
        let listed = listed.unwrap_or_else(|| panic!("{} is not listed", span.name));
        assert!(listed.kinds.contains(&span.span_kind), "{}", span.name);
        let keys = span
            .attributes
            .iter()
            .map(|attribute| attribute.key.to_string());
        let keys: Vec<_> = keys.collect();
        for key in &keys {
            assert!(
                listed.attributes.contains(&key.as_str()),
                "{}: {key}",
                span.name
            );
        }
        assert_eq!(keys.len(), keys.iter().collect::<BTreeSet<_>>().len());
        seen.entry(listed.name).or_default().extend(keys);
    }
    for listed in names::SPANS {
        let mut missing: BTreeSet<_> = listed.attributes.iter().copied().collect();
        let seen = seen.get(listed.name).cloned().unwrap_or_default();
        missing.retain(|key| !seen.contains(*key));
        assert_eq!(missing, BTreeSet::new(), "never seen on {}", listed.name);
    }
}

#[test]
fn every_metric_is_listed_with_all_it_has() {
    let bridge = Bridge::new();
    everything(&bridge);
    let metrics = bridge.metrics();
    let emitted: BTreeSet<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    let listed: BTreeSet<_> = names::METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(emitted, listed);
    assert_eq!(metrics.len(), listed.len(), "no name twice");
    for listed in names::METRICS {
        let metric = metrics.iter().find(|metric| metric.name == listed.name);
        let metric = metric.unwrap();
        assert_eq!(metric.kind, listed.kind.as_str(), "{}", listed.name);
        assert_eq!(metric.unit, listed.unit, "{}", listed.name);
        assert_eq!(metric.description, listed.description, "{}", listed.name);
        assert_eq!(metric.boundaries, listed.boundaries, "{}", listed.name);
        assert!(listed.boundaries.len() <= 14, "{}", listed.name);
        let seen: BTreeSet<_> = metric.attribute_keys.iter().map(String::as_str).collect();
        let expected: BTreeSet<_> = listed.attributes.iter().copied().collect();
        assert_eq!(seen, expected, "{}", listed.name);
    }
}

#[test]
fn no_two_metrics_are_one_in_prometheus() {
    let all: Vec<_> = names::METRICS.iter().flat_map(in_prometheus).collect();
    let different: BTreeSet<_> = all.iter().collect();
    assert_eq!(all.len(), different.len(), "{all:?}");
    assert!(different.contains(&"loopscope_loop_time_seconds_total".to_owned()));
    assert!(different.contains(&"loopscope_loop_utilization_ratio".to_owned()));
    // Attributes become labels by the same rule.
    let labels: BTreeSet<_> = names::ATTRIBUTES
        .iter()
        .map(|key| key.replace('.', "_"))
        .collect();
    assert_eq!(labels.len(), names::ATTRIBUTES.len());
}

/// The rows of the table under a heading of the documentation, each a list of cells.
fn documented(heading: &str) -> Vec<Vec<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/telemetry.md");
    let text = std::fs::read_to_string(path).unwrap();
    let section = text
        .split("\n## ")
        .find(|section| section.starts_with(heading));
    let lines = section
        .unwrap_or_else(|| panic!("no section {heading}"))
        .lines();
    let rows = lines.filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn metric_row(metric: &MetricDefinition) -> Vec<String> {
    vec![
        format!("`{}`", metric.name),
        metric.kind.as_str().to_owned(),
        format!("`{}`", metric.unit),
        metric.description.to_owned(),
        quoted(metric.attributes),
    ]
}

fn span_row(span: &SpanDefinition) -> Vec<String> {
    let name = match span.detail {
        Some(detail) => format!("`{} {detail}`", span.name),
        None => format!("`{}`", span.name),
    };
    let kinds: Vec<_> = span
        .kinds
        .iter()
        .map(|kind| format!("{kind:?}").to_uppercase())
        .collect();
    vec![name, kinds.join(", "), quoted(span.attributes)]
}

#[test]
fn the_documentation_lists_the_same() {
    let metrics: Vec<_> = names::METRICS.iter().map(metric_row).collect();
    assert_eq!(documented("Metrics"), metrics);
    let spans: Vec<_> = names::SPANS.iter().map(span_row).collect();
    assert_eq!(documented("Spans"), spans);
    let keys: Vec<_> = names::ATTRIBUTES
        .iter()
        .map(|key| format!("`{key}`"))
        .collect();
    let documented_keys = documented("Attributes")
        .into_iter()
        .map(|row| row[0].clone());
    assert_eq!(documented_keys.collect::<Vec<_>>(), keys);
    let errors: BTreeSet<_> = documented("Kinds of failure")
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    let kinds = ErrorType::ALL.iter().map(|kind| kind.as_str());
    let own = [names::error_type::PANIC, names::error_type::HOOK_PANICKED];
    let expected = kinds.chain(own).map(|kind| format!("`{kind}`"));
    assert_eq!(errors, expected.collect());
}
