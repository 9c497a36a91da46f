//! `tracing` in front of OpenTelemetry.

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Dispatch;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::layer::SubscriberExt;

/// Takes spans there, with what it can do without turned off.
pub(crate) fn dispatch(provider: &SdkTracerProvider) -> Dispatch {
    let layer = OpenTelemetryLayer::new(provider.tracer("tracing"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    Dispatch::new(tracing_subscriber::registry().with(layer))
}
