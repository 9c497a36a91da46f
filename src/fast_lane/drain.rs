//! The end of the lane on the thread that exports.

use super::record::{Entry, Place, Record};
use crate::otel::names;
use crate::telemetry::otlp::fields::{scope_spans, span};
use crate::telemetry::otlp::{
    Writer, flags, kind, write_attribute, write_bool, write_i64, write_time,
};
use crate::telemetry::worker::Turn;
use opentelemetry::trace::SpanKind;
use rtrb::Consumer;

/// The ring of one thread, and what is known of those that its spans name.
#[derive(Debug)]
pub(super) struct Ring {
    entries: Consumer<Entry>,
    descriptions: Descriptions,
}

impl Ring {
    pub(super) fn new(entries: Consumer<Entry>) -> Self {
        Self {
            entries,
            descriptions: Descriptions::default(),
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.entries.slots()
    }

    /// Whether nothing comes from there any more.
    pub(super) fn is_done(&self) -> bool {
        // In this order: what came before its end is seen.
        self.entries.is_abandoned() && self.entries.is_empty()
    }

    /// Takes up to `most` spans that are due in this turn in hand; they mean descriptions of this
    /// ring until the next.
    pub(super) fn take(&mut self, turn: Turn, most: usize, batch: &mut Vec<Planned>) {
        batch.clear();
        self.descriptions.forget_replaced();
        if turn == Turn::Full && self.entries.slots() < most {
            return;
        }
        while batch.len() < most
            && let Ok(entry) = self.entries.pop()
        {
            match entry {
                Entry::Describe { place, attributes } => self.descriptions.set(place, attributes),
                Entry::Span(record) => batch.push(Planned {
                    record,
                    socket: self.descriptions.find(record.socket),
                    task: self.descriptions.find(record.task),
                }),
            }
        }
    }

    /// Writes a span, as the SDK's exporter would.
    pub(super) fn write(&self, planned: &Planned, writer: &mut Writer) {
        let record = &planned.record;
        writer.message(scope_spans::SPANS, |writer| {
            writer.fixed32(
                span::FLAGS,
                flags(record.trace_flags, record.parent_is_remote),
            );
            // Unset.
            writer.message(span::STATUS, |_| {});
            writer.raw(self.descriptions.get(planned.task));
            write_attribute(writer, span::ATTRIBUTES, names::IMMEDIATE, |writer| {
                write_bool(writer, record.immediate);
            });
            write_attribute(writer, span::ATTRIBUTES, names::IO_SIZE, |writer| {
                write_i64(writer, record.size.into());
            });
            writer.raw(self.descriptions.get(planned.socket));
            let start_time = record.start_time.to_system_time();
            let end_time = start_time + (record.finish_time - record.start_time);
            write_time(writer, span::END_TIME_UNIX_NANO, end_time);
            write_time(writer, span::START_TIME_UNIX_NANO, start_time);
            writer.count(span::KIND, kind(&SpanKind::Internal));
            writer.string(span::NAME, record.operation.definition().name);
            writer.bytes(span::PARENT_SPAN_ID, &record.parent_span_id.to_bytes());
            writer.bytes(span::SPAN_ID, &record.span_id.to_bytes());
            writer.bytes(span::TRACE_ID, &record.trace_id.to_bytes());
        });
    }
}

/// A span whose descriptions have been found.
#[derive(Debug)]
pub(super) struct Planned {
    record: Record,
    socket: Description,
    task: Description,
}

/// Where a description is kept.
#[derive(Debug, Clone, Copy)]
struct Description(usize);

/// What places mean.
///
/// A place may come to mean something else in the middle of a batch: what it meant is kept until
/// the batch has been written.
#[derive(Debug, Default)]
struct Descriptions {
    by_place: Vec<Option<Description>>,
    kept: slab::Slab<Box<[u8]>>,
    replaced: Vec<Description>,
}

impl Descriptions {
    fn set(&mut self, Place(place): Place, attributes: Box<[u8]>) {
        let place = place as usize;
        if self.by_place.len() <= place {
            self.by_place.resize(place + 1, None);
        }
        let description = Description(self.kept.insert(attributes));
        self.replaced
            .extend(self.by_place[place].replace(description));
    }

    fn find(&self, Place(place): Place) -> Description {
        self.by_place[place as usize].expect("a place is described before spans name it")
    }

    fn get(&self, Description(index): Description) -> &[u8] {
        &self.kept[index]
    }

    fn forget_replaced(&mut self) {
        for Description(index) in self.replaced.drain(..) {
            self.kept.remove(index);
        }
    }
}
