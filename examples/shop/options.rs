//! The command line.

use crate::address::Address;
use crate::fault::Fault;
use clap::{Args, Parser, Subcommand};
use http::Uri;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// A shop of three small services, and customers that make them busy, also in ways that go wrong.
///
/// An ADDRESS is HOST:PORT or unix:PATH. With OTEL_EXPORTER_OTLP_ENDPOINT set, each program sends
/// traces, metrics and logs there. SIGTERM and Ctrl-C end it in order; on SIGUSR1 it says what its
/// tasks wait for.
#[derive(Parser)]
#[command(name = "shop", max_term_width = 100)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) program: Program,
}

#[derive(Subcommand)]
pub(crate) enum Program {
    /// Keep the stock
    Store(StoreOptions),
    /// Pack orders
    Worker(WorkerOptions),
    /// Let customers in
    Gateway(GatewayOptions),
    /// Be the customers
    Load(LoadOptions),
    /// Ask a service whether it is there; exits with 0 if so
    Health(HealthOptions),
}

#[derive(Args)]
pub(crate) struct StoreOptions {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) listen: Address,
}

#[derive(Args)]
pub(crate) struct WorkerOptions {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) listen: Address,
    /// Where the store is
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) store: Address,
}

#[derive(Args)]
pub(crate) struct GatewayOptions {
    /// Where to listen; HOST:PORT, since it is TLS
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) listen: Address,
    /// Where the worker is
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) worker: Address,
    /// Where the store is
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) store: Address,
    /// Where its certificates are; they are made where there are none
    #[arg(long, value_name = "FOLDER")]
    pub(crate) certificates: PathBuf,
}

#[derive(Args)]
pub(crate) struct LoadOptions {
    /// The gateway's URL
    #[arg(long, value_name = "URL")]
    pub(crate) gateway: Uri,
    /// Where the gateway's certificates are
    #[arg(long, value_name = "FOLDER")]
    pub(crate) certificates: PathBuf,
    /// How many customers there are at a time
    #[arg(long, value_name = "N", default_value = "4")]
    pub(crate) customers: NonZeroUsize,
    /// Milliseconds between two visits of a customer
    #[arg(long, value_name = "MILLISECONDS", default_value = "200")]
    pub(crate) pause: u64,
    /// End after so many seconds; else on Ctrl-C
    #[arg(long, value_name = "N")]
    pub(crate) seconds: Option<u64>,
    /// What is to go wrong meanwhile; may be given several times
    #[arg(long = "fault", value_name = "NAME", value_enum)]
    pub(crate) faults: Vec<Fault>,
}

#[derive(Args)]
pub(crate) struct HealthOptions {
    /// The service's address, or its URL
    pub(crate) address: String,
    /// Where the gateway's certificates are, for a URL of https
    #[arg(long, value_name = "FOLDER")]
    pub(crate) certificates: Option<PathBuf>,
}
