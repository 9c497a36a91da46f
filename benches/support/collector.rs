//! The real Collector, which throws away what it takes and counts it.

use backends::{Process, Server, free_ports, locate};
use loopscope::clock::Timestamp;
use std::error::Error;
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

pub(crate) struct Collector {
    _process: Process,
    _folder: TempDir,
    otlp: u16,
    metrics: u16,
}

impl Collector {
    /// Starts it and waits until it is ready; on the core that this thread is kept on.
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let program = locate(Server::Collector, "otelcol")?;
        let [otlp, metrics] = free_ports()?;
        let folder = TempDir::new()?;
        fs::write(
            folder.path().join("collector.yaml"),
            configuration(otlp, metrics),
        )?;
        let arguments = ["--config", "collector.yaml"];
        let mut process = Process::start("collector", &program, arguments, &[], folder.path())?;
        let collector = |process| Self {
            _process: process,
            _folder: folder,
            otlp,
            metrics,
        };
        let metrics = format!("http://127.0.0.1:{metrics}/metrics");
        process.wait_until(|| ureq::get(&metrics).call().is_ok())?;
        Ok(collector(process))
    }

    /// Where it takes OTLP over HTTP.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.otlp)
    }

    /// Makes sure that so many spans have arrived, by the Collector's own count, and no others.
    pub(crate) fn expect_spans(&self, expected: u64) -> Result<(), Box<dyn Error>> {
        let start = Timestamp::now();
        loop {
            let (accepted, refused) = (self.count("accepted")?, self.count("refused")?);
            if accepted == expected as f64 && refused == 0.0 {
                return Ok(());
            }
            // It counts what it has answered, soon after.
            if Timestamp::now() - start > Duration::from_secs(10) {
                let counts = format!("{accepted} spans and refused {refused}");
                return Err(format!("the Collector took {counts} of {expected}").into());
            }
        }
    }

    fn count(&self, what: &str) -> Result<f64, Box<dyn Error>> {
        let url = format!("http://127.0.0.1:{}/metrics", self.metrics);
        let metrics = ureq::get(&url).call()?.body_mut().read_to_string()?;
        let name = format!("otelcol_receiver_{what}_spans{{");
        let counts = metrics.lines().filter(|line| line.starts_with(&name));
        let values = counts.filter_map(|line| line.rsplit(' ').next());
        let values: Result<Vec<f64>, _> = values.map(str::parse).collect();
        Ok(values?.iter().sum())
    }
}

fn configuration(otlp: u16, metrics: u16) -> String {
    format!(
        "\
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:{otlp}
exporters:
  debug:
    verbosity: basic
    sampling_initial: 1
    sampling_thereafter: 1000000000
service:
  telemetry:
    logs:
      level: warn
    metrics:
      level: normal
      readers:
        - pull:
            exporter:
              prometheus:
                host: 127.0.0.1
                port: {metrics}
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [debug]
"
    )
}
