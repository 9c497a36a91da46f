//! The servers together, with the configuration that users are given.

use crate::process::{Process, all_run, free_ports, loopback, stop_all};
use crate::{BackendError, Server, locate};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

/// What Prometheus is told to be able to: to take OTLP, and to keep exemplars.
pub const PROMETHEUS_FLAGS: [&str; 2] = [
    "--web.enable-otlp-receiver",
    "--enable-feature=exemplar-storage",
];

/// The folder with the configuration files.
pub fn configuration_folder() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).join("otel-config")
}

/// The ports of a stack, on the loopback address; for 0 a free one is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "who starts a stack chooses each")]
pub struct Ports {
    /// Where the Collector takes OTLP over gRPC.
    pub otlp_grpc: u16,
    /// Where the Collector takes OTLP over HTTP.
    pub otlp_http: u16,
    /// Jaeger's pages and API.
    pub jaeger: u16,
    /// Prometheus' pages and API.
    pub prometheus: u16,
}

impl Ports {
    /// Where each server is looked for by default.
    pub const USUAL: Self = Self {
        otlp_grpc: 4317,
        otlp_http: 4318,
        jaeger: 16686,
        prometheus: 9090,
    };

    /// With these in place of the zeros.
    fn or(self, free: Self) -> Self {
        let or = |chosen, free| if chosen == 0 { free } else { chosen };
        Self {
            otlp_grpc: or(self.otlp_grpc, free.otlp_grpc),
            otlp_http: or(self.otlp_http, free.otlp_http),
            jaeger: or(self.jaeger, free.jaeger),
            prometheus: or(self.prometheus, free.prometheus),
        }
    }
}

/// The ports that only the servers themselves, and their starter, use.
#[derive(Clone, Copy)]
struct Internal {
    collector_health: u16,
    jaeger_otlp: u16,
    jaeger_health: u16,
    jaeger_query_grpc: u16,
}

fn all_ports(chosen: Ports) -> Result<(Ports, Internal), BackendError> {
    let free = free_ports().map_err(|error| BackendError::Io("a free port".into(), error))?;
    let [
        otlp_grpc,
        otlp_http,
        jaeger,
        prometheus,
        collector_health,
        jaeger_otlp,
        jaeger_health,
        jaeger_query_grpc,
    ] = free;
    let ports = chosen.or(Ports {
        otlp_grpc,
        otlp_http,
        jaeger,
        prometheus,
    });
    let internal = Internal {
        collector_health,
        jaeger_otlp,
        jaeger_health,
        jaeger_query_grpc,
    };
    Ok((ports, internal))
}

/// Configuration that goes over the stack's own, or takes its place.
#[derive(Debug, Clone, Default)]
#[expect(clippy::exhaustive_structs, reason = "who starts a stack chooses each")]
pub struct Overlay {
    /// Files for the Collector, the later over the earlier.
    pub files: Vec<PathBuf>,
    /// The variables that they speak of.
    pub environment: Vec<(&'static str, String)>,
    /// Prometheus' whole configuration, in place of the stack's own.
    pub prometheus: Option<PathBuf>,
}

/// Collector, Jaeger and Prometheus that run together; killed where it is dropped before it is
/// stopped.
#[derive(Debug)]
pub struct Stack {
    /// In the order in which they are stopped: who sends before who receives.
    processes: Vec<Process>,
    ports: Ports,
}

impl Stack {
    /// Starts all servers and waits until they are ready; `folder` is where they keep what they
    /// have and write their logs.
    ///
    /// # Errors
    ///
    /// [`BackendError`] says which server is missing or does not start, and what it said.
    pub fn start(folder: &Path, ports: Ports) -> Result<Self, BackendError> {
        Self::start_with(folder, ports, Overlay::default())
    }

    /// As [`start`](Self::start), with other configuration.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_with(folder: &Path, ports: Ports, overlay: Overlay) -> Result<Self, BackendError> {
        let folder = fs::create_dir_all(folder)
            .and_then(|()| folder.canonicalize())
            .map_err(|error| BackendError::Io(folder.into(), error))?;
        let (ports, internal) = all_ports(ports)?;
        // All are started before the first is waited for.
        let prometheus = prometheus(&folder, ports, overlay.prometheus.as_deref())?;
        let jaeger = jaeger(&folder, ports, internal)?;
        let collector = collector(&folder, ports, internal, overlay)?;
        let mut stack = Self {
            processes: vec![collector, jaeger, prometheus],
            ports,
        };
        let ready = [
            (internal.collector_health, "/"),
            (ports.jaeger, "/api/services"),
            (ports.prometheus, "/-/ready"),
        ];
        for (process, (port, path)) in stack.processes.iter_mut().zip(ready) {
            process.wait_until_ready(loopback(port), path)?;
        }
        Ok(stack)
    }

    /// The ports that are used.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// Where OTLP goes over HTTP.
    pub fn otlp_http(&self) -> String {
        format!("http://{}", loopback(self.ports.otlp_http))
    }

    /// Where OTLP goes over gRPC.
    pub fn otlp_grpc(&self) -> String {
        format!("http://{}", loopback(self.ports.otlp_grpc))
    }

    /// Jaeger's pages and API.
    pub fn jaeger(&self) -> String {
        format!("http://{}", loopback(self.ports.jaeger))
    }

    /// Prometheus' pages and API.
    pub fn prometheus(&self) -> String {
        format!("http://{}", loopback(self.ports.prometheus))
    }

    /// The numbers by which the system knows the servers.
    pub fn process_ids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::id).collect()
    }

    /// What is wrong if a server has ended by itself.
    ///
    /// # Errors
    ///
    /// [`BackendError::Run`] says which one it was, and what it said.
    pub fn check(&mut self) -> Result<(), BackendError> {
        all_run(&mut self.processes)
    }

    /// Has all servers end, those that send before those that receive; what the Collector has not
    /// delivered stays in `folder`, for the next start.
    ///
    /// # Errors
    ///
    /// The first [`BackendError`]; nothing runs on, whatever went wrong.
    pub fn stop(self) -> Result<(), BackendError> {
        stop_all(self.processes)
    }
}

fn start<A: AsRef<OsStr>>(
    server: Server,
    arguments: impl IntoIterator<Item = A>,
    environment: &[(&str, String)],
    folder: &Path,
) -> Result<Process, BackendError> {
    let program = locate(server, server.programs()[0].0)?;
    Process::start(server.name(), &program, arguments, environment, folder)
}

fn prometheus(folder: &Path, ports: Ports, config: Option<&Path>) -> Result<Process, BackendError> {
    let own = configuration_folder().join("prometheus/prometheus.yaml");
    let config = config.unwrap_or(&own);
    let data = folder.join("prometheus");
    let own = [
        format!("--config.file={}", config.display()),
        format!("--storage.tsdb.path={}", data.display()),
        format!("--web.listen-address={}", loopback(ports.prometheus)),
    ];
    let features = PROMETHEUS_FLAGS.map(String::from);
    let arguments = own.into_iter().chain(features);
    start(Server::Prometheus, arguments, &[], folder)
}

fn jaeger(folder: &Path, ports: Ports, internal: Internal) -> Result<Process, BackendError> {
    let environment = [
        ("JAEGER_OTLP_ADDRESS", internal.jaeger_otlp),
        ("JAEGER_HEALTH_ADDRESS", internal.jaeger_health),
        ("JAEGER_QUERY_ADDRESS", ports.jaeger),
        ("JAEGER_QUERY_GRPC_ADDRESS", internal.jaeger_query_grpc),
    ];
    let environment = environment.map(|(name, port)| (name, loopback(port).to_string()));
    let config = configuration_folder().join("jaeger.yaml");
    let arguments = [OsString::from("--config"), config.into_os_string()];
    start(Server::Jaeger, arguments, &environment, folder)
}

fn collector(
    folder: &Path,
    ports: Ports,
    internal: Internal,
    overlay: Overlay,
) -> Result<Process, BackendError> {
    let address = |port| loopback(port).to_string();
    let storage = folder.join("collector").display().to_string();
    let metrics = format!("http://{}/api/v1/otlp", address(ports.prometheus));
    let own = [
        ("COLLECTOR_GRPC_ADDRESS", address(ports.otlp_grpc)),
        ("COLLECTOR_HTTP_ADDRESS", address(ports.otlp_http)),
        (
            "COLLECTOR_HEALTH_ADDRESS",
            address(internal.collector_health),
        ),
        ("COLLECTOR_STORAGE_FOLDER", storage),
        ("JAEGER_OTLP_ADDRESS", address(internal.jaeger_otlp)),
        ("PROMETHEUS_OTLP_URL", metrics),
    ];
    let environment: Vec<_> = own.into_iter().chain(overlay.environment).collect();
    let config = configuration_folder().join("collector.yaml");
    let files = iter::once(config).chain(overlay.files);
    let arguments = files.flat_map(|file| [OsString::from("--config"), file.into_os_string()]);
    start(Server::Collector, arguments, &environment, folder)
}
