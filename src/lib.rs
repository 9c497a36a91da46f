//! An async event loop whose every wait can be observed.

pub mod clock;
pub mod instrument;
#[cfg(feature = "otel")]
pub mod otel;
