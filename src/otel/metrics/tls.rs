//! TLS handshakes.

use super::{LazyHistogram, failure_attribute, histogram};
use crate::instrument::{SocketRole, TlsHandshakeErrorMetadata, TlsHandshakeMetadata};
use crate::otel::attributes::tls_version;
use crate::otel::names;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

pub(in crate::otel) struct TlsMetrics {
    duration: Histogram<f64>,
    /// TLS 1.2 and 1.3, each of the client and of the server.
    durations: [[LazyHistogram; 2]; 2],
}

impl TlsMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            duration: histogram(meter, &names::TLS_HANDSHAKE_DURATION),
            durations: Default::default(),
        }
    }

    /// A handshake succeeded.
    pub(in crate::otel) fn succeeded(&self, metadata: &TlsHandshakeMetadata<'_>) {
        let duration = metadata.finish_time.seconds_since(metadata.start_time);
        let role = metadata.socket_handle.role();
        let (version, versions) = match metadata.session.version.map(tls_version) {
            Some("1.2") => ("1.2", &self.durations[0]),
            Some("1.3") => ("1.3", &self.durations[1]),
            other => return self.record_other(duration, role, other),
        };
        let histogram = match role {
            SocketRole::Client => &versions[0],
            SocketRole::Server | SocketRole::Listener => &versions[1],
        };
        histogram
            .get_or_init(|| {
                self.duration.bind(&[
                    role_attribute(role),
                    KeyValue::new(names::TLS_PROTOCOL_VERSION, version),
                ])
            })
            .record(duration);
    }

    /// A handshake failed or was cancelled.
    pub(in crate::otel) fn failed(&self, metadata: &TlsHandshakeErrorMetadata<'_>) {
        self.duration.record(
            metadata.finish_time.seconds_since(metadata.start_time),
            &[
                role_attribute(metadata.socket_handle.role()),
                failure_attribute(&metadata.failure),
            ],
        );
    }

    fn record_other(&self, duration: f64, role: SocketRole, version: Option<&str>) {
        let role = role_attribute(role);
        match version {
            Some(version) => {
                let version = KeyValue::new(names::TLS_PROTOCOL_VERSION, version.to_owned());
                self.duration.record(duration, &[role, version]);
            }
            None => self.duration.record(duration, &[role]),
        }
    }
}

/// Which side of a handshake: whoever did not connect is the server.
fn role_attribute(role: SocketRole) -> KeyValue {
    let side = match role {
        SocketRole::Client => SocketRole::Client,
        SocketRole::Server | SocketRole::Listener => SocketRole::Server,
    };
    KeyValue::new(names::SOCKET_ROLE, side.as_str())
}
