//! OTLP over gRPC.

use super::http_client::certificates;
use super::settings::Otlp;
use opentelemetry_otlp::tonic_types::metadata::MetadataMap;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};
use opentelemetry_otlp::{Compression, Protocol, WithExportConfig, WithTonicConfig};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

type Made<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The runtime that gRPC connections need: made with the first of them, on one thread of its own.
#[derive(Debug, Default)]
pub(super) struct Runtime(OnceLock<tokio::runtime::Runtime>);

impl Runtime {
    /// Calls `f` where connections can be made.
    pub(super) fn within<T>(&self, f: impl FnOnce() -> Made<T>) -> Made<T> {
        if self.0.get().is_none() {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("loopscope-otlp-grpc")
                .enable_all()
                .build()?;
            let _ = self.0.set(runtime);
        }
        let _entered = self.0.get().map(tokio::runtime::Runtime::enter);
        f()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // An export that hangs must not hold up the end of the program.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Sets what all exporters over gRPC have in common.
pub(super) fn configure<B: WithExportConfig + WithTonicConfig>(builder: B, otlp: &Otlp) -> Made<B> {
    let mut headers = HeaderMap::new();
    for (name, value) in &otlp.headers {
        headers.insert(name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?);
    }
    let mut builder = builder
        .with_protocol(Protocol::Grpc)
        .with_endpoint(&otlp.endpoint)
        .with_timeout(otlp.timeout)
        .with_metadata(MetadataMap::from_headers(headers));
    if otlp.gzip {
        builder = builder.with_compression(Compression::Gzip);
    }
    if otlp.endpoint.starts_with("https://") {
        builder = builder.with_tls_config(tls(otlp)?);
    }
    Ok(builder)
}

fn tls(otlp: &Otlp) -> Made<ClientTlsConfig> {
    // Who says whom to trust does not trust anybody else.
    let mut tls = match &otlp.certificate {
        Some(path) => {
            // A file without any is not noticed below.
            certificates(path)?;
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?))
        }
        None => ClientTlsConfig::new().with_enabled_roots(),
    };
    if let Some((certificate, key)) = &otlp.client {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(tls)
}

fn read(path: &Path) -> Made<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
