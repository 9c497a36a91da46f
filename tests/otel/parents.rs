//! Whose child a span is, and when there is none.

use crate::support::*;
use loopscope::instrument::*;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    InMemorySpanExporter, Sampler, SamplingDecision, SamplingResult, SdkTracerProvider,
    ShouldSample, Span, SpanData, SpanProcessor,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;

fn remote(flags: TraceFlags) -> Context {
    let span = SpanContext::new(
        TraceId::from(7),
        SpanId::from(8),
        flags,
        true,
        TraceState::default(),
    );
    Context::new().with_remote_span_context(span)
}

/// A sampler that counts how often it is asked, which is once for each span that is built.
#[derive(Debug, Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Asked {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl ShouldSample for Asked {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        self.0.fetch_add(1, Ordering::Relaxed);
        let sampler = Sampler::AlwaysOn;
        sampler.should_sample(parent_context, trace_id, name, span_kind, attributes, links)
    }
}

#[test]
fn tasks_that_take_turns_keep_their_contexts() {
    let bridge = Bridge::new();
    let (left, right) = (task(Some("left")), task(Some("right")));
    bridge.otel.spawn(&left);
    bridge.otel.spawn(&right);
    for _ in 0..2 {
        bridge.otel.poll(&left, || bridge.otel.recv(Some(&left)));
        bridge.otel.recv(None);
        bridge.otel.poll(&right, || bridge.otel.recv(Some(&right)));
    }
    bridge.otel.complete(&left);
    bridge.otel.complete(&right);

    let spans = bridge.spans();
    let (left, right) = (&spans[6], &spans[7]);
    for round in [0, 3] {
        assert_child(&spans[round], left);
        assert!(is_root(&spans[round + 1]));
        assert_child(&spans[round + 2], right);
    }
}

#[test]
fn children_nest_in_the_spawner_and_unnamed_tasks_pass_it_on() {
    let bridge = Bridge::new();
    let (outer, between, inner) = (task(Some("outer")), task(None), task(Some("inner")));
    bridge.otel.spawn(&outer);
    bridge.otel.poll(&outer, || bridge.otel.spawn(&between));
    bridge.otel.poll(&between, || {
        bridge.otel.recv(Some(&between));
        bridge.otel.spawn(&inner);
    });
    for task in [&inner, &between, &outer] {
        bridge.otel.complete(task);
    }
    let outer = bridge.span_named("task outer");
    assert_child(&bridge.span_named("socket recv"), &outer);
    assert_child(&bridge.span_named("task inner"), &outer);
}

#[test]
fn an_operation_dropped_outside_of_its_task_is_the_tasks_all_the_same() {
    let bridge = Bridge::new();
    let (owner, other) = (task(Some("owner")), task(Some("other")));
    bridge.otel.spawn(&owner);
    bridge.otel.spawn(&other);
    let socket = client();
    let dropped = SocketErrorMetadata::new(
        Some(&owner),
        &socket,
        SocketOperation::Recv,
        Failure::Cancelled,
        at(10),
        at(20),
    );
    bridge
        .otel
        .poll(&other, || bridge.otel.on_socket_error(&dropped));
    bridge.otel.complete(&owner);
    assert_child(
        &bridge.span_named("socket recv"),
        &bridge.span_named("task owner"),
    );
}

#[test]
fn a_detached_task_starts_a_trace_that_is_linked() {
    let bridge = Bridge::new();
    let (outer, named, unnamed) = (task(Some("outer")), task(Some("named")), task(None));
    bridge.otel.spawn(&outer);
    bridge.otel.poll(&outer, || {
        bridge.otel.spawn_detached(&named);
        bridge.otel.spawn_detached(&unnamed);
    });
    bridge.otel.poll(&named, || bridge.otel.recv(Some(&named)));
    bridge
        .otel
        .poll(&unnamed, || bridge.otel.recv(Some(&unnamed)));
    for task in [&named, &unnamed, &outer] {
        bridge.otel.complete(task);
    }
    let (outer, named) = (
        bridge.span_named("task outer"),
        bridge.span_named("task named"),
    );
    assert!(is_root(&named));
    assert_ne!(named.span_context.trace_id(), outer.span_context.trace_id());
    assert_eq!(named.links.len(), 1);
    assert_eq!(named.links[0].span_context, outer.span_context);
    assert_child(&bridge.spans()[0], &named);
    assert!(is_root(&bridge.spans()[1]), "not in the spawner's trace");
}

#[test]
fn nothing_is_built_under_a_parent_that_is_not_sampled() {
    let asked = Asked::default();
    let bridge = Bridge::sampled_by(asked.clone(), |builder| builder);
    let task = task(Some("worker"));
    {
        let _unsampled = remote(TraceFlags::NOT_SAMPLED).attach();
        bridge.otel.recv(None);
        bridge.otel.spawn(&task);
    }
    bridge.otel.poll(&task, || bridge.otel.recv(Some(&task)));
    bridge.otel.complete(&task);
    assert_eq!(asked.count(), 0);

    let bridge = Bridge::sampled_by(asked.clone(), |builder| builder.always_ask_sampler(true));
    let _unsampled = remote(TraceFlags::NOT_SAMPLED).attach();
    bridge.otel.recv(None);
    assert_eq!(asked.count(), 1);
    assert_eq!(bridge.only_span().parent_span_id, SpanId::from(8));
}

#[test]
fn a_task_that_is_not_sampled_starts_no_other_traces() {
    #[derive(Debug, Clone)]
    struct DropTasks(Asked);
    impl ShouldSample for DropTasks {
        fn should_sample(
            &self,
            parent_context: Option<&Context>,
            trace_id: TraceId,
            name: &str,
            span_kind: &SpanKind,
            attributes: &[KeyValue],
            links: &[Link],
        ) -> SamplingResult {
            let mut result =
                self.0
                    .should_sample(parent_context, trace_id, name, span_kind, attributes, links);
            if name.starts_with("task") {
                result.decision = SamplingDecision::Drop;
            }
            result
        }
    }
    let asked = Asked::default();
    let bridge = Bridge::sampled_by(DropTasks(asked.clone()), |builder| builder);
    let task = task(Some("worker"));
    bridge.otel.spawn(&task);
    bridge.otel.poll(&task, || bridge.otel.recv(Some(&task)));
    bridge.otel.complete(&task);
    assert_eq!(asked.count(), 1, "for the task alone");
    assert_eq!(bridge.span_names(), [""; 0]);
}

#[test]
fn traces_start_elsewhere_where_so_chosen() {
    let bridge = Bridge::with(|builder| builder.only_with_parent(true));
    let (alone, caused, detached) = (
        task(Some("alone")),
        task(Some("caused")),
        task(Some("away")),
    );
    bridge.otel.recv(None);
    bridge.otel.spawn(&alone);
    bridge.otel.spawn_detached(&alone);
    {
        let _sampled = remote(TraceFlags::SAMPLED).attach();
        bridge.otel.recv(None);
        bridge.otel.spawn(&caused);
        bridge.otel.spawn_detached(&detached);
    }
    for task in [&alone, &caused, &detached] {
        bridge.otel.complete(task);
    }
    assert_eq!(
        bridge.span_names(),
        ["socket recv", "task caused", "task away"]
    );
    assert!(is_root(&bridge.spans()[2]));
}

#[test]
fn spans_of_the_user_are_parents_and_children() {
    let bridge = Bridge::new();
    let tracer = bridge.tracers.tracer("user");
    let task = task(Some("worker"));
    tracer.in_span("request", |_| {
        bridge.otel.recv(None);
        bridge.otel.spawn(&task);
    });
    bridge.otel.poll(&task, || {
        tracer.in_span("step", |_| bridge.otel.recv(Some(&task)));
    });
    bridge.otel.complete(&task);

    let spans = bridge.spans();
    let (request, step) = (bridge.span_named("request"), bridge.span_named("step"));
    let worker = bridge.span_named("task worker");
    assert_child(&spans[0], &request);
    assert_child(&worker, &request);
    assert_child(&step, &worker);
    assert_child(&spans[2], &step);
}

#[test]
fn spans_of_tracing_are_parents_and_children() {
    let bridge = Bridge::new();
    let layer = tracing_opentelemetry::layer().with_tracer(bridge.tracers.tracer("user"));
    let subscriber = tracing_subscriber::registry().with(layer);
    let task = task(Some("worker"));
    tracing::subscriber::with_default(subscriber, || {
        tracing::info_span!("request").in_scope(|| bridge.otel.spawn(&task));
        bridge.otel.poll(&task, || {
            tracing::info_span!("step").in_scope(|| bridge.otel.recv(Some(&task)));
        });
        bridge.otel.complete(&task);
    });
    let (step, worker) = (bridge.span_named("step"), bridge.span_named("task worker"));
    assert_child(&worker, &bridge.span_named("request"));
    assert_child(&step, &worker);
    assert_child(&bridge.span_named("socket recv"), &step);
}

#[test]
fn baggage_and_suppression_are_inherited() {
    let bridge = Bridge::new();
    let (carrier, silent, detached) = (task(None), task(Some("exporter")), task(Some("later")));
    {
        let baggage = Context::new().with_baggage([KeyValue::new("tenant", "a")]);
        let _baggage = baggage.attach();
        bridge.otel.spawn(&carrier);
    }
    {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        bridge.otel.spawn(&silent);
    }
    bridge
        .otel
        .poll(&silent, || bridge.otel.spawn_detached(&detached));
    bridge
        .otel
        .poll(&detached, || bridge.otel.recv(Some(&detached)));
    bridge.otel.poll(&carrier, || {
        let current = Context::current();
        assert_eq!(current.baggage().get("tenant").unwrap().as_str(), "a");
    });
    bridge.otel.poll(&silent, || {
        assert!(Context::is_current_telemetry_suppressed());
        bridge.otel.recv(Some(&silent));
    });
    assert!(!Context::is_current_telemetry_suppressed());
    assert!(Context::current().baggage().is_empty());
    bridge.otel.complete(&silent);
    bridge.otel.complete(&detached);
    assert_eq!(bridge.span_names(), [""; 0]);
}

#[test]
fn a_detached_task_keeps_baggage_and_suppression() {
    let bridge = Bridge::new();
    let (outer, away, silent) = (task(Some("outer")), task(Some("away")), task(None));
    bridge.otel.spawn(&outer);
    bridge.otel.poll(&outer, || {
        {
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            bridge.otel.spawn_detached(&silent);
        }
        let baggage = Context::current().with_baggage([KeyValue::new("tenant", "a")]);
        let _baggage = baggage.attach();
        bridge.otel.spawn_detached(&away);
    });
    bridge.otel.poll(&away, || {
        let current = Context::current();
        assert_eq!(current.baggage().get("tenant").unwrap().as_str(), "a");
    });
    bridge.otel.poll(&silent, || {
        assert!(Context::is_current_telemetry_suppressed());
        assert!(!Context::current().has_active_span());
    });
}

/// A processor that does what those of other vendors do.
#[derive(Debug)]
struct Attaches;

impl SpanProcessor for Attaches {
    fn on_start(&self, _: &mut Span, _: &Context) {
        drop(Context::new().attach());
    }

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[test]
fn processors_may_attach_contexts() {
    let spans = InMemorySpanExporter::default();
    let tracers = SdkTracerProvider::builder()
        .with_span_processor(Attaches)
        .with_simple_exporter(spans.clone())
        .build();
    let bridge = Bridge::over(tracers, spans, |builder| builder);
    let task = task(Some("worker"));
    bridge.otel.spawn(&task);
    bridge.otel.poll(&task, || bridge.otel.recv(Some(&task)));
    bridge.otel.complete(&task);
    assert_eq!(bridge.spans().len(), 2);
}

#[test]
fn a_handle_in_force_twice_gives_a_task_one_span() {
    let bridge = Bridge::new();
    let task = task(Some("worker"));
    let both = CompositeInstrument::new([
        std::rc::Rc::new(bridge.otel.clone()) as std::rc::Rc<dyn EventLoopInstrument>,
        std::rc::Rc::new(bridge.otel.clone()),
    ]);
    both.on_task_spawned(&TaskSpawnedMetadata::new(&task, None, at(0)));
    let sent = TaskSendMetadata::new(&task, Resumption::Started, at(1));
    both.on_task_before_send(&sent);
    assert!(Context::current().has_active_span());
    both.on_task_completed(&TaskEndMetadata::new(&task, true, at(1), at(2)));
    assert!(!Context::current().has_active_span());
    assert_eq!(bridge.span_names(), ["task worker"]);
    assert_eq!(bridge.points("loopscope.task.active"), [": 0"]);
}
