//! Making spans: as our instrument does, with four attributes, and by `tracing`.

use crate::listeners::socket;
use crate::tracing_spans;
use loopscope::clock::Timestamp;
use loopscope::instrument::*;
use loopscope::otel::OtelInstrument;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::fmt;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};

/// What spans are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A receive as the bridge sees it: nine attributes, two of them formatted addresses.
    Receive,
    /// Four attributes, none of which allocates.
    Small,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Receive, Self::Small];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Receive => "9 attributes",
            Self::Small => "4 attributes",
        })
    }
}

/// Makes so many spans.
pub(crate) type Make = Box<dyn Fn(u64)>;

/// Makes spans by OpenTelemetry's API.
pub(crate) fn by_api(kind: Kind, provider: &SdkTracerProvider) -> Make {
    match kind {
        Kind::Receive => {
            let otel = OtelInstrument::builder().tracer_provider(provider);
            by_bridge(otel.build())
        }
        Kind::Small => {
            let tracer = provider.tracer("spans");
            Box::new(move |count| {
                for number in 0..count {
                    let attributes = vec![
                        KeyValue::new("network.transport", "tcp"),
                        KeyValue::new("loopscope.io.size", 64),
                        KeyValue::new("loopscope.immediate", true),
                        KeyValue::new("loopscope.task.id", number.cast_signed()),
                    ];
                    let span = tracer.span_builder("socket recv");
                    span.with_attributes(attributes).start(&tracer).end();
                }
            })
        }
    }
}

/// Has the bridge make spans of receives.
pub(crate) fn by_bridge(otel: OtelInstrument) -> Make {
    let socket = socket();
    let task = TaskInfo::new(TaskId::new(), None, None, None);
    Box::new(move |count| {
        for _ in 0..count {
            let (start, finish) = (Timestamp::now(), Timestamp::now());
            let mut ready = ReadySocketInstrumentationMetadata::new(
                Some(&task),
                black_box(&socket),
                true,
                start,
                finish,
            );
            ready.size = Some(64);
            otel.on_socket_recv_ready(&ready);
        }
    })
}

/// Makes spans by `tracing` and `tracing-opentelemetry`.
pub(crate) fn by_tracing(kind: Kind, provider: &SdkTracerProvider) -> Make {
    let dispatch = tracing_spans::dispatch(provider);
    Box::new(move |count| {
        tracing::dispatcher::with_default(&dispatch, || {
            for number in 0..count {
                match kind {
                    Kind::Receive => receive(number),
                    Kind::Small => small(number),
                }
            }
        });
    })
}

fn receive(number: u64) {
    let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let (peer, local) = black_box((address(54_321), address(8080)));
    let span = tracing::info_span!(
        "socket recv",
        network.peer.address = %peer.ip(),
        network.peer.port = peer.port(),
        network.local.address = %local.ip(),
        network.local.port = local.port(),
        network.transport = "tcp",
        network.type = "ipv4",
        loopscope.io.size = 64,
        loopscope.immediate = true,
        loopscope.task.id = number,
    );
    span.in_scope(|| {});
}

fn small(number: u64) {
    let span = tracing::info_span!(
        "socket recv",
        network.transport = "tcp",
        loopscope.io.size = 64,
        loopscope.immediate = true,
        loopscope.task.id = number,
    );
    span.in_scope(|| {});
}
