//! The Collector.

use crate::started::{folder, free_ports, start};
use crate::{Jaeger, Prometheus};
use backends::{Process, Server, locate};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A Collector that forwards traces to Jaeger and metrics to Prometheus and writes traces and logs to
/// files.
#[derive(Debug)]
pub struct Collector {
    process: Process,
    folder: TempDir,
    program: PathBuf,
    http: u16,
    grpc: u16,
    health: u16,
}

impl Collector {
    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    ///
    /// Where it cannot be started.
    pub fn start(jaeger: &Jaeger, prometheus: &Prometheus) -> Self {
        let program =
            locate(Server::Collector, "otelcol").unwrap_or_else(|error| panic!("{error}"));
        let [http, grpc, health] = free_ports();
        let folder = folder();
        let config = configuration(http, grpc, health, jaeger, prometheus);
        fs::write(folder.path().join("collector.yaml"), config)
            .unwrap_or_else(|error| panic!("{error}"));
        Self {
            process: run(&program, &folder, health),
            folder,
            program,
            http,
            grpc,
            health,
        }
    }

    /// Ends it at once, as a crash would, and waits for `meanwhile`; then starts it on the same
    /// ports and waits until it is ready.
    ///
    /// # Panics
    ///
    /// Where it cannot be started again.
    pub fn restart_after(&mut self, meanwhile: impl FnOnce()) {
        self.process.kill();
        meanwhile();
        self.process = run(&self.program, &self.folder, self.health);
    }

    /// Where it takes OTLP over HTTP.
    pub fn otlp_http(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    /// Where it takes OTLP over gRPC.
    pub fn otlp_grpc(&self) -> String {
        format!("http://127.0.0.1:{}", self.grpc)
    }

    /// The spans that it has, as lines of OTLP in JSON.
    pub fn traces(&self) -> String {
        self.written("traces.json")
    }

    /// The log records that it has, as lines of OTLP in JSON.
    pub fn logs(&self) -> String {
        self.written("logs.json")
    }

    fn written(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }
}

fn run(program: &Path, folder: &TempDir, health: u16) -> Process {
    let ready = format!("http://127.0.0.1:{health}/");
    let arguments = ["--config", "collector.yaml"];
    start("collector", program, arguments, folder, &ready)
}

fn configuration(
    http: u16,
    grpc: u16,
    health: u16,
    jaeger: &Jaeger,
    prometheus: &Prometheus,
) -> String {
    let (traces, metrics) = (jaeger.otlp_http(), prometheus.otlp_http());
    format!(
        "\
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:{http}
      grpc:
        endpoint: 127.0.0.1:{grpc}
processors:
  memory_limiter:
    check_interval: 1s
    limit_mib: 512
  batch:
    timeout: 50ms
exporters:
  otlp_http/jaeger:
    endpoint: {traces}
  otlp_http/prometheus:
    endpoint: {metrics}
  file/traces:
    path: traces.json
    flush_interval: 100ms
  file/logs:
    path: logs.json
    flush_interval: 100ms
extensions:
  health_check:
    endpoint: 127.0.0.1:{health}
service:
  extensions: [health_check]
  telemetry:
    metrics:
      level: none
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [otlp_http/jaeger, file/traces]
    metrics:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [otlp_http/prometheus]
    logs:
      receivers: [otlp]
      processors: [memory_limiter, batch]
      exporters: [file/logs]
"
    )
}
