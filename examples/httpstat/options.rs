//! The command line.

use std::num::NonZeroUsize;
use std::time::Duration;

pub(crate) const HELP: &str = "\
usage: httpstat [OPTIONS] URL...

Fetches each URL over a new connection and shows where the time went: name lookup, connect, TLS,
first byte, transfer. A URL without a scheme is one of http.

  --repeat N         fetch each N times, and print percentiles
  --json             print one JSON document instead
  --insecure         trust any certificate
  --http2            speak HTTP/2 alone, also without TLS
  --timeout SECONDS  how long connecting, the response's head, and a pause in its body may
                     take (30)
  --help             print this

With OTEL_EXPORTER_OTLP_ENDPOINT set, the traces are sent there.

exit codes: 0 all was fetched, whatever its status; 1 something else is wrong; 2 the command line
is; as curl's: 6 the name was not found, 7 no connection, 28 too slow, 35 TLS failed, 56 the
connection broke. With several URLs, that of the first that failed.";

pub(crate) struct Options {
    pub(crate) addresses: Vec<String>,
    pub(crate) repeat: usize,
    pub(crate) json: bool,
    pub(crate) insecure: bool,
    pub(crate) http2: bool,
    pub(crate) timeout: Duration,
}

impl Options {
    /// What was asked for; none for help.
    pub(crate) fn from_arguments() -> Result<Option<Self>, String> {
        let mut options = Self {
            addresses: Vec::new(),
            repeat: 1,
            json: false,
            insecure: false,
            http2: false,
            timeout: Duration::from_secs(30),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--help" => return Ok(None),
                "--json" => options.json = true,
                "--insecure" => options.insecure = true,
                "--http2" => options.http2 = true,
                "--repeat" | "--timeout" => {
                    let value = arguments.next();
                    let number = value.as_deref().and_then(|value| value.parse().ok());
                    let number: NonZeroUsize =
                        number.ok_or_else(|| format!("{argument} takes a number from 1 on"))?;
                    match argument.as_str() {
                        "--repeat" => options.repeat = number.get(),
                        _ => options.timeout = Duration::from_secs(number.get() as u64),
                    }
                }
                option if option.starts_with('-') => {
                    return Err(format!("there is no option {option}"));
                }
                address if address.contains("://") => options.addresses.push(argument),
                address => options.addresses.push(format!("http://{address}")),
            }
        }
        if options.addresses.is_empty() {
            return Err(String::from("which URL?"));
        }
        Ok(Some(options))
    }
}
