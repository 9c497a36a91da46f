//! A shop of three small services, and customers that make them busy, also in ways that go wrong.
//!
//! ```text
//! customers ──TLS, HTTP/2──▶ gateway ──HTTP──▶ worker ──Unix socket or TCP──▶ store
//!   (load)                                     a bounded queue                stock
//! ```
//!
//! `cargo xtask stack --shop` runs all of it, with what shows it; by hand it is
//!
//! ```text
//! cargo build --example shop --all-features && cd target/debug/examples
//! ./shop store --listen unix:store.sock
//! ./shop worker --listen 127.0.0.1:8081 --store unix:store.sock
//! ./shop gateway --listen 127.0.0.1:8443 --worker 127.0.0.1:8081 --store unix:store.sock --certificates shop-certificates
//! ./shop load --gateway https://localhost:8443 --certificates shop-certificates --seconds 10
//! ```
//!
//! each in a terminal of its own, from the store on. With `OTEL_EXPORTER_OTLP_ENDPOINT` set, what
//! they see goes there: a purchase is one trace through all of them. `--fault` of `load` has
//! something go wrong while it runs; `shop --help` lists the faults and all options.

mod address;
mod answer;
mod certificates;
mod fault;
mod gateway;
mod health;
mod load;
mod options;
mod service;
mod store;
mod upstream;
mod worker;

use clap::Parser;
use options::{Options, Program};
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let ended = match Options::parse().program {
        Program::Store(options) => store::run(&options),
        Program::Worker(options) => worker::run(&options),
        Program::Gateway(options) => gateway::run(&options),
        Program::Load(options) => load::run(&options),
        Program::Health(options) => health::run(&options),
    };
    ended.unwrap_or_else(|error| {
        complain(&error.to_string());
        ExitCode::FAILURE
    })
}

/// Says a line to whoever runs the program.
pub(crate) fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// Says what is wrong.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "shop: {line}");
}
