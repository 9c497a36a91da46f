//! The context and the span that a new task gets.

use super::TaskSpan;
use crate::instrument::{SocketHandle, TaskSpawnedMetadata};
use crate::otel::attributes::{push_address, push_task};
use crate::otel::names;
use crate::otel::open_spans::OpenSpans;
use crate::otel::spans::{SpanPolicy, Spans, span_name};
use opentelemetry::baggage::{BaggageExt, KeyValueMetadata};
use opentelemetry::trace::{Link, SpanBuilder, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use std::sync::Arc;

/// What a new task starts with.
#[derive(Default)]
pub(super) struct TaskTrace {
    pub(super) context: Option<Context>,
    pub(super) span: Option<TaskSpan>,
}

impl Spans {
    /// The context that a new task runs in, and its span where it is to have one.
    ///
    /// A task goes on in its spawner's trace; one that is detached starts a trace of its own, which
    /// a link connects to its spawner's.
    pub(super) fn start_task(
        &self,
        metadata: &TaskSpawnedMetadata<'_>,
        open_spans: &Arc<OpenSpans>,
    ) -> TaskTrace {
        let has_span = self.settings.policy != SpanPolicy::Off
            && (metadata.task.name().is_some() || metadata.serves.is_some());
        let inherits = Context::map_current(carries_anything);
        if !has_span && !inherits {
            return TaskTrace::default();
        }
        let spawner = Context::current();
        let inherited = if metadata.detached && spawner.has_active_span() {
            without_span(&spawner)
        } else {
            spawner.clone()
        };
        if has_span && self.admits_task(&spawner, metadata.detached) {
            let links = linked(&spawner, metadata.detached);
            if let Some(trace) = self.start_task_span(metadata, &inherited, links, open_spans) {
                return trace;
            }
        }
        TaskTrace {
            context: inherits.then_some(inherited),
            span: None,
        }
    }

    /// Whether a task spawned in this context may have a span.
    ///
    /// A detached one does not depend on whether its spawner is sampled, since it has a trace of
    /// its own; where traces are not to start by themselves, a sampled spawner is a reason to.
    fn admits_task(&self, spawner: &Context, detached: bool) -> bool {
        if !detached || spawner.is_telemetry_suppressed() {
            return self.admits(spawner);
        }
        !self.settings.only_with_parent || spawner.span().span_context().is_sampled()
    }

    fn start_task_span(
        &self,
        metadata: &TaskSpawnedMetadata<'_>,
        parent: &Context,
        links: Vec<Link>,
        open_spans: &Arc<OpenSpans>,
    ) -> Option<TaskTrace> {
        let mut attributes = Vec::with_capacity(names::TASK.attributes.len());
        push_task(&mut attributes, metadata.task, None);
        let kind = match metadata.serves {
            Some(socket) => {
                push_served(&mut attributes, socket);
                SpanKind::Server
            }
            None => SpanKind::Internal,
        };
        let start_time = metadata.spawn_time.to_system_time();
        let builder = SpanBuilder::from_name(span_name(&names::TASK, metadata.task.name()))
            .with_kind(kind)
            .with_start_time(start_time)
            .with_attributes(attributes)
            .with_links(links);
        let context = self.tracer.start(builder, parent);
        let span = context.span();
        if !span.span_context().is_valid() {
            // There is no SDK, or it has shut down.
            return None;
        }
        let is_recording = span.is_recording();
        Some(TaskTrace {
            // Also where it is not recorded: the task's operations belong to a trace that is not
            // sampled, and must not start others.
            span: is_recording.then(|| TaskSpan {
                open: open_spans.add(context.clone()),
                start_time,
            }),
            context: Some(context),
        })
    }
}

/// Whether a context has anything that a new task is to have too.
fn carries_anything(context: &Context) -> bool {
    context.has_active_span() || context.is_telemetry_suppressed() || !context.baggage().is_empty()
}

/// A context's baggage and suppression.
///
/// The API has no way to take the span alone out of a context, and one that is put in its place to
/// stand for none counts as a parent that is not sampled for the SDK's `Sampler::ParentBased`.
fn without_span(context: &Context) -> Context {
    let mut without = Context::new();
    if !context.baggage().is_empty() {
        let entries = context.baggage().iter().map(|(key, (value, metadata))| {
            KeyValueMetadata::new(key.clone(), value.clone(), metadata.clone())
        });
        without = without.with_baggage(entries);
    }
    if context.is_telemetry_suppressed() {
        without = without.with_telemetry_suppressed();
    }
    without
}

fn linked(spawner: &Context, detached: bool) -> Vec<Link> {
    let span = spawner.span();
    if detached && span.span_context().is_valid() {
        vec![Link::with_context(span.span_context().clone())]
    } else {
        Vec::new()
    }
}

/// The two ends of a connection that a task serves: its peer is the client.
fn push_served(attributes: &mut Vec<KeyValue>, socket: &SocketHandle) {
    if let Some(client) = socket.peer_address() {
        push_address(
            attributes,
            (names::CLIENT_ADDRESS, names::CLIENT_PORT),
            client,
        );
    }
    if let Some(server) = socket.local_address() {
        push_address(
            attributes,
            (names::SERVER_ADDRESS, names::SERVER_PORT),
            server,
        );
    }
}
