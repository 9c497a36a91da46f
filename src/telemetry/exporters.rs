//! Making the exporters that the settings ask for.

use super::error::TelemetryError;
use super::http_client::TellingClient;
use super::otlp::OtlpSpanExporter;
use super::settings::{Otlp, Signal};
use super::sources::Sources;
use super::tally::Tally;
#[cfg(any(feature = "otlp-json", feature = "otlp-grpc"))]
use super::{settings::Protocol, tally::Counted};
#[cfg(any(feature = "otlp-json", feature = "otlp-grpc"))]
use opentelemetry_otlp::SpanExporter;
use opentelemetry_otlp::{
    Compression, LogExporter, MetricExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::Temporality;
use std::error::Error;
use std::sync::Arc;

type Made<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// An exporter of spans that counts what becomes of them.
pub(super) enum Spans {
    /// For http/protobuf.
    Ours(OtlpSpanExporter),
    #[cfg(any(feature = "otlp-json", feature = "otlp-grpc"))]
    Stock(Counted<SpanExporter>),
}

/// What exporters need for as long as they live.
#[derive(Debug, Default)]
pub(super) struct Transport {
    #[cfg(feature = "otlp-grpc")]
    grpc: super::grpc::Runtime,
}

/// Sets what all exporters over HTTP have in common.
fn over_http<B: WithExportConfig + WithHttpConfig>(
    builder: B,
    otlp: &Otlp,
    tally: &Arc<Tally>,
) -> Made<B> {
    let protocol = opentelemetry_otlp::Protocol::HttpBinary;
    #[cfg(feature = "otlp-json")]
    let protocol = match otlp.protocol {
        Protocol::HttpJson => opentelemetry_otlp::Protocol::HttpJson,
        Protocol::HttpProtobuf | Protocol::Grpc => protocol,
    };
    let builder = builder
        .with_protocol(protocol)
        .with_endpoint(&otlp.endpoint)
        .with_timeout(otlp.timeout)
        .with_headers(otlp.headers.iter().cloned().collect())
        .with_http_client(TellingClient::new(otlp, tally)?);
    Ok(if otlp.gzip {
        builder.with_compression(Compression::Gzip)
    } else {
        builder
    })
}

impl Transport {
    pub(super) fn spans(
        &self,
        otlp: &Otlp,
        resource: &Resource,
        sources: &Sources,
        tally: &Arc<Tally>,
    ) -> Result<Spans, TelemetryError> {
        self.spans_over(otlp, resource, sources, tally)
            .map_err(failed(Signal::Traces))
    }

    pub(super) fn metrics(
        &self,
        otlp: &Otlp,
        temporality: Temporality,
        tally: &Arc<Tally>,
    ) -> Result<MetricExporter, TelemetryError> {
        self.metrics_over(otlp, temporality, tally)
            .map_err(failed(Signal::Metrics))
    }

    pub(super) fn logs(
        &self,
        otlp: &Otlp,
        tally: &Arc<Tally>,
    ) -> Result<LogExporter, TelemetryError> {
        self.logs_over(otlp, tally).map_err(failed(Signal::Logs))
    }

    fn spans_over(
        &self,
        otlp: &Otlp,
        resource: &Resource,
        sources: &Sources,
        tally: &Arc<Tally>,
    ) -> Made<Spans> {
        #[cfg(feature = "otlp-grpc")]
        if otlp.protocol == Protocol::Grpc {
            let builder = super::grpc::configure(SpanExporter::builder().with_tonic(), otlp)?;
            let exporter = self.grpc.within(|| Ok(builder.build()?))?;
            return Ok(Spans::Stock(Counted::new(exporter, tally)));
        }
        #[cfg(feature = "otlp-json")]
        if otlp.protocol == Protocol::HttpJson {
            let builder = over_http(SpanExporter::builder().with_http(), otlp, tally)?;
            return Ok(Spans::Stock(Counted::new(builder.build()?, tally)));
        }
        Ok(Spans::Ours(OtlpSpanExporter::new(
            otlp, resource, sources, tally,
        )?))
    }

    fn metrics_over(
        &self,
        otlp: &Otlp,
        temporality: Temporality,
        tally: &Arc<Tally>,
    ) -> Made<MetricExporter> {
        #[cfg(feature = "otlp-grpc")]
        if otlp.protocol == Protocol::Grpc {
            let builder = MetricExporter::builder()
                .with_tonic()
                .with_temporality(temporality);
            let builder = super::grpc::configure(builder, otlp)?;
            return self.grpc.within(|| Ok(builder.build()?));
        }
        let builder = MetricExporter::builder()
            .with_http()
            .with_temporality(temporality);
        Ok(over_http(builder, otlp, tally)?.build()?)
    }

    fn logs_over(&self, otlp: &Otlp, tally: &Arc<Tally>) -> Made<LogExporter> {
        #[cfg(feature = "otlp-grpc")]
        if otlp.protocol == Protocol::Grpc {
            let builder = super::grpc::configure(LogExporter::builder().with_tonic(), otlp)?;
            return self.grpc.within(|| Ok(builder.build()?));
        }
        Ok(over_http(LogExporter::builder().with_http(), otlp, tally)?.build()?)
    }
}

fn failed(signal: Signal) -> impl Fn(Box<dyn Error + Send + Sync>) -> TelemetryError {
    move |source| TelemetryError::Exporter {
        signal: signal.name(),
        source,
    }
}
