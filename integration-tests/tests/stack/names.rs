//! Which metrics and labels queries may speak of.

use crate::prometheus_names::in_prometheus;
use loopscope::otel::names;
use std::collections::BTreeSet;

/// What the Collector makes, of spans and of itself, and what Prometheus makes of rules.
const OTHERS: [&str; 14] = [
    "ALERTS",
    "otelcol_exporter_enqueue_failed_metric_points_total",
    "otelcol_exporter_enqueue_failed_spans_total",
    "otelcol_exporter_queue_capacity",
    "otelcol_exporter_queue_size",
    "otelcol_exporter_send_failed_metric_points_total",
    "otelcol_exporter_send_failed_spans_total",
    "traces_span_metrics_calls_total",
    "traces_span_metrics_duration_milliseconds_bucket",
    "job_instance:loopscope_task_schedule_duration_seconds:p99_5m",
    "job_instance_loop:loopscope_loop_active:ratio_rate5m",
    "job_instance_queue:loopscope_queue_put_waits:ratio_rate5m",
    "job_instance_route:http_server_request_failures:ratio_rate5m",
    "job_instance_role:loopscope_tls_handshake_failures:ratio_rate5m",
];

const OTHER_LABELS: [&str; 11] = [
    "alertname",
    "alertstate",
    "data_type",
    "exporter",
    "instance",
    "job",
    "le",
    "span_kind",
    "span_name",
    "status_code",
    "severity",
];

/// Words of the query language.
const WORDS: [&str; 19] = [
    "by",
    "ceil",
    "group",
    "histogram_quantile",
    "increase",
    "label_replace",
    "label_values",
    "m",
    "max",
    "min",
    "offset",
    "on",
    "or",
    "and",
    "rate",
    "round",
    "sum",
    "topk",
    "unless",
];

/// The names in a query, without those in quotes.
fn words(query: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut quoted = false;
    let mut start = None;
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_:$".contains(letter);
    for (at, letter) in query.char_indices().chain([(query.len(), ' ')]) {
        if !quoted && is_part(letter) {
            start = start.or(Some(at));
            continue;
        }
        if let Some(start) = start.take() {
            words.push(&query[start..at]);
        }
        quoted ^= letter == '"';
    }
    let is_name =
        |word: &str| !word.starts_with(|first: char| first.is_ascii_digit() || first == '$');
    words.retain(|word| is_name(word));
    words
}

/// The metrics that a query asks for.
///
/// # Panics
///
/// Where it speaks of what nobody emits.
pub(crate) fn metrics(query: &str) -> BTreeSet<String> {
    let emitted = names::METRICS.iter().chain(names::HTTP_METRICS);
    let emitted: BTreeSet<String> = emitted.flat_map(in_prometheus).collect();
    let labels: BTreeSet<String> = names::ATTRIBUTES
        .iter()
        .map(|key| key.replace('.', "_"))
        .collect();
    let mut asked = BTreeSet::new();
    for word in words(query) {
        if emitted.contains(word) || OTHERS.contains(&word) {
            asked.insert(word.to_owned());
        } else {
            let known =
                labels.contains(word) || OTHER_LABELS.contains(&word) || WORDS.contains(&word);
            assert!(known, "nothing is called {word}: {query}");
        }
    }
    assert!(!asked.is_empty(), "asks for nothing: {query}");
    asked
}

#[test]
fn what_nobody_emits_is_noticed() {
    let asked = metrics("sum by (job) (rate(loopscope_socket_io_bytes_total{job=~\"a\"}[5m]))");
    assert_eq!(
        asked,
        BTreeSet::from(["loopscope_socket_io_bytes_total".to_owned()])
    );
    for wrong in [
        "loopscope_socket_io_total",
        "loopscope_queue_size{loopscope_queue=\"jobs\"}",
    ] {
        let panicked = std::panic::catch_unwind(|| metrics(wrong)).is_err();
        assert!(panicked, "{wrong}");
    }
}
