//! An async event loop whose every wait can be observed.

pub mod clock;
pub mod event_loop;
pub mod instrument;
pub mod net;
#[cfg(feature = "otel")]
pub mod otel;
pub mod sync;
#[cfg(feature = "otlp")]
pub mod telemetry;

#[cfg(feature = "tls")]
pub use futures_rustls::rustls;
