//! Collector, Jaeger and Prometheus together, with the configuration that users are given, and the
//! example `shop` beside them.

mod options;

pub(crate) use options::HELP;

use crate::output::say;
use crate::step::Steps;
use crate::test;
use backends::{BackendError, Shop, Stack};
use options::Options;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often it is looked whether all servers still run.
const CHECKS: Duration = Duration::from_millis(200);

/// Runs the stack until a signal asks for its end.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let options = Options::from_arguments(arguments)?;
    // From here on a signal ends nothing by itself: whatever was started is stopped.
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|error| error.to_string())?;
    test::backends()?;
    let shop = options.shop.then(build_shop).transpose()?;
    let temporary = tempfile::tempdir().map_err(|error| format!("a folder for data: {error}"))?;
    let folder = options.data.as_deref().unwrap_or_else(|| temporary.path());
    let mut running =
        Running::start(folder, &options, shop.as_deref()).map_err(|error| error.to_string())?;
    say(&running.addresses());
    while signals.pending().next().is_none() {
        running.check().map_err(|error| error.to_string())?;
        pause();
    }
    say("stopping");
    running.stop().map_err(|error| error.to_string())?;
    say("stopped");
    Ok(())
}

/// Builds the shop as the tests do, so that who has run these does not wait, and tells where it is.
fn build_shop() -> Result<PathBuf, String> {
    let shop = [
        "build",
        "--workspace",
        "--all-features",
        "--example",
        "shop",
    ];
    Steps::default().cargo(&shop)?;
    // Wherever cargo builds, this program is there as well.
    let here = env::current_exe().map_err(|error| error.to_string())?;
    Ok(here.with_file_name("examples").join("shop"))
}

/// All that runs.
struct Running {
    stack: Stack,
    shop: Option<Shop>,
}

impl Running {
    fn start(folder: &Path, options: &Options, shop: Option<&Path>) -> Result<Self, BackendError> {
        let stack = Stack::start(folder, options.ports)?;
        let shop = shop.map(|program| {
            let environment = [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", stack.otlp_http()),
                ("OTEL_METRIC_EXPORT_INTERVAL", String::from("5000")),
            ];
            let faults: Vec<_> = options.faults.iter().map(String::as_str).collect();
            let folder = folder.join("shop");
            Shop::start(program, &folder, options.gateway, &environment, &faults)
        });
        let shop = shop.transpose()?;
        Ok(Self { stack, shop })
    }

    fn check(&mut self) -> Result<(), BackendError> {
        self.stack.check()?;
        self.shop.as_mut().map_or(Ok(()), Shop::check)
    }

    /// The shop first, so that what it has seen arrives.
    fn stop(self) -> Result<(), BackendError> {
        let shop = self.shop.map_or(Ok(()), Shop::stop);
        self.stack.stop().and(shop)
    }

    fn addresses(&self) -> String {
        let stack = &self.stack;
        let of_shop = self.shop.as_ref().map(Shop::process_ids);
        let ids = of_shop.into_iter().flatten().chain(stack.process_ids());
        let ids: Vec<_> = ids.map(|id| id.to_string()).collect();
        let http = stack.otlp_http();
        let mut lines = format!(
            "\
OTLP over HTTP  {http}
OTLP over gRPC  {}
Jaeger          {}
Prometheus      {}",
            stack.otlp_grpc(),
            stack.jaeger(),
            stack.prometheus(),
        );
        let try_it = match &self.shop {
            Some(shop) => {
                let (url, certificates) = (shop.url(), shop.certificates());
                let certificates = certificates.display();
                lines.push_str(&format!("\nShop            {url}"));
                format!(
                    "--all-features --example shop -- load --gateway {url} --certificates \
                     {certificates} --seconds 60 --fault slow-store"
                )
            }
            None => String::from("--example quickstart"),
        };
        let ids = ids.join(" ");
        format!(
            "{lines}\nprocesses       {ids}\n\n\
             Try it:  OTEL_EXPORTER_OTLP_ENDPOINT={http} cargo run {try_it}\n\
             Ctrl-C stops all of it."
        )
    }
}

#[expect(clippy::disallowed_methods, reason = "there is no event loop here")]
fn pause() {
    std::thread::sleep(CHECKS);
}
