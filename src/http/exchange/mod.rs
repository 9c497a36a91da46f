//! What telemetry sees of a request and its response.

#[cfg(not(feature = "otel"))]
mod none;
#[cfg(feature = "otel")]
mod otel;

#[cfg(not(feature = "otel"))]
pub(super) use none::{Exchange, HttpTelemetry};
#[cfg(feature = "otel")]
pub(super) use otel::Exchange;
#[cfg(feature = "otel")]
pub use otel::{HttpTelemetry, HttpTelemetryBuilder, Route};

use crate::instrument::Address;

/// The two ends of a server's connection.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(feature = "otel"),
    expect(dead_code, reason = "only telemetry reads it")
)]
pub(super) struct Ends {
    pub(super) peer: Address,
    pub(super) local: Option<Address>,
    pub(super) secure: bool,
}
