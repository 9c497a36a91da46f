//! Jaeger has the same spans by the fast lane as by the SDK.

use crate::support::{all_to, certificates, telemetry, workload};
use integration_tests::{Collector, Jaeger, JaegerSpan, Prometheus, servers_are_there, wait_for};
use loopscope::event_loop::EventLoop;
use loopscope::instrument::{EnterScope, RecordingInstrument};
use loopscope::otel::OtelInstrument;
use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, TraceContextExt, Tracer, TracerProvider};
use std::collections::BTreeMap;

/// How often there are such spans, whatever their ids: whose children they are of those in their
/// trace, their names, durations, attributes and links.
fn counted<'a>(spans: impl Iterator<Item = &'a JaegerSpan>) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for span in spans {
        let JaegerSpan {
            trace_id,
            parent,
            name,
            duration,
            tags,
            links,
            ..
        } = span;
        let essence = format!("{trace_id} {parent:?} {name} {duration} {tags:?} {links:?}");
        *counts.entry(essence).or_insert(0) += 1;
    }
    counts
}

#[test]
fn jaeger_has_the_same_spans_as_by_the_sdk() {
    if !servers_are_there() {
        return;
    }
    let (jaeger, prometheus) = (Jaeger::start(), Prometheus::start());
    let collector = Collector::start(&jaeger, &prometheus);
    let [by_sdk, by_lane] = ["by-sdk", "by-lane"].map(|service| {
        let variables = all_to(collector.otlp_http(), "http/protobuf");
        telemetry(service, &variables)
    });
    {
        // Both hear the same, under one parent.
        let sdk = OtelInstrument::builder().tracer_provider(&by_sdk.tracer_provider());
        let lane = OtelInstrument::builder().fast_lane(&by_lane);
        let _scopes = (
            sdk.build().enter(),
            lane.expect("it is open").build().enter(),
        );
        let tracer = by_sdk.tracer_provider().tracer("test");
        let context = Context::current_with_span(tracer.start("both"));
        let configurations = certificates::for_localhost().expect("certificates");
        let work = async {
            workload::run(configurations, None::<RecordingInstrument>)
                .await
                .expect("the workload");
        };
        let event_loop = EventLoop::new().expect("a poller");
        event_loop.run_until_complete(work.with_context(context.clone()));
        context.span().end();
    }
    by_sdk.shutdown().expect("nothing is lost");
    by_lane.shutdown().expect("nothing is lost");

    let is_by_lane = |name: &str| ["socket recv", "socket send"].contains(&name);
    wait_for("the same spans of both", || {
        // The traces have spans of both.
        let spans = jaeger.spans("by-lane")?;
        let [sdk, lane] = ["by-sdk", "by-lane"].map(|service| {
            let all = spans.iter().filter(|span| is_by_lane(&span.name));
            counted(all.filter(|span| span.service == service))
        });
        if lane.len() > 20 && sdk == lane {
            Ok(())
        } else {
            Err(format!("{sdk:#?} by the SDK, {lane:#?} by the lane"))
        }
    });
}
