//! What goes through the ring.

use crate::clock::Timestamp;
use crate::otel::lane::LaneOperation;
use opentelemetry::trace::{SpanId, TraceFlags, TraceId};

/// What the loop's thread hands over.
#[derive(Debug)]
pub(super) enum Entry {
    /// What all spans of a socket or a task have in common, and the place that they name it by from
    /// now on: attributes as fields of a span.
    Describe {
        place: Place,
        attributes: Box<[u8]>,
    },
    Span(Record),
}

/// Stands for a description, in one ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub(super) u32);

/// A span, in one line of the cache.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) trace_id: TraceId,
    pub(super) parent_span_id: SpanId,
    pub(super) span_id: SpanId,
    pub(super) start_time: Timestamp,
    pub(super) finish_time: Timestamp,
    pub(super) size: u32,
    pub(super) socket: Place,
    pub(super) task: Place,
    pub(super) operation: LaneOperation,
    pub(super) trace_flags: TraceFlags,
    pub(super) parent_is_remote: bool,
    pub(super) immediate: bool,
}

const _: () = assert!(size_of::<Entry>() == 64, "a record costs a line more");
