//! What was asked for.

use backends::Ports;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
usage: cargo xtask stack [OPTION]...

Runs the Collector, Jaeger and Prometheus with the files in otel-config/, until Ctrl-C.

options:
  --shop                run the example `shop` beside them, with customers in it
  --fault NAME          have something go wrong in the shop; may be given several times
                        (`cargo run --example shop --all-features -- load --help` lists them)
  --free-ports          take free ports in place of the usual ones
  --otlp-grpc PORT      where the Collector takes OTLP over gRPC (4317); 0 is any free port
  --otlp-http PORT      where the Collector takes OTLP over HTTP (4318)
  --jaeger PORT         Jaeger's pages and API (16686)
  --prometheus PORT     Prometheus' pages and API (9090)
  --gateway PORT        the shop's gateway (8443)
  --data FOLDER         keep what the servers have in FOLDER; otherwise it goes when they end";

/// The shop's usual port.
const GATEWAY: u16 = 8443;

#[derive(Debug, PartialEq)]
pub(super) struct Options {
    pub(super) ports: Ports,
    pub(super) data: Option<PathBuf>,
    pub(super) shop: bool,
    pub(super) gateway: u16,
    pub(super) faults: Vec<String>,
}

impl Options {
    pub(super) fn from_arguments(arguments: &[&str]) -> Result<Self, String> {
        let mut options = Self {
            ports: Ports::USUAL,
            data: None,
            shop: false,
            gateway: GATEWAY,
            faults: Vec::new(),
        };
        let mut arguments = arguments.iter().copied();
        while let Some(option) = arguments.next() {
            match option {
                "--free-ports" => (options.ports, options.gateway) = (Ports::default(), 0),
                "--shop" => options.shop = true,
                _ => options.take(option, arguments.next())?,
            }
        }
        if !(options.shop || options.faults.is_empty()) {
            return Err(format!("--fault goes with --shop\n\n{HELP}"));
        }
        Ok(options)
    }

    /// Takes an option that has a value.
    fn take(&mut self, option: &str, value: Option<&str>) -> Result<(), String> {
        let ports = &mut self.ports;
        let port = match option {
            "--otlp-grpc" => Some(&mut ports.otlp_grpc),
            "--otlp-http" => Some(&mut ports.otlp_http),
            "--jaeger" => Some(&mut ports.jaeger),
            "--prometheus" => Some(&mut ports.prometheus),
            "--gateway" => Some(&mut self.gateway),
            "--data" | "--fault" => None,
            _ => return Err(format!("{option}: there is no such option\n\n{HELP}")),
        };
        let value = value.ok_or_else(|| format!("{option}: a value is missing\n\n{HELP}"))?;
        match port {
            Some(port) => {
                *port = value
                    .parse()
                    .map_err(|_| format!("{option} {value}: expected a port"))?;
            }
            None if option == "--data" => self.data = Some(value.into()),
            None => self.faults.push(value.into()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_in_turn() {
        let none = Options::from_arguments(&[]).unwrap();
        assert_eq!((none.ports, none.gateway), (Ports::USUAL, 8443));
        let chosen = [
            "--free-ports",
            "--jaeger",
            "7",
            "--data",
            "here",
            "--shop",
            "--fault",
            "a",
            "--fault",
            "b",
        ];
        let chosen = Options::from_arguments(&chosen).unwrap();
        let expected = Options {
            ports: Ports {
                jaeger: 7,
                ..Ports::default()
            },
            data: Some("here".into()),
            shop: true,
            gateway: 0,
            faults: vec!["a".into(), "b".into()],
        };
        assert_eq!(chosen, expected);
    }

    #[test]
    fn what_is_wrong_with_options_is_told() {
        for (options, complaint) in [
            (vec!["--grafana"], "no such option"),
            (vec!["--jaeger"], "a value is missing"),
            (vec!["--jaeger", "70000"], "--jaeger 70000: expected a port"),
            (vec!["--fault", "slow-store"], "--fault goes with --shop"),
        ] {
            let error = Options::from_arguments(&options).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
    }
}
