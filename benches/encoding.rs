//! Making a request of spans, without sending it: ours, and the stock exporter's conversion to
//! messages and their encoding. Nanoseconds for a span.
//!
//! `cargo bench --bench encoding --features testing`

use criterion::Criterion;
use loopscope::clock::Timestamp;
use loopscope::telemetry::bench::SpanEncoder;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use prost::Message;
use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for attributes in [9, 4] {
        let mut group = criterion.benchmark_group(format!("{attributes} attributes"));
        let batch = || (0..BATCH).map(|number| span(number, attributes)).collect();
        let mut encoder = SpanEncoder::default();
        let resource = ResourceAttributesWithSchema::default();
        group.bench_function("ours", |bencher| {
            let batch: Vec<_> = batch();
            bencher.iter_custom(|times| {
                each(
                    times,
                    || (),
                    |()| {
                        black_box(encoder.encode(black_box(&batch)));
                    },
                )
            });
        });
        group.bench_function("ours, and the spans freed", |bencher| {
            bencher.iter_custom(|times| {
                each(times, batch, |batch: Vec<_>| {
                    black_box(encoder.encode(&batch));
                })
            });
        });
        group.bench_function("stock", |bencher| {
            bencher.iter_custom(|times| {
                each(times, batch, |batch| {
                    let resource_spans = group_spans_by_resource_and_scope(batch, &resource);
                    let request = ExportTraceServiceRequest { resource_spans };
                    black_box(request.encode_to_vec());
                })
            });
        });
        group.finish();
    }
    criterion.final_summary();
}

const BATCH: u64 = 2048;

/// How long it takes to encode so many spans, in batches that `prepare` makes.
fn each<B>(times: u64, prepare: impl Fn() -> B, mut encode: impl FnMut(B)) -> Duration {
    let batches = times.div_ceil(BATCH);
    let mut total = Duration::ZERO;
    for _ in 0..batches {
        let batch = prepare();
        let start = Timestamp::now();
        encode(batch);
        total += Timestamp::now() - start;
    }
    total.mul_f64(times as f64 / (batches * BATCH) as f64)
}

/// A span as the bridge makes it of a receive, with so many of its attributes.
fn span(number: u64, attributes: usize) -> SpanData {
    let address = || String::from("127.0.0.1");
    let mut all = vec![
        KeyValue::new("network.transport", "tcp"),
        KeyValue::new("loopscope.io.size", 64),
        KeyValue::new("loopscope.immediate", true),
        KeyValue::new("loopscope.task.id", number.cast_signed()),
        KeyValue::new("network.peer.address", address()),
        KeyValue::new("network.peer.port", 54_321),
        KeyValue::new("network.local.address", address()),
        KeyValue::new("network.local.port", 8080),
        KeyValue::new("network.type", "ipv4"),
    ];
    all.truncate(attributes);
    let start = UNIX_EPOCH + Duration::from_nanos(1_790_000_000_123_456_789 + number);
    let scope = InstrumentationScope::builder("loopscope")
        .with_version("0.1.0")
        .with_schema_url("https://opentelemetry.io/schemas/1.44.0");
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(1 << 100 | u128::from(number)),
            SpanId::from(1 << 50 | number),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: SpanId::from(7),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: "socket recv".into(),
        start_time: start,
        end_time: start + Duration::from_micros(12),
        attributes: all,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: scope.build(),
    }
}
