//! Requests as OpenTelemetry's spans and metrics.

mod attributes;
mod exchange;
mod headers;
mod route;
mod telemetry;

pub(in crate::http) use exchange::Exchange;
pub use route::Route;
pub use telemetry::{HttpTelemetry, HttpTelemetryBuilder};
