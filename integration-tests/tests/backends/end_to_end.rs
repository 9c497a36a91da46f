//! What the hooks saw is found again in the real Jaeger and the real Prometheus: every span with
//! its parent, attributes and times, and every metric with its exact count.

use crate::support;
use crate::support::workload::{CLIENTS, REQUEST_SIZE, REQUESTS, WORKERS};
use integration_tests::{Collector, Jaeger, JaegerSpan, Prometheus, servers_are_there, wait_for};
use loopscope::clock::Timestamp;
use loopscope::instrument::{
    EnterScope, EventLoopInstrument, QueueMetadata, Recorded, RecordingInstrument, SocketRole,
    hook_panics,
};
use loopscope::net::lookup_host;
use loopscope::otel::names;
use loopscope::sync::AsyncQueue;
use loopscope::telemetry::Telemetry;
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::time::UNIX_EPOCH;

/// A span that has to be there.
#[derive(Debug)]
struct Expected {
    name: String,
    task: Option<u64>,
    start: u64,
    duration: u64,
    tags: BTreeMap<&'static str, String>,
}

fn micros(time: Timestamp) -> u64 {
    let since_epoch = time.to_system_time().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since_epoch.as_micros()).unwrap()
}

/// The spans of the operations that were recorded.
fn operations(recorder: &RecordingInstrument) -> Vec<Expected> {
    let name = |event: &Recorded| {
        let peer = event
            .peer
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let host = event.name.clone().unwrap_or_default();
        Some(match (event.hook, event.role) {
            ("on_socket_connect_ready", _) => format!("socket connect {peer}"),
            ("on_socket_accept_ready", _) => "socket accept".into(),
            ("on_socket_recv_ready", _) => "socket recv".into(),
            ("on_socket_send_ready", _) => "socket send".into(),
            ("on_tls_handshake_complete", Some(SocketRole::Client)) => {
                format!("TLS client handshake {host}")
            }
            ("on_tls_handshake_complete", _) => "TLS server handshake".into(),
            ("on_dns_lookup_ready", _) => format!("DNS lookup {host}"),
            _ => return None,
        })
    };
    recorder
        .events()
        .iter()
        .filter_map(|event| Some(expected(name(event)?, event)))
        .collect()
}

fn expected(name: String, event: &Recorded) -> Expected {
    let (start, finish) = (event.start_time.unwrap(), event.finish_time.unwrap());
    let mut tags = BTreeMap::new();
    tags.insert("loopscope.immediate", event.immediate.unwrap().to_string());
    if let Some(size) = event.size {
        tags.insert("loopscope.io.size", size.to_string());
    }
    if let Some(task) = &event.task_name {
        tags.insert("loopscope.task.name", task.clone());
    }
    if let Some([version, cipher, ..]) = &event.tls {
        tags.insert("tls.cipher", cipher.clone().unwrap());
        tags.insert(
            "tls.protocol.version",
            version.clone().unwrap().replace("TLSv", ""),
        );
        tags.insert("tls.resumed", event.resumed.unwrap().to_string());
        tags.insert("tls.established", "true".into());
        tags.insert("server.address", "localhost".into());
    }
    // The peer of an accept is that of the connection, which the record has under its own hooks.
    if !event.hook.contains("accept")
        && let Some(peer) = event.peer.as_ref().and_then(|peer| peer.as_ip())
    {
        tags.insert("network.peer.address", peer.ip().to_string());
        tags.insert("network.peer.port", peer.port().to_string());
    }
    Expected {
        name,
        task: event.task.map(|task| task.get()),
        start: micros(start),
        duration: micros(finish) - micros(start),
        tags,
    }
}

/// The spans of the named tasks that were recorded.
fn tasks(recorder: &RecordingInstrument) -> Vec<Expected> {
    let ends: HashMap<_, _> = recorder
        .of("on_task_completed")
        .into_iter()
        .map(|end| (end.task, end))
        .collect();
    let spawned = recorder.of("on_task_spawned");
    let named = spawned.iter().filter(|task| task.task_name.is_some());
    named
        .map(|task| {
            let name = task.task_name.clone().unwrap();
            let start = micros(task.start_time.unwrap());
            let mut tags = BTreeMap::new();
            tags.insert("loopscope.outcome", String::from("completed"));
            tags.insert("loopscope.task.name", name.clone());
            let is_server = name == "connection";
            tags.insert(
                "span.kind",
                if is_server { "server" } else { "internal" }.into(),
            );
            Expected {
                name: format!("task {name}"),
                task: task.task.map(|task| task.get()),
                start,
                duration: micros(ends[&task.task].finish_time.unwrap()) - start,
                tags,
            }
        })
        .collect()
}

/// Takes the one span that is meant out of those that are there.
fn take(spans: &mut Vec<JaegerSpan>, expected: &Expected) -> JaegerSpan {
    // Nanoseconds are cut to microseconds at both ends, on different sides of the wire.
    let close = |a: u64, b: u64| a.abs_diff(b) <= 1;
    let is_it = |span: &JaegerSpan| {
        span.name == expected.name
            && span.tags.get("loopscope.task.id").cloned() == expected.task.map(|id| id.to_string())
            && close(span.start, expected.start)
            && close(span.duration, expected.duration)
    };
    let found = spans.iter().position(is_it);
    let span = spans.swap_remove(found.unwrap_or_else(|| panic!("not in Jaeger: {expected:?}")));
    for (name, value) in &expected.tags {
        assert_eq!(span.tags.get(*name), Some(value), "{name} of {span:?}");
    }
    span
}

/// Every recorded operation and task is there as one span with the right parent, and nothing else.
fn check_spans(jaeger: &Jaeger, service: &str, recorder: &RecordingInstrument) {
    let (operations, tasks) = (operations(recorder), tasks(recorder));
    let count = operations.len() + tasks.len() + 1;
    let mut spans = jaeger.wait_for_spans(service, count);
    assert_eq!(spans.len(), count, "{spans:#?}");
    assert!(
        spans
            .iter()
            .all(|span| span.resource.contains_key("service.instance.id"))
    );
    let root = spans
        .iter()
        .position(|span| span.name == "workload")
        .expect("the user's span");
    let root = spans.swap_remove(root);
    assert_eq!(root.parent, None);

    let mut of_task = HashMap::new();
    for task in &tasks {
        let span = take(&mut spans, task);
        if task.name == "task connection" {
            assert_eq!(
                span.parent, None,
                "a connection's task begins a trace of its own"
            );
            assert_ne!(span.trace_id, root.trace_id);
        } else {
            assert_eq!(span.parent.as_ref(), Some(&root.span_id), "{span:?}");
        }
        of_task.insert(task.task, span);
    }
    let main = recorder.of("on_task_spawned")[0]
        .task
        .map(|task| task.get());
    for operation in &operations {
        let span = take(&mut spans, operation);
        match of_task.get(&operation.task) {
            Some(task) => {
                assert_eq!(span.parent.as_ref(), Some(&task.span_id), "{span:?}");
                assert_eq!(span.trace_id, task.trace_id);
            }
            // The main task has no span of its own, nor has the detached one that accepts.
            None if operation.task == main => assert_eq!(span.parent, Some(root.span_id.clone())),
            None => assert_eq!(span.parent, None, "{span:?}"),
        }
    }
    assert!(
        spans.is_empty(),
        "more in Jaeger than was recorded: {spans:#?}"
    );
}

/// Panics once, in a hook.
struct Faulty;

impl EventLoopInstrument for Faulty {
    fn on_queue_put(&self, _: &QueueMetadata<'_>) {
        panic!("a fault in an instrument");
    }
}

/// A query and what it has to give, `JOB` standing for the service.
type Count = (String, f64);

/// What follows for sockets, TLS and names from what the test did.
fn network_counts(recorder: &RecordingInstrument) -> Vec<Count> {
    let (clients, requests) = (CLIENTS as f64, (CLIENTS * REQUESTS) as f64);
    let bytes = 2.0 * requests * REQUEST_SIZE as f64;
    let operation = |operation: &str, immediate: &str| {
        format!(
            "loopscope_socket_operation_duration_seconds_count{{loopscope_socket_operation=\
             \"{operation}\",loopscope_immediate=~\"{immediate}\",JOB}}"
        )
    };
    let io = |direction: &str| {
        format!("loopscope_socket_io_bytes_total{{network_io_direction=\"{direction}\",JOB}}")
    };
    let handshakes = |role: &str| {
        format!(
            "loopscope_tls_handshake_duration_seconds_count{{loopscope_socket_role=\"{role}\",JOB}}"
        )
    };
    let immediate = |hook: &str| {
        recorder
            .of(hook)
            .iter()
            .filter(|event| event.immediate == Some(true))
            .count() as f64
    };
    let lookups = "dns_lookup_duration_seconds_count{dns_question_name=\"localhost\",JOB}";
    vec![
        (operation("connect", ".*"), clients),
        (operation("accept", ".*"), clients),
        (operation("send", ".*"), 2.0 * requests),
        (
            operation("recv", ".*"),
            recorder.of("on_socket_recv_ready").len() as f64,
        ),
        (operation("recv", "true"), immediate("on_socket_recv_ready")),
        (operation("send", "true"), immediate("on_socket_send_ready")),
        (io("transmit"), bytes),
        (io("receive"), bytes),
        ("loopscope_socket_active{JOB}".into(), 0.0),
        (handshakes("client"), clients),
        (handshakes("server"), clients),
        (lookups.into(), 1.0),
    ]
}

/// What follows for queues, tasks and timers from what the test did.
fn loop_counts(recorder: &RecordingInstrument) -> Vec<Count> {
    let recorded = |hook: &str| recorder.of(hook).len() as f64;
    let requests = (CLIENTS * REQUESTS) as f64;
    let queue = |operation: &str| {
        format!(
            "loopscope_queue_wait_duration_seconds_count{{loopscope_queue_operation=\
             \"{operation}\",loopscope_queue_name=\"jobs\",JOB}}"
        )
    };
    let workers = "loopscope_task_duration_seconds_count{loopscope_task_name=\"worker\",JOB}";
    vec![
        (queue("put"), requests),
        (queue("get"), requests),
        ("loopscope_queue_size{JOB}".into(), 0.0),
        ("loopscope_task_active{JOB}".into(), 0.0),
        (workers.into(), WORKERS as f64),
        (
            "loopscope_task_duration_seconds_count{JOB}".into(),
            recorded("on_task_spawned"),
        ),
        (
            "loopscope_task_poll_duration_seconds_count{JOB}".into(),
            recorded("on_task_before_send") + recorded("on_task_before_throw"),
        ),
        ("loopscope_timer_delay_seconds_count{JOB}".into(), requests),
    ]
}

/// Every metric is there with the count and the sum that follow from what the test did.
fn check_metrics(
    prometheus: &Prometheus,
    service: &str,
    recorder: &RecordingInstrument,
    panics: RangeInclusive<u64>,
) {
    let job = format!("job=\"{service}\"");
    for (query, expected) in network_counts(recorder)
        .into_iter()
        .chain(loop_counts(recorder))
    {
        let query = query.replace("JOB", &job);
        prometheus.wait_for_sum(&query, expected);
        assert!(
            !prometheus.query(&query).unwrap().is_empty(),
            "{query} is there"
        );
    }
    // The count is the process's, and other tests run in it.
    let errors = format!("loopscope_instrument_errors_total{{error_type=\"hook_panicked\",{job}}}");
    let counted = prometheus.sum(&errors).unwrap();
    assert!(
        (*panics.start() as f64..=*panics.end() as f64).contains(&counted),
        "{counted}"
    );

    let all = prometheus.query(&format!("{{{job}}}")).unwrap();
    for metric in names::METRICS {
        let translated = metric.name.replace('.', "_");
        let found = all
            .iter()
            .any(|sample| sample.labels["__name__"].starts_with(&translated));
        assert!(found, "{} is in Prometheus", metric.name);
    }
    for state in ["active", "idle"] {
        let time =
            format!("loopscope_loop_time_seconds_total{{loopscope_loop_state=\"{state}\",{job}}}");
        assert!(prometheus.sum(&time).unwrap() > 0.0, "{state}");
    }
}

/// The workload, a name that is looked up and a fault in an instrument, so that every metric has
/// something to tell.
///
/// Returns what was recorded, and between which numbers the count of panicking hooks is that was
/// exported last.
fn run_all(telemetry: Telemetry) -> (RecordingInstrument, RangeInclusive<u64>) {
    let recorder = support::run_with(&telemetry, "workload", async {
        lookup_host("localhost")
            .await
            .expect("every machine knows localhost");
        let _scope = Faulty.enter();
        AsyncQueue::unbounded()
            .named("faulty")
            .put(1)
            .await
            .expect("it is open");
    });
    let before = hook_panics();
    telemetry.shutdown().expect("nothing is lost");
    (recorder, before..=hook_panics())
}

fn through_the_collector(service: &str, protocol: &str) {
    if !servers_are_there() {
        return;
    }
    let (jaeger, prometheus) = (Jaeger::start(), Prometheus::start());
    let collector = Collector::start(&jaeger, &prometheus);
    let endpoint = if protocol == "grpc" {
        collector.otlp_grpc()
    } else {
        collector.otlp_http()
    };
    let telemetry = support::telemetry(service, &support::all_to(endpoint, protocol));
    let (recorder, panics) = run_all(telemetry);
    check_spans(&jaeger, service, &recorder);
    check_metrics(&prometheus, service, &recorder, panics);
    check_logs(&collector, &jaeger, service);
}

/// What LogInstrument said has arrived with the ids of the trace in which it was said.
fn check_logs(collector: &Collector, jaeger: &Jaeger, service: &str) {
    let spans = jaeger.spans(service).unwrap();
    let client = spans
        .iter()
        .find(|span| span.name == "task client")
        .expect("a client");
    wait_for("log records", || {
        let logs = collector.logs();
        let said = logs.contains("TLS handshake complete") && logs.contains(&client.span_id);
        if said {
            Ok(())
        } else {
            Err(format!("{} bytes of logs", logs.len()))
        }
    });
}

#[test]
fn over_http_protobuf() {
    through_the_collector("http-protobuf", "http/protobuf");
}

#[test]
fn over_http_json() {
    through_the_collector("http-json", "http/json");
}

#[test]
fn over_grpc() {
    through_the_collector("grpc", "grpc");
}

#[test]
fn straight_to_each_server() {
    if !servers_are_there() {
        return;
    }
    let (jaeger, prometheus) = (Jaeger::start(), Prometheus::start());
    let variables = [
        (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            format!("{}/v1/traces", jaeger.otlp_http()),
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            format!("{}/v1/metrics", prometheus.otlp_http()),
        ),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip".into()),
        ("OTEL_LOGS_EXPORTER", "none".into()),
    ];
    let telemetry = support::telemetry("straight", &variables);
    let (recorder, panics) = run_all(telemetry);
    check_spans(&jaeger, "straight", &recorder);
    check_metrics(&prometheus, "straight", &recorder, panics);
}
