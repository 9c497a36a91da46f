//! The HTTP client that OTLP is sent with.

use super::deadlines::now;
use super::settings::Otlp;
use super::tally::Tally;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// A blocking client of one signal, called on its exporter's own thread alone.
///
/// `ureq` needs no async runtime, and has timeouts over the whole of a request.
#[derive(Debug)]
pub(super) struct BlockingClient {
    agent: Agent,
    /// Whether a connection was kept after the last request.
    keeps_connection: AtomicBool,
}

impl BlockingClient {
    pub(super) fn new(otlp: &Otlp) -> Result<Self, Box<dyn Error + Send + Sync>> {
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
            // The exporter decides which answers are worth another try.
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("loopscope/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: config.into(),
            keeps_connection: AtomicBool::new(false),
        })
    }

    /// Sends a request; it, and the reading of its answer, end by `end`.
    ///
    /// A kept connection that the server has closed in the meantime is no failure: a server may do
    /// that at any time, also when the request is already on its way.
    pub(super) fn run(
        &self,
        request: &Request<&[u8]>,
        end: Instant,
    ) -> Result<Response<Body>, ureq::Error> {
        let kept = self.keeps_connection.swap(false, Ordering::Relaxed);
        let mut answer = self.run_once(request, end);
        if kept && answer.as_ref().is_err_and(is_hang_up) {
            answer = self.run_once(request, end);
        }
        self.keeps_connection
            .store(answer.is_ok(), Ordering::Relaxed);
        answer
    }

    fn run_once(
        &self,
        request: &Request<&[u8]>,
        end: Instant,
    ) -> Result<Response<Body>, ureq::Error> {
        let left = end.saturating_duration_since(now());
        let request = self.agent.configure_request(request.clone());
        self.agent.run(request.timeout_global(Some(left)).build())
    }
}

/// Whether the server has closed the connection instead of answering.
fn is_hang_up(error: &ureq::Error) -> bool {
    let ureq::Error::Io(error) = error else {
        return false;
    };
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
    )
}

/// The client as the stock exporters want it, which keep to themselves why requests fail.
#[derive(Debug)]
pub(super) struct TellingClient {
    client: BlockingClient,
    timeout: Duration,
    tally: Arc<Tally>,
}

impl TellingClient {
    /// A client that tells `tally` why requests fail.
    pub(super) fn new(
        otlp: &Otlp,
        tally: &Arc<Tally>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self {
            client: BlockingClient::new(otlp)?,
            timeout: otlp.timeout,
            tally: tally.clone(),
        })
    }

    fn send(&self, request: &Request<&[u8]>) -> Result<Response<Bytes>, ureq::Error> {
        let answer = self.client.run(request, now() + self.timeout)?;
        let (parts, mut body) = answer.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}

#[async_trait::async_trait]
impl HttpClient for TellingClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, &body[..]);
        self.send(&request).map_err(|error| {
            self.tally.note_cause(format!("{}: {error}", request.uri()));
            error.into()
        })
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
