//! The real servers that the integration tests run: where they are, how they are built, and how
//! they are run together, with the example `shop` beside them.
//!
//! Each server is a Go module below this crate, whose `go.mod` and `go.sum` pin what it is built
//! from. What was built is kept in a cache folder under a key made of those files, so that it is
//! built once for all checkouts, and again when a pin changes.

mod process;
mod shop;
mod stack;

pub use process::{Process, free_ports};
pub use shop::Shop;
pub use stack::{Overlay, PROMETHEUS_FLAGS, Ports, Stack, configuration_folder};

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::error::Error;
use std::fmt;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server that the tests run, or another program that they need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Server {
    /// The OpenTelemetry Collector.
    Collector,
    /// Jaeger 2.
    Jaeger,
    /// Prometheus 3, with promtool.
    Prometheus,
    /// The parsers of `docker compose` and `docker build`, alone: they check a file and run nothing.
    Compose,
    /// Grafana's schema of dashboards, alone: it checks files and shows nothing.
    Grafana,
}

impl Server {
    /// All of them, the quickest to build first.
    pub const ALL: [Self; 5] = [
        Self::Grafana,
        Self::Compose,
        Self::Collector,
        Self::Prometheus,
        Self::Jaeger,
    ];

    /// Its name and that of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Jaeger => "jaeger",
            Self::Prometheus => "prometheus",
            Self::Compose => "compose",
            Self::Grafana => "grafana",
        }
    }

    /// Its programs and the packages that they are built from; the first is the server.
    const fn programs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Collector => &[("otelcol", ".")],
            Self::Jaeger => &[("jaeger", "github.com/jaegertracing/jaeger/cmd/jaeger")],
            Self::Prometheus => &[
                (
                    "prometheus",
                    "github.com/prometheus/prometheus/cmd/prometheus",
                ),
                ("promtool", "github.com/prometheus/prometheus/cmd/promtool"),
            ],
            Self::Compose => &[("compose-check", ".")],
            Self::Grafana => &[("dashboard-check", ".")],
        }
    }

    /// Prometheus' service discoveries need the clients of every cloud, and the tests none of them.
    const fn tags(self) -> &'static str {
        match self {
            Self::Prometheus => "remove_all_sd",
            Self::Collector | Self::Jaeger | Self::Compose | Self::Grafana => "",
        }
    }

    /// The folder with its Go module.
    fn module(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(self.name())
    }

    /// What it is built from and how, as a name.
    fn key(self) -> io::Result<String> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.module())?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?;
        files.sort();
        let mut hasher = DefaultHasher::new();
        (self.programs(), self.tags(), FLAGS).hash(&mut hasher);
        for file in files {
            file.file_name().hash(&mut hasher);
            fs::read(file)?.hash(&mut hasher);
        }
        Ok(format!("{}-{:016x}", self.name(), hasher.finish()))
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const FLAGS: [&str; 3] = ["-trimpath", "-ldflags", "-s -w"];

/// A server could not be found or built.
#[derive(Debug)]
#[non_exhaustive]
pub enum BackendError {
    /// It was not built, nor is it on the PATH.
    Missing(Server),
    /// There is neither Go to build it nor the program on the PATH.
    NoGo(Server),
    /// Go could not build it; this is what it said.
    Build(Server, String),
    /// It does not run as it should; this is what is wrong.
    Run(String, String),
    /// A file or a program could not be used.
    Io(PathBuf, io::Error),
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(server) => write!(
                f,
                "the real {server} is not there: build it with `cargo xtask backends`"
            ),
            Self::NoGo(server) => write!(
                f,
                "install Go 1.26 or newer to build the {server}, or put `{}` on the PATH",
                server.programs()[0].0
            ),
            Self::Build(server, output) => write!(
                f,
                "Go could not build the {server}; if the modules could not be downloaded, check \
                 GOPROXY and try again:\n{output}"
            ),
            Self::Run(name, problem) => write!(f, "the {name}: {problem}"),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl Error for BackendError {}

/// The folder in which what was built is kept: `$LOOPSCOPE_BACKENDS_DIR`, or `loopscope/backends`
/// in the user's cache folder.
pub fn cache_folder() -> PathBuf {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("LOOPSCOPE_BACKENDS_DIR").unwrap_or_else(|| {
        set("XDG_CACHE_HOME")
            .or_else(|| set("HOME").map(|home| home.join(".cache")))
            .unwrap_or_else(env::temp_dir)
            .join("loopscope")
            .join("backends")
    })
}

/// Finds a program of a server: in the cache, or else on the PATH.
///
/// # Errors
///
/// [`BackendError::Missing`] where it is in neither, [`BackendError::Io`] where its module cannot
/// be read.
pub fn locate(server: Server, program: &str) -> Result<PathBuf, BackendError> {
    let key = server
        .key()
        .map_err(|error| BackendError::Io(server.module(), error))?;
    let built = cache_folder().join(key).join(program);
    if built.is_file() {
        return Ok(built);
    }
    on_path(program).ok_or(BackendError::Missing(server))
}

/// The path of a program on the PATH.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Builds a server unless that was done before, and returns where its programs are; `say` is told
/// of what takes long.
///
/// # Errors
///
/// [`BackendError`] says what is missing, or what Go said.
pub fn build(server: Server, say: impl Fn(&str)) -> Result<Vec<PathBuf>, BackendError> {
    let programs = server.programs();
    let located: Result<Vec<_>, _> = programs
        .iter()
        .map(|(program, _)| locate(server, program))
        .collect();
    if let Ok(located) = located {
        return Ok(located);
    }
    if on_path("go").is_none() {
        return Err(BackendError::NoGo(server));
    }
    say("building it, which takes minutes the first time");
    let key = server
        .key()
        .map_err(|error| BackendError::Io(server.module(), error))?;
    let folder = cache_folder().join(&key);
    // Built aside and moved in place whole: neither an interruption nor another build that runs
    // at the same time leaves half of it.
    let aside = cache_folder().join(format!("{key}.building-{}", std::process::id()));
    let result = build_in(&aside, server).and_then(|()| {
        if let Err(error) = fs::rename(&aside, &folder)
            && !folder.is_dir()
        {
            return Err(BackendError::Io(folder.clone(), error));
        }
        Ok(programs
            .iter()
            .map(|(program, _)| folder.join(program))
            .collect())
    });
    let _ = fs::remove_dir_all(&aside);
    result
}

fn build_in(folder: &Path, server: Server) -> Result<(), BackendError> {
    fs::create_dir_all(folder).map_err(|error| BackendError::Io(folder.into(), error))?;
    for (program, package) in server.programs() {
        let output = Command::new("go")
            .arg("build")
            .args(FLAGS)
            .args(["-tags", server.tags(), "-o"])
            .arg(folder.join(program))
            .arg(package)
            .current_dir(server.module())
            .env("CGO_ENABLED", "0")
            // What the committed sums pin, and nothing else.
            .env("GOFLAGS", "-mod=readonly")
            .env("GOWORK", "off")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| BackendError::Io("go".into(), error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let lines: Vec<_> = said.lines().collect();
            let tail = lines[lines.len().saturating_sub(20)..].join("\n");
            return Err(BackendError::Build(server, tail));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_and_stay() {
        let keys: Vec<_> = Server::ALL
            .iter()
            .map(|server| server.key().unwrap())
            .collect();
        assert!(
            keys.iter()
                .zip(Server::ALL)
                .all(|(key, server)| key.starts_with(server.name()))
        );
        assert_eq!(keys[0], Server::ALL[0].key().unwrap());
    }

    #[test]
    fn errors_say_what_to_do() {
        let missing = BackendError::Missing(Server::Jaeger).to_string();
        assert!(missing.contains("cargo xtask backends"), "{missing}");
        let no_go = BackendError::NoGo(Server::Prometheus).to_string();
        assert!(
            no_go.contains("install Go") && no_go.contains("`prometheus`"),
            "{no_go}"
        );
    }
}
