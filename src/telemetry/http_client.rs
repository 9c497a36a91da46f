//! The HTTP client that OTLP is sent with.

use super::settings::Otlp;
use super::tally::Tally;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use ureq::Agent;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig};

/// A blocking client, called on the exporters' own threads alone.
///
/// `ureq` needs no async runtime, and has timeouts over the whole of a request.
#[derive(Debug)]
pub(super) struct BlockingClient {
    agent: Agent,
    tally: Arc<Tally>,
}

impl BlockingClient {
    /// A client for one signal, which is told why requests fail.
    pub(super) fn new(
        otlp: &Otlp,
        tally: &Arc<Tally>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &otlp.certificate {
            tls = tls.root_certs(RootCerts::Specific(certificates(path)?.into()));
        }
        if let Some((certificate, key)) = &otlp.client {
            let key = read(key, |pem| PrivateKey::from_pem(pem).map_err(Into::into))?;
            let chain = certificates(certificate)?;
            tls = tls.client_cert(Some(ClientCert::new_with_certs(&chain, key)));
        }
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .timeout_global(Some(otlp.timeout))
            // The exporter decides which answers are worth another try.
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("loopscope/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: config.into(),
            tally: tally.clone(),
        })
    }
}

#[async_trait::async_trait]
impl HttpClient for BlockingClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let uri = request.uri().clone();
        self.send(request).map_err(|error| {
            self.tally.note_cause(format!("{uri}: {error}"));
            error.into()
        })
    }
}

impl BlockingClient {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, body.to_vec());
        let (parts, mut body) = self.agent.run(request)?.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}

/// The certificates in a file.
pub(super) fn certificates(
    path: &Path,
) -> Result<Vec<Certificate<'static>>, Box<dyn Error + Send + Sync>> {
    let found: Vec<_> = read(path, |pem| {
        let items = ureq::tls::parse_pem(pem).collect::<Result<Vec<_>, _>>()?;
        Ok(items
            .into_iter()
            .filter_map(|item| match item {
                PemItem::Certificate(certificate) => Some(certificate),
                _ => None,
            })
            .collect())
    })?;
    if found.is_empty() {
        return Err(format!("{}: there is no certificate in it", path.display()).into());
    }
    Ok(found)
}

fn read<T>(
    path: &Path,
    parse: impl Fn(&[u8]) -> Result<T, Box<dyn Error + Send + Sync>>,
) -> Result<T, Box<dyn Error + Send + Sync>> {
    fs::read(path)
        .map_err(Into::into)
        .and_then(|pem| parse(&pem))
        .map_err(|error| format!("{}: {error}", path.display()).into())
}
