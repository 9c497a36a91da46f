//! Our own exporter of spans over OTLP, by http/protobuf.
//!
//! [`exporter`] is what the SDK calls. [`request`] makes a request of a batch: spans by their scope
//! ([`grouping`]), each written by [`span`] and [`attributes`] through the [`writer`]. [`sender`]
//! sends it, tries again when [`backoff`] says so, and counts by the [`answer`] what has arrived.

mod answer;
mod attributes;
mod backoff;
mod exporter;
mod fields;
mod grouping;
mod request;
mod sender;
mod span;
#[cfg(test)]
mod tests;
mod writer;

pub(super) use exporter::OtlpSpanExporter;
#[cfg(feature = "testing")]
pub(super) use request::{EncodedResource, Encoder};
