//! The collector is killed in the middle of a run and started again: the program does not notice,
//! what was made meanwhile is counted as lost, and what is made afterwards arrives.

use crate::support;
use integration_tests::{Collector, Jaeger, Prometheus, servers_are_there};
use loopscope::telemetry::DeliveryError;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);

#[test]
fn the_collector_is_killed_and_started_again() {
    if !servers_are_there() {
        return;
    }
    let (jaeger, prometheus) = (Jaeger::start(), Prometheus::start());
    let mut collector = Collector::start(&jaeger, &prometheus);
    let endpoint = support::all_to(collector.otlp_http(), "http/protobuf");
    let telemetry = support::telemetry("outage", &endpoint);

    let before = support::run(&telemetry, "before");
    telemetry.flush(LONG).expect("the collector runs");
    assert!(telemetry.lost().is_nothing());
    let spans = spans_of(&before);
    assert_eq!(jaeger.wait_for_spans("outage", spans).len(), spans);

    // The run is over before the collector is there again: nothing in it has waited for that.
    let mut made_meanwhile = 0;
    collector.restart_after(|| {
        made_meanwhile = spans_of(&support::run(&telemetry, "during"));
        telemetry
            .flush(LONG)
            .expect("to give up takes less than half a minute");
        assert_eq!(telemetry.lost().spans, made_meanwhile as u64);
    });

    let after = support::run(&telemetry, "after");
    let lost = match telemetry.shutdown() {
        Err(DeliveryError::Lost(lost)) => lost,
        other => panic!("the loss is told: {other:?}"),
    };
    assert_eq!(
        lost.spans, made_meanwhile as u64,
        "exactly what was made meanwhile"
    );
    let expected = spans + spans_of(&after);
    let arrived = jaeger.wait_for_spans("outage", expected);
    assert_eq!(arrived.len(), expected);
    assert!(arrived.iter().any(|span| span.name == "after"));
    assert!(!arrived.iter().any(|span| span.name == "during"));

    // Metrics are sums: what happened meanwhile is in them, late.
    let connects = (3 * support::workload::CLIENTS) as f64;
    prometheus.wait_for_sum(
        "loopscope_socket_operation_duration_seconds_count{loopscope_socket_operation=\"connect\"}",
        connects,
    );
}

#[test]
fn a_restart_that_an_export_can_wait_for_loses_nothing() {
    if !servers_are_there() {
        return;
    }
    let (jaeger, prometheus) = (Jaeger::start(), Prometheus::start());
    let mut collector = Collector::start(&jaeger, &prometheus);
    let [endpoint, protocol] = support::all_to(collector.otlp_http(), "http/protobuf");
    let patience = ("OTEL_EXPORTER_OTLP_TIMEOUT", String::from("60000"));
    let telemetry = support::telemetry("restart", &[endpoint, protocol, patience]);

    let mut spans = spans_of(&support::run(&telemetry, "before"));
    telemetry.flush(LONG).expect("the collector runs");
    jaeger.wait_for_spans("restart", spans);
    collector.restart_after(|| {
        spans += spans_of(&support::run(&telemetry, "during"));
        telemetry
            .flush(Duration::from_millis(200))
            .expect_err("nobody takes it");
    });
    telemetry.flush(LONG).expect("the collector runs again");
    assert_eq!(telemetry.lost().spans, 0);
    let arrived = jaeger.wait_for_spans("restart", spans);
    assert_eq!(arrived.len(), spans, "each once");
    assert!(arrived.iter().any(|span| span.name == "during"));
}

/// How many spans a run has made: an operation or a named task each, and the run itself.
fn spans_of(recorder: &loopscope::instrument::RecordingInstrument) -> usize {
    let operations = recorder.hooks(|hook| {
        (hook.starts_with("on_socket") && hook.ends_with("_ready"))
            || hook.starts_with("on_tls")
            || hook == "on_socket_error"
    });
    let tasks = recorder.of("on_task_spawned");
    operations.len() + tasks.iter().filter(|task| task.task_name.is_some()).count() + 1
}
