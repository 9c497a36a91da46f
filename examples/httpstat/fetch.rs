//! Fetching.

use crate::options::Options;
use crate::phases::{Listener, Phases};
use loopscope::clock::Timestamp;
use loopscope::http::{Client, Error, HttpTelemetry};
use loopscope::instrument::WithInstrumentExt;
use loopscope::rustls::ClientConfig;
use std::sync::Arc;

/// A response, and where its time went.
pub(crate) struct Fetched {
    pub(crate) version: String,
    pub(crate) status: String,
    pub(crate) size: usize,
    pub(crate) phases: Phases,
}

/// Fetches an address over a connection of its own.
pub(crate) async fn fetch(
    options: &Options,
    tls: Arc<ClientConfig>,
    telemetry: HttpTelemetry,
    address: &str,
) -> Result<Fetched, Error> {
    let builder = Client::builder()
        .tls(tls)
        .connect_timeout(options.timeout)
        .response_timeout(options.timeout)
        .stall_timeout(options.timeout)
        .telemetry(telemetry);
    let client = if options.http2 {
        builder.http2_only()
    } else {
        builder
    }
    .build();
    let listener = Listener::default();
    let heard = listener.clone();
    let fetching = async {
        let start = Timestamp::now();
        let response = client.get(address).await?;
        // The head is in what was received last, also where other frames came before.
        let first_byte = heard.last_recv();
        let (head, mut body) = response.into_parts();
        let mut size = 0;
        while let Some(data) = body.chunk().await? {
            size += data.len();
        }
        Ok(Fetched {
            version: format!("{:?}", head.version),
            status: head.status.to_string(),
            size,
            phases: heard.phases(start, first_byte, heard.last_recv().max(first_byte)),
        })
    };
    fetching.with_instrument(listener).await
}
