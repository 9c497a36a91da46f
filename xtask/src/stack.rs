//! Collector, Jaeger and Prometheus together, with the configuration that users are given.

use crate::output::say;
use crate::test;
use backends::{Ports, Stack};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const HELP: &str = "\
usage: cargo xtask stack [OPTION]...

Runs the Collector, Jaeger and Prometheus with the files in otel-config/, until Ctrl-C.

options:
  --free-ports          take free ports in place of the usual ones
  --otlp-grpc PORT      where the Collector takes OTLP over gRPC (4317); 0 is any free port
  --otlp-http PORT      where the Collector takes OTLP over HTTP (4318)
  --jaeger PORT         Jaeger's pages and API (16686)
  --prometheus PORT     Prometheus' pages and API (9090)
  --data FOLDER         keep what the servers have in FOLDER; otherwise it goes when they end";

/// How often it is looked whether all servers still run.
const CHECKS: Duration = Duration::from_millis(200);

/// What was asked for.
#[derive(Debug, PartialEq)]
struct Options {
    ports: Ports,
    data: Option<PathBuf>,
}

impl Options {
    fn from_arguments(arguments: &[&str]) -> Result<Self, String> {
        let mut options = Self {
            ports: Ports::USUAL,
            data: None,
        };
        let mut arguments = arguments.iter().copied();
        while let Some(option) = arguments.next() {
            if option == "--free-ports" {
                options.ports = Ports::default();
                continue;
            }
            let ports = &mut options.ports;
            let port = match option {
                "--otlp-grpc" => Some(&mut ports.otlp_grpc),
                "--otlp-http" => Some(&mut ports.otlp_http),
                "--jaeger" => Some(&mut ports.jaeger),
                "--prometheus" => Some(&mut ports.prometheus),
                "--data" => None,
                _ => return Err(format!("{option}: there is no such option\n\n{HELP}")),
            };
            let value = arguments
                .next()
                .ok_or_else(|| format!("{option}: a value is missing\n\n{HELP}"))?;
            match port {
                Some(port) => {
                    *port = value
                        .parse()
                        .map_err(|_| format!("{option} {value}: expected a port"))?;
                }
                None => options.data = Some(value.into()),
            }
        }
        Ok(options)
    }
}

/// Runs the stack until a signal asks for its end.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let options = Options::from_arguments(arguments)?;
    // From here on a signal ends nothing by itself: whatever was started is stopped.
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|error| error.to_string())?;
    test::backends()?;
    let temporary = tempfile::tempdir().map_err(|error| format!("a folder for data: {error}"))?;
    let folder = options.data.as_deref().unwrap_or_else(|| temporary.path());
    let mut stack = Stack::start(folder, options.ports).map_err(|error| error.to_string())?;
    say(&addresses(&stack));
    while signals.pending().next().is_none() {
        stack.check().map_err(|error| error.to_string())?;
        pause();
    }
    say("stopping");
    stack.stop().map_err(|error| error.to_string())?;
    say("stopped");
    Ok(())
}

fn addresses(stack: &Stack) -> String {
    let ids: Vec<_> = stack.process_ids().iter().map(u32::to_string).collect();
    format!(
        "\
OTLP over HTTP  {http}
OTLP over gRPC  {}
Jaeger          {}
Prometheus      {}
processes       {}

Try it:  OTEL_EXPORTER_OTLP_ENDPOINT={http} cargo run --example quickstart
Ctrl-C stops the servers.",
        stack.otlp_grpc(),
        stack.jaeger(),
        stack.prometheus(),
        ids.join(" "),
        http = stack.otlp_http(),
    )
}

#[expect(clippy::disallowed_methods, reason = "there is no event loop here")]
fn pause() {
    std::thread::sleep(CHECKS);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_in_turn() {
        let none = Options::from_arguments(&[]).unwrap();
        assert_eq!(none.ports, Ports::USUAL);
        let chosen = ["--free-ports", "--jaeger", "7", "--data", "here"];
        let chosen = Options::from_arguments(&chosen).unwrap();
        let ports = Ports {
            jaeger: 7,
            ..Ports::default()
        };
        let data = Some("here".into());
        assert_eq!(chosen, Options { ports, data });
    }

    #[test]
    fn what_is_wrong_with_options_is_told() {
        for (options, complaint) in [
            (vec!["--grafana"], "no such option"),
            (vec!["--jaeger"], "a value is missing"),
            (vec!["--jaeger", "70000"], "--jaeger 70000: expected a port"),
        ] {
            let error = Options::from_arguments(&options).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
    }
}
