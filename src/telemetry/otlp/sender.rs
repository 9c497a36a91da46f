//! Sending requests, with the tries that the protocol asks for.

use super::answer::{self, Accepted, Refused};
use super::backoff::{Again, Backoff};
use crate::telemetry::deadlines::now;
use crate::telemetry::http_client::BlockingClient;
use crate::telemetry::settings::Otlp;
use crate::telemetry::tally::Tally;
use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::http::{self, HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

/// Sends the requests of one signal, one after the other, and counts what becomes of them.
///
/// See the [specification](https://opentelemetry.io/docs/specs/otlp/#otlphttp).
#[derive(Debug)]
pub(crate) struct Sender {
    client: BlockingClient,
    endpoint: Uri,
    headers: HeaderMap,
    /// Where requests are compressed, if they are.
    gzip: Option<Vec<u8>>,
    timeout: Duration,
    tally: Arc<Tally>,
    told: Told,
}

/// What has been said, and is not said again.
#[derive(Debug, Default)]
struct Told {
    rejection: bool,
    remark: bool,
    oddity: bool,
}

impl Sender {
    /// The largest request that is sent, before compression: what the specification recommends, and
    /// the most that the Collector takes unless it is told otherwise.
    pub(crate) const LARGEST: usize = 20 << 20;

    pub(crate) fn new(
        otlp: &Otlp,
        tally: &Arc<Tally>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let endpoint = otlp.endpoint.parse();
        Ok(Self {
            client: BlockingClient::new(otlp)?,
            endpoint: endpoint.map_err(|error| format!("{}: {error}", otlp.endpoint))?,
            headers: headers(otlp)?,
            gzip: otlp.gzip.then(Vec::new),
            timeout: otlp.timeout,
            tally: tally.clone(),
            told: Told::default(),
        })
    }

    /// By when an export ends that begins now, with all its tries.
    pub(crate) fn end_of_export(&self) -> Instant {
        now() + self.timeout
    }

    /// Sends a request with so many items. Where that may help it is sent again, until `end`; once
    /// telemetry is being shut down, nobody waits any more and each request is sent once.
    ///
    /// # Errors
    ///
    /// Says why the items are lost. They have been counted.
    pub(crate) fn send(&mut self, request: &[u8], items: u64, end: Instant) -> OTelSdkResult {
        match self.compress_and_deliver(request, end) {
            Ok(accepted) => {
                self.count(accepted, items);
                Ok(())
            }
            Err(cause) => {
                let cause = format!("{}: {cause}", self.endpoint);
                self.tally.count_failed(items);
                self.tally.report(&cause);
                Err(OTelSdkError::InternalFailure(cause))
            }
        }
    }

    fn compress_and_deliver(&mut self, request: &[u8], end: Instant) -> Result<Accepted, String> {
        if request.len() > Self::LARGEST {
            let (size, largest) = (request.len(), Self::LARGEST);
            return Err(format!(
                "a request of {size} bytes is too large, collectors take {largest}"
            ));
        }
        if let Some(compressed) = &mut self.gzip {
            compress(request, compressed).map_err(|error| error.to_string())?;
        }
        self.deliver(self.gzip.as_deref().unwrap_or(request), end)
    }

    fn deliver(&self, body: &[u8], end: Instant) -> Result<Accepted, String> {
        let deadlines = self.tally.deadlines();
        let mut backoff = Backoff::default();
        let mut tries = 1;
        loop {
            let shutdown = deadlines.shutdown();
            let end = shutdown.map_or(end, |shutdown| shutdown.min(end));
            let refused = match self.try_once(body, end) {
                Ok(accepted) => return Ok(accepted),
                Err(refused) => refused,
            };
            let left = end.saturating_duration_since(now());
            match backoff.next(refused.again, left) {
                Some(wait) if shutdown.is_none() => deadlines.wait(wait),
                _ => return Err(refused.after(tries)),
            }
            tries += 1;
        }
    }

    fn try_once(&self, body: &[u8], end: Instant) -> Result<Accepted, Refused> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        *request.headers_mut() = self.headers.clone();
        match self.client.run(&request, end) {
            Ok(answer) => answer::read(answer),
            Err(error) => Err(Refused {
                again: again(&error),
                cause: match error {
                    ureq::Error::Timeout(_) => "there was no answer in time".into(),
                    error => error.to_string(),
                },
            }),
        }
    }

    /// Counts what has become of an accepted request, and tells once what there is to tell of it.
    fn count(&mut self, accepted: Accepted, items: u64) {
        let rejected = u64::try_from(accepted.rejected).map_or(0, |rejected| rejected.min(items));
        self.tally.count_delivered(items - rejected);
        self.tally.count_failed(rejected);
        let endpoint = &self.endpoint;
        let Accepted {
            message: said,
            oddity,
            ..
        } = accepted;
        if rejected > 0 {
            if first(&mut self.told.rejection) {
                tracing::warn!(
                    target: "loopscope::telemetry", %endpoint, rejected, items, said,
                    "telemetry is being lost: the collector rejects a part of it. Further \
                     rejections are counted, not reported"
                );
            }
        } else if !said.is_empty() && first(&mut self.told.remark) {
            tracing::warn!(
                target: "loopscope::telemetry", %endpoint, said,
                "the collector takes telemetry and has something to say. What else it says is not \
                 reported"
            );
        }
        if let Some(oddity) = oddity
            && first(&mut self.told.oddity)
        {
            tracing::warn!(
                target: "loopscope::telemetry", %endpoint, answer = oddity,
                "telemetry is accepted with an answer that is not a collector's: is there one at \
                 OTEL_EXPORTER_OTLP_ENDPOINT?"
            );
        }
    }
}

/// Whether this has not happened before.
fn first(told: &mut bool) -> bool {
    !std::mem::replace(told, true)
}

fn headers(otlp: &Otlp) -> Result<HeaderMap, Box<dyn Error + Send + Sync>> {
    let mut headers = HeaderMap::new();
    let protobuf = HeaderValue::from_static("application/x-protobuf");
    headers.insert(http::header::CONTENT_TYPE, protobuf);
    if otlp.gzip {
        let gzip = HeaderValue::from_static("gzip");
        headers.insert(http::header::CONTENT_ENCODING, gzip);
    }
    for (name, value) in &otlp.headers {
        let (name, mut value) = header(name, value)
            .map_err(|error| format!("the header {name:?} cannot be sent: {error}"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), http::Error> {
    Ok((name.parse()?, value.parse()?))
}

/// Spans are so much alike that the fastest compression leaves an eighth of them or less. The usual
/// one takes ten times as long, for another tenth.
fn compress(request: &[u8], into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    let mut encoder = GzEncoder::new(std::mem::take(into), Compression::fast());
    encoder.write_all(request)?;
    *into = encoder.finish()?;
    Ok(())
}

/// Whether a request that got no answer is worth another try. After a time-out there is no time for
/// one.
fn again(error: &ureq::Error) -> Again {
    match error {
        // This is how failures of TLS are told, as of a certificate that is not trusted.
        ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => Again::Never,
        ureq::Error::Io(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            Again::Later(None)
        }
        _ => Again::Never,
    }
}
