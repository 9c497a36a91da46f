//! The fast lane: the spans that arrive are those that the SDK would have made.

use crate::server::{Answer, Server};
use crate::support::{LONG, builder, listen, make_span, said_about, spans, traces_to};
use loopscope::event_loop::{EventLoop, TaskBuilder};
use loopscope::instrument::EnterScope;
use loopscope::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use loopscope::otel::{OtelInstrument, SpanPolicy};
use loopscope::telemetry::{FastLaneError, Telemetry};
use opentelemetry::Context;
use opentelemetry::trace::{
    FutureExt, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

fn parent(state: TraceState) -> Context {
    let span = SpanContext::new(
        TraceId::from(7),
        SpanId::from(8),
        TraceFlags::SAMPLED,
        true,
        state,
    );
    Context::new().with_remote_span_context(span)
}

/// What has arrived: spans with the scope that they are of.
fn arrived(server: &Server) -> Vec<(InstrumentationScope, Span)> {
    let requests = server.arrived();
    let requests = requests.iter().filter(|it| it.path == "/v1/traces");
    let scopes = requests
        .flat_map(|request| spans(request).resource_spans)
        .flat_map(|resource| {
            assert_eq!(resource.schema_url, "");
            assert!(resource.resource.is_some());
            resource.scope_spans
        });
    scopes
        .flat_map(|scope| {
            assert_eq!(scope.schema_url, "https://opentelemetry.io/schemas/1.44.0");
            let name = scope.scope.unwrap();
            scope.spans.into_iter().map(move |it| (name.clone(), it))
        })
        .collect()
}

/// A span without what is another in each: its id, and the wall clock's reading of its start.
fn essence(mut span: Span) -> Span {
    span.span_id.clear();
    span.end_time_unix_nano -= span.start_time_unix_nano;
    span.start_time_unix_nano = 0;
    span
}

fn lane(telemetry: &Telemetry) -> OtelInstrument {
    let builder = OtelInstrument::builder().fast_lane(telemetry).unwrap();
    builder.build()
}

fn tracer(telemetry: &Telemetry) -> OtelInstrument {
    OtelInstrument::builder()
        .tracer_provider(&telemetry.tracer_provider())
        .build()
}

/// Bytes to and fro over sockets of all kinds, some of it at once and some after a wait, also by
/// tasks and sockets that are gone soon.
async fn talk() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for round in 0..20 {
        let name = format!("client {round}");
        let client = TaskBuilder::new().name(name).spawn(
            async move {
                let client = TcpStream::connect(address).await.unwrap();
                for _ in 0..3 {
                    client.write_all(b"ping").await.unwrap();
                    client.read_exact(&mut [0; 4]).await.unwrap();
                }
            }
            .with_context(parent(TraceState::NONE)),
        );
        let (served, _) = listener.accept().await.unwrap();
        for _ in 0..3 {
            served.read_exact(&mut [0; 4]).await.unwrap();
            served.write_all(b"pong").await.unwrap();
        }
        assert_eq!(served.read(&mut [0; 4]).await.unwrap(), 0);
        client.await.unwrap();
    }

    let (left, right) = UnixStream::pair().unwrap();
    left.write_all(b"ping").await.unwrap();
    right.read_exact(&mut [0; 4]).await.unwrap();

    let one = UdpSocket::bind("127.0.0.1:0").unwrap();
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (from, to) = (one.local_addr().unwrap(), other.local_addr().unwrap());
    one.send_to(b"ping", to).await.unwrap();
    other.recv_from(&mut [0; 4]).await.unwrap();
    let other = UdpSocket::connect(from).await.unwrap();
    other.send(b"pong").await.unwrap();
    one.recv_from(&mut [0; 4]).await.unwrap();
}

#[test]
fn the_same_spans_arrive_as_by_the_sdk() {
    let (one, other) = (
        Server::start(Answer::Status(200)),
        Server::start(Answer::Status(200)),
    );
    let small = [("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "7")];
    let (by_sdk, by_lane) = (
        traces_to(&one.address, &small),
        traces_to(&other.address, &small),
    );
    {
        let _by_sdk = tracer(&by_sdk).enter();
        let _by_lane = lane(&by_lane).enter();
        let event_loop = EventLoop::new().unwrap();
        event_loop.run_until_complete(talk().with_context(parent(TraceState::NONE)));
        let stateful = TraceState::from_key_value([("vendor", "value")]).unwrap();
        event_loop.run_until_complete(talk().with_context(parent(stateful)));
        event_loop.run_until_complete(talk());
    }
    by_sdk.shutdown().unwrap();
    by_lane.shutdown().unwrap();

    let operations = |server: &Server| -> Vec<(InstrumentationScope, Span)> {
        let all = arrived(server).into_iter();
        // Tasks have their spans from each of the two, and they are not the lane's business.
        all.filter(|(_, span)| span.name.starts_with("socket"))
            .filter(|(_, span)| span.parent_span_id == [0, 0, 0, 0, 0, 0, 0, 8])
            .collect()
    };
    let (by_sdk, by_lane) = (operations(&one), operations(&other));
    assert!(by_sdk.len() > 200, "{}", by_sdk.len());
    let ids: HashSet<_> = by_lane.iter().map(|(_, span)| &span.span_id).collect();
    assert_eq!(ids.len(), by_lane.len(), "ids are not unique");
    let count = |spans: Vec<(InstrumentationScope, Span)>| {
        let mut counts = BTreeMap::new();
        for (scope, span) in spans {
            let essence = format!("{scope:?} {:?}", essence(span));
            *counts.entry(essence).or_insert(0) += 1;
        }
        counts
    };
    assert_eq!(count(by_sdk), count(by_lane));
}

#[test]
fn spans_of_one_loop_arrive_in_their_order_with_the_right_socket_and_task() {
    let server = Server::start(Answer::Status(200));
    let telemetry = traces_to(&server.address, &[("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "16")]);
    {
        let _scope = lane(&telemetry).enter();
        let event_loop = EventLoop::new().unwrap();
        event_loop.run_until_complete(
            async {
                for round in 0..200 {
                    let talk = async move {
                        let (left, right) = UnixStream::pair().unwrap();
                        left.write_all(&vec![0; round + 1]).await.unwrap();
                        right.read_exact(&mut vec![0; round + 1]).await.unwrap();
                    };
                    let task = TaskBuilder::new().name(format!("round {round}"));
                    task.spawn(talk.with_context(Context::current()))
                        .await
                        .unwrap();
                }
            }
            .with_context(parent(TraceState::NONE)),
        );
    }
    telemetry.shutdown().unwrap();

    let mut rounds = (0..200).flat_map(|round| [("socket send", round), ("socket recv", round)]);
    for (_, span) in arrived(&server) {
        if !span.name.starts_with("socket") {
            continue;
        }
        let (name, round) = rounds.next().unwrap();
        assert_eq!(span.name, name);
        assert_eq!(text(&span, "loopscope.task.name"), format!("round {round}"));
        assert_eq!(number(&span, "loopscope.io.size"), round + 1);
    }
    assert_eq!(rounds.next(), None);
}

fn value<'a>(span: &'a Span, key: &str) -> &'a Value {
    let found: Vec<&KeyValue> = span.attributes.iter().filter(|it| it.key == key).collect();
    assert_eq!(found.len(), 1, "{key} in {span:?}");
    found[0].value.as_ref().unwrap().value.as_ref().unwrap()
}

fn text(span: &Span, key: &str) -> String {
    match value(span, key) {
        Value::StringValue(text) => text.clone(),
        other => panic!("{key} is {other:?}"),
    }
}

fn number(span: &Span, key: &str) -> i64 {
    match value(span, key) {
        Value::IntValue(number) => *number,
        other => panic!("{key} is {other:?}"),
    }
}

/// Sends and receives so many bytes, one by one, in a sampled trace: two spans for each.
fn send(bytes: usize) {
    EventLoop::new().unwrap().run_until_complete(
        async move {
            let (left, right) = UnixStream::pair().unwrap();
            for _ in 0..bytes {
                left.write_all(b"x").await.unwrap();
                right.read_exact(&mut [0]).await.unwrap();
            }
        }
        .with_context(parent(TraceState::NONE)),
    );
}

#[test]
fn threads_that_are_gone_lose_nothing() {
    let server = Server::start(Answer::Status(200));
    let telemetry = traces_to(&server.address, &[]);
    let instrument = lane(&telemetry);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let instrument = instrument.clone();
            std::thread::spawn(move || instrument.in_scope(|| send(100)))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    instrument.clone().in_scope(|| send(100));
    telemetry.flush(LONG).unwrap();
    assert_eq!(arrived(&server).len(), 1000);
    instrument.clone().in_scope(|| send(100));
    telemetry.shutdown().unwrap();
    assert_eq!(arrived(&server).len(), 200);
}

#[test]
fn a_loop_that_makes_few_spans_has_them_exported_in_time() {
    let server = Server::start(Answer::Status(200));
    let telemetry = traces_to(&server.address, &[("OTEL_BSP_SCHEDULE_DELAY", "10")]);
    lane(&telemetry).in_scope(|| send(3));
    assert_eq!(spans(&server.next("/v1/traces")).resource_spans.len(), 1);
}

/// Telemetry with room for so many spans, and a collector that never answers.
fn without_an_answer(room: &str) -> Telemetry {
    let server = Server::start(Answer::Silence);
    builder(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*server.address),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", room),
    ])
    .shutdown_deadline(Duration::from_millis(100))
    .build()
    .unwrap()
}

/// By the SDK and by the lane; one test, since both say the same.
#[test]
fn what_finds_no_room_is_counted_at_once_and_told_once() {
    listen();
    let said = || said_about("more is made than is exported").len();
    let telemetry = without_an_answer("4");
    for _ in 0..20 {
        make_span(&telemetry);
    }
    // Of the others some have been taken from the queue to be sent.
    let lost = telemetry.lost().spans;
    assert!((8..=16).contains(&lost), "{lost}");
    assert_eq!(said(), 1);
    let error = telemetry.shutdown().unwrap_err().to_string();
    assert!(error.contains("20 spans"), "{error}");

    let telemetry = without_an_answer("8");
    lane(&telemetry).in_scope(|| send(500));
    let lost = telemetry.lost().spans;
    assert!((900..1000).contains(&lost), "{lost}");
    assert_eq!(said(), 2);
    let error = telemetry.shutdown().unwrap_err().to_string();
    assert!(error.contains("1000 spans"), "{error}");
}

#[test]
fn what_would_make_other_spans_is_refused() {
    let refusal = |variables: &[(&str, &str)]| {
        let telemetry = traces_to("http://localhost:4318", variables);
        OtelInstrument::builder().fast_lane(&telemetry).map(drop)
    };
    assert_eq!(refusal(&[]), Ok(()));
    assert_eq!(refusal(&[("OTEL_SDK_DISABLED", "true")]), Ok(()));
    assert_eq!(refusal(&[("OTEL_TRACES_EXPORTER", "none")]), Ok(()));
    assert_eq!(
        refusal(&[("OTEL_TRACES_SAMPLER", "always_on")]),
        Err(FastLaneError::Sampler)
    );
    assert_eq!(
        refusal(&[("OTEL_TRACES_EXPORTER", "console")]),
        Err(FastLaneError::Exporter("console"))
    );
    #[cfg(feature = "otlp-json")]
    assert_eq!(
        refusal(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]),
        Err(FastLaneError::Exporter("http/json"))
    );
    let error = refusal(&[("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "5")]).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT, which is 5"),
        "{said}"
    );
}

#[test]
fn policies_and_suppression_hold() {
    let server = Server::start(Answer::Status(200));
    let telemetry = traces_to(&server.address, &[]);
    let builder = || OtelInstrument::builder().fast_lane(&telemetry).unwrap();
    for policy in [SpanPolicy::Off, SpanPolicy::LongerThan(LONG)] {
        builder().spans(policy).build().in_scope(|| send(3));
    }
    {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        builder().build().in_scope(|| {
            EventLoop::new().unwrap().run_until_complete(async {
                let (left, _right) = UnixStream::pair().unwrap();
                left.write_all(b"x").await.unwrap();
            });
        });
    }
    telemetry.shutdown().unwrap();
    assert!(server.is_untouched());
}
