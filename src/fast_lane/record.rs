//! What goes through the ring.

use crate::clock::Timestamp;
use crate::otel::lane::LaneParent;
use opentelemetry::trace::SpanId;

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

/// A span.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) parent: LaneParent,
    pub(super) span_id: SpanId,
    pub(super) name: &'static str,
    pub(super) start_time: Timestamp,
    pub(super) finish_time: Timestamp,
    pub(super) size: Option<i64>,
    pub(super) socket: Place,
    pub(super) task: Place,
    pub(super) immediate: bool,
}
