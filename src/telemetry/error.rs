//! What can be wrong with telemetry.

use std::error::Error;
use std::fmt;

/// A variable whose value makes no sense.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidVariable {
    /// The variable's name.
    pub name: String,
    /// Its value; not that of headers, in which secrets are.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
}

impl fmt::Display for InvalidVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}={:?} is not valid: expected {}",
            self.name, self.value, self.allowed
        )
    }
}

/// Telemetry could not be set up.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Variables have values that make no sense: all of them.
    #[error("{}", list(.0))]
    Variables(Vec<InvalidVariable>),
    /// An exporter could not be made.
    #[error("the exporter of {signal} cannot be made: {source}")]
    Exporter {
        /// `traces`, `metrics` or `logs`.
        signal: &'static str,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
}

fn list(variables: &[InvalidVariable]) -> String {
    variables
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Why spans cannot take the [fast lane](crate::otel::OtelInstrumentBuilder::fast_lane).
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FastLaneError {
    /// The sampler decides about each span, and the fast lane asks it about none.
    #[error(
        "the fast lane needs a sampler that goes by the parent: set OTEL_TRACES_SAMPLER to one of \
         those that begin with `parentbased_`, or leave the fast lane out"
    )]
    Sampler,
    /// Spans are not exported over http/protobuf, but this way.
    #[error(
        "the fast lane exports over http/protobuf and not by {0}: set OTEL_TRACES_EXPORTER to \
         `otlp` and OTEL_EXPORTER_OTLP_PROTOCOL to `http/protobuf`, or leave the fast lane out"
    )]
    Exporter(&'static str),
    /// Spans would lose attributes, which the fast lane does not do.
    #[error(
        "the fast lane needs room for {attributes} attributes in a span: raise \
         OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT, which is {limit}, or leave the fast lane out"
    )]
    AttributeLimit {
        /// How many a span may have.
        limit: usize,
        /// How many it can have.
        attributes: usize,
    },
}

/// Telemetry could not be delivered.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// The deadline passed first; what was not delivered by then is lost if the process ends.
    #[error("telemetry was not delivered within its deadline ({0})")]
    Deadline(Lost),
    /// Some of it is lost: the collector was out of reach, or too slow for what was made.
    #[error(
        "telemetry was lost ({0}): is the collector running at OTEL_EXPORTER_OTLP_ENDPOINT, and \
         is OTEL_BSP_MAX_QUEUE_SIZE large enough?"
    )]
    Lost(Lost),
}

/// How much telemetry was lost.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Spans.
    pub spans: u64,
    /// Log records.
    pub log_records: u64,
    /// Exports of metrics that failed; the next one carries their sums.
    pub metric_exports: u64,
}

impl Lost {
    /// Whether nothing is lost for good. A failed export of metrics alone loses nothing.
    pub fn is_nothing(&self) -> bool {
        self.spans == 0 && self.log_records == 0
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} spans, {} log records, {} failed exports of metrics",
            self.spans, self.log_records, self.metric_exports
        )
    }
}
