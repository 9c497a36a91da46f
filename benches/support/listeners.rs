//! Who listens to hooks in benchmarks, and what they hear of.

use loopscope::instrument::*;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, ContextGuard};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// Hears everything and does nothing.
pub(crate) struct NoOp;

impl EventLoopInstrument for NoOp {}

/// Has nothing done with spans.
#[derive(Debug)]
pub(crate) struct Discard;

impl SpanProcessor for Discard {
    fn on_start(&self, _span: &mut Span, _parent: &Context) {}

    fn on_end(&self, _span: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// The parent of what happens here, while it lives.
pub(crate) fn parent(flags: TraceFlags) -> ContextGuard {
    let span = SpanContext::new(
        TraceId::from(7),
        SpanId::from(8),
        flags,
        true,
        TraceState::default(),
    );
    Context::new().with_remote_span_context(span).attach()
}

/// A socket that has its addresses.
pub(crate) fn socket() -> Rc<SocketHandle> {
    let socket = SocketHandle::new(Transport::Tcp, SocketRole::Server);
    let address = |port| Address::Ip(SocketAddr::from(([127, 0, 0, 1], port)));
    socket.set_local_address(address(8080));
    socket.set_peer_address(address(54_321));
    Rc::new(socket)
}
