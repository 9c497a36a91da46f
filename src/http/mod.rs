//! HTTP/1.1 and HTTP/2 on the loop: hyper, driven by this loop's sockets, timers and tasks.
//!
//! [`Server`] serves a `tower` service, an `axum` router among them, on a listener; [`Client`] sends
//! requests over connections that it keeps. [`rt`] has hyper's runtime traits for programs that use
//! hyper directly.
//!
//! What connections wait for is seen through the hooks of their sockets. With the feature `otel`,
//! each request is a span and is measured, by the semantic conventions of OpenTelemetry for HTTP:
//! see [`HttpTelemetry`].

mod body;
mod client;
mod error;
mod exchange;
mod io;
pub mod rt;
mod server;

pub use body::Body;
pub use client::{Client, ClientBuilder, ResponseBody};
pub use error::Error;
#[cfg(feature = "otel")]
pub use exchange::{HttpTelemetry, HttpTelemetryBuilder, Route};
pub use server::{Listener, Server};

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
