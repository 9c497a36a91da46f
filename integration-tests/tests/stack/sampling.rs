//! What `docs/sampling.md` says of sampling in the Collector.

use crate::pages::stack_with;
use crate::support;
use integration_tests::{JaegerApi, PrometheusApi, servers_are_there, wait_for};
use opentelemetry::trace::{Span, SpanBuilder, Status, Tracer, TracerProvider};
use std::time::{Duration, SystemTime};

const SERVICE: &str = "sampled";
const MANY: usize = 100;

/// Ends a span that took so long, each in a trace of its own.
fn make(tracer: &impl Tracer, name: &'static str, took: Duration, status: Status) {
    let now = SystemTime::now();
    let builder = SpanBuilder::from_name(name).with_start_time(now - took);
    let mut span = tracer.build(builder);
    span.set_status(status);
    span.end_with_timestamp(now);
}

#[test]
fn what_failed_or_was_slow_is_kept_and_of_the_rest_a_part() {
    if !servers_are_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let stack = stack_with(folder.path(), "docs/sampling.md", "tail.yaml");
    let endpoint = support::all_to(stack.otlp_http(), "http/protobuf");
    let telemetry = support::telemetry(SERVICE, &endpoint);
    let tracer = telemetry.tracer_provider().tracer("test");
    let quick = Duration::from_millis(1);
    for _ in 0..MANY {
        make(&tracer, "quick", quick, Status::Unset);
    }
    make(&tracer, "slow", Duration::from_secs(1), Status::Unset);
    // Last, so that the others are decided when this is.
    make(&tracer, "failed", quick, Status::error("on purpose"));
    telemetry.shutdown().expect("nothing is lost");

    let jaeger = JaegerApi::at(stack.jaeger());
    let kept = wait_for("failed and slow traces", || {
        let spans = jaeger.spans(SERVICE)?;
        let count = |name: &str| spans.iter().filter(|span| span.name == name).count();
        match (count("failed"), count("slow")) {
            (1, 1) => Ok(count("quick")),
            other => Err(format!("{other:?}")),
        }
    });
    assert!(kept < MANY / 2, "{kept} of {MANY}");
    // Span metrics have all of them.
    let prometheus = PrometheusApi::at(stack.prometheus());
    let counted = format!("traces_span_metrics_calls_total{{job=\"{SERVICE}\"}}");
    prometheus.wait_for_sum(&counted, (MANY + 2) as f64);
    stack.stop().expect("all servers end in order");
}
