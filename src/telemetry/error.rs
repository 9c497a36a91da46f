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
