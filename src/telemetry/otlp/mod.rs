//! Our own exporter of spans over OTLP, by http/protobuf.
//!
//! [`exporter`] is what the SDK calls. [`request`] makes a request of a batch: spans by their scope
//! ([`grouping`]), each written by [`span`] and [`attributes`] through the [`writer`]. [`sender`]
//! sends it, tries again when [`backoff`] says so, and counts by the [`answer`] what has arrived.

mod answer;
mod attributes;
mod backoff;
mod exporter;
pub(crate) mod fields;
mod grouping;
mod request;
mod sender;
mod span;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use attributes::{write_attribute, write_attributes, write_bool, write_i64};
pub(super) use exporter::OtlpSpanExporter;

#[cfg(feature = "testing")]
pub(super) use request::{EncodedResource, Encoder};
pub(crate) use span::{flags, kind, write_time};
pub(crate) use writer::Writer;
