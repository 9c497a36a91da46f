//! Shows where the time of HTTP requests goes, from the hooks of the loop that makes them.
//!
//! ```text
//! $ cargo run --release --features http --example httpstat -- http://localhost:8137/
//! http://localhost:8137/
//! HTTP/1.0 200 OK, 6 bytes
//!
//!   name lookup   ████                                                 0.65 ms
//!   connect           ██                                               0.38 ms
//!   first byte          ██████████████████████████████████████████     6.79 ms
//!   transfer                                                     █     0.00 ms
//!   total                                                              8.10 ms
//! ```
//!
//! `--help` lists the options and exit codes. With `OTEL_EXPORTER_OTLP_ENDPOINT` set, the traces go
//! there, and each request takes its trace along in `traceparent`.

mod draw;
mod fetch;
mod options;
mod phases;
mod trust;

use loopscope::event_loop::EventLoop;
use loopscope::http::{Error, HttpTelemetry};
use loopscope::instrument::{EnterScope, ErrorType};
use loopscope::otel::OtelInstrument;
use loopscope::telemetry::Telemetry;
use opentelemetry::propagation::TextMapCompositePropagator;
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use options::{HELP, Options};
use std::io::{self, Write};
use std::process::ExitCode;

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let options = match Options::from_arguments() {
        Ok(Some(options)) => options,
        Ok(None) => {
            let _ = writeln!(io::stdout(), "{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            complain(&format!("{error}; httpstat --help tells the options"));
            return ExitCode::from(2);
        }
    };
    run(&options).unwrap_or_else(|error| {
        complain(&error.to_string());
        ExitCode::FAILURE
    })
}

fn run(options: &Options) -> Result<ExitCode, Failure> {
    let exports = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").is_ok_and(|url| !url.is_empty());
    if !exports {
        return fetch_all(options, &HttpTelemetry::new());
    }
    let telemetry = Telemetry::builder().service_name("httpstat").build()?;
    let (tracers, meters) = (telemetry.tracer_provider(), telemetry.meter_provider());
    let otel = OtelInstrument::builder()
        .tracer_provider(&tracers)
        .meter_provider(&meters)
        .build();
    let http = HttpTelemetry::builder()
        .tracer_provider(&tracers)
        .meter_provider(&meters)
        .propagator(TextMapCompositePropagator::new(vec![
            Box::new(TraceContextPropagator::new()),
            Box::new(BaggagePropagator::new()),
        ]))
        .build();
    let code = otel.in_scope(|| fetch_all(options, &http));
    if let Err(error) = telemetry.shutdown() {
        // What was asked for is done all the same.
        complain(&format!("the traces were not sent: {error}"));
    }
    code
}

/// Fetches all, and prints what became of each.
fn fetch_all(options: &Options, telemetry: &HttpTelemetry) -> Result<ExitCode, Failure> {
    let tls = trust::config(options.insecure)?;
    let mut first_failure = None;
    let mut documents = Vec::new();
    for address in &options.addresses {
        let mut fetched = Vec::new();
        let event_loop = EventLoop::builder().name("httpstat").build()?;
        let failed = event_loop.run_until_complete(async {
            for _ in 0..options.repeat {
                let fetching = fetch::fetch(options, tls.clone(), telemetry.clone(), address);
                fetched.push(fetching.await?);
            }
            Ok::<(), Error>(())
        });
        if let Err(error) = &failed {
            complain(&format!(
                "{address}: {error} ({})",
                error.error_type().as_str()
            ));
            first_failure.get_or_insert_with(|| exit_code(error));
        }
        match fetched.as_slice() {
            _ if options.json => {
                let mut document = draw::json(address, &fetched);
                if let Err(error) = &failed {
                    document["error"] = error.to_string().into();
                    document["error_type"] = error.error_type().as_str().into();
                }
                documents.push(document);
            }
            [] => {}
            [one] => say(&draw::waterfall(address, one))?,
            all => say(&draw::table(address, all))?,
        }
    }
    if options.json {
        say(&serde_json::to_string_pretty(&documents)?)?;
    }
    Ok(ExitCode::from(first_failure.unwrap_or(0)))
}

/// What curl says of the same failure.
fn exit_code(error: &Error) -> u8 {
    let kind = error.error_type();
    match (error, kind) {
        (_, ErrorType::HostNotFound | ErrorType::NameResolution) => 6,
        (_, ErrorType::TimedOut) => 28,
        (Error::InvalidRequest(_), _) => 2,
        (Error::Connect { .. }, _) if kind.as_str().starts_with("tls_") => 35,
        (Error::Connect { .. }, _) => 7,
        (Error::Protocol(_), _) => 56,
        _ => 1,
    }
}

fn say(text: &str) -> io::Result<()> {
    // Colours are taken out where nobody would see them, as in a file.
    writeln!(anstream::stdout(), "{text}")
}

fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "httpstat: {text}");
}
