//! Another way for the spans that there are most of.

use super::names::{self, SpanDefinition};
use crate::clock::Timestamp;
use crate::instrument::{SlotKey, SocketHandle, TaskInfo};
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId};

/// Takes the spans of receives and sends that succeed in a sampled trace, in place of a tracer.
pub(crate) trait Lane: Send + Sync {
    /// Makes a span, or loses and counts it.
    fn take(&self, span: &LaneSpan<'_>);
}

/// A receive or a send that has succeeded.
pub(crate) struct LaneSpan<'a> {
    pub(crate) operation: LaneOperation,
    pub(crate) parent: LaneParent,
    pub(crate) socket: &'a SocketHandle,
    pub(crate) task: &'a TaskInfo,
    pub(crate) immediate: bool,
    pub(crate) size: u32,
    pub(crate) start_time: Timestamp,
    pub(crate) finish_time: Timestamp,
    /// Under which the bridge keeps what it knows of the socket.
    pub(crate) key: SlotKey,
}

/// What a lane knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LaneOperation {
    Recv,
    Send,
}

impl LaneOperation {
    pub(crate) const fn definition(self) -> &'static SpanDefinition {
        match self {
            Self::Recv => &names::SOCKET_RECV,
            Self::Send => &names::SOCKET_SEND,
        }
    }
}

/// What a span takes from its parent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneParent {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) trace_flags: TraceFlags,
    pub(crate) is_remote: bool,
}

impl LaneParent {
    /// A parent whose children are sampled where the sampler goes by the parent. One with a trace
    /// state is left to the tracer.
    pub(super) fn of(parent: &SpanContext) -> Option<Self> {
        let is_sampled = parent.is_sampled() && parent.is_valid();
        let has_state = parent.trace_state().into_iter().next().is_some();
        (is_sampled && !has_state).then(|| Self {
            trace_id: parent.trace_id(),
            span_id: parent.span_id(),
            trace_flags: parent.trace_flags(),
            is_remote: parent.is_remote(),
        })
    }
}
