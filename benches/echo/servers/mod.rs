//! The servers: ours, watched in several ways, and its peers with their best settings.

use crate::pipeline::Pipeline;
use crate::service::Service;
use ::loopscope::instrument::EnterScope;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

mod loopscope;
mod raw_mio;
mod smol;
mod tokio;

/// All servers read into a buffer of this size: a message does not fill it, which tells those who
/// care that the socket is drained.
const BUFFER: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Tokio,
    TokioMetrics,
    TokioTracing,
    Loopscope,
    LoopscopeCounting,
    LoopscopeMetrics,
    LoopscopeSpans,
    LoopscopeFastLane,
    Smol,
    RawMio,
}

impl Server {
    const ALL: [Self; 10] = [
        Self::Tokio,
        Self::TokioMetrics,
        Self::TokioTracing,
        Self::Loopscope,
        Self::LoopscopeCounting,
        Self::LoopscopeMetrics,
        Self::LoopscopeSpans,
        Self::LoopscopeFastLane,
        Self::Smol,
        Self::RawMio,
    ];
    /// Those that export nothing.
    pub(crate) const ALONE: [Self; 7] = [
        Self::Tokio,
        Self::Loopscope,
        Self::LoopscopeCounting,
        Self::LoopscopeMetrics,
        Self::TokioMetrics,
        Self::Smol,
        Self::RawMio,
    ];
    /// Those whose operations are spans that go to the Collector, and what they are compared with.
    pub(crate) const EXPORTED: [Self; 5] = [
        Self::Tokio,
        Self::Loopscope,
        Self::LoopscopeSpans,
        Self::LoopscopeFastLane,
        Self::TokioTracing,
    ];

    pub(crate) const fn exports(self) -> bool {
        matches!(
            self,
            Self::LoopscopeSpans | Self::LoopscopeFastLane | Self::TokioTracing
        )
    }

    /// How many spans end for a connection and for a request, for those who make any.
    pub(crate) const fn spans(self) -> (u64, u64) {
        match self {
            // The accept; a receive and a send.
            Self::LoopscopeSpans | Self::LoopscopeFastLane => (1, 2),
            Self::TokioTracing => (0, 2),
            _ => (0, 0),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::TokioMetrics => "tokio-metrics",
            Self::TokioTracing => "tokio-tracing",
            Self::Loopscope => "loopscope",
            Self::LoopscopeCounting => "loopscope-counting",
            Self::LoopscopeMetrics => "loopscope-metrics",
            Self::LoopscopeSpans => "loopscope-spans",
            Self::LoopscopeFastLane => "loopscope-fast-lane",
            Self::Smol => "smol",
            Self::RawMio => "mio",
        }
    }

    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Tokio => "tokio, current_thread",
            Self::TokioMetrics => "tokio, tokio-metrics' TaskMonitor",
            Self::TokioTracing => "tokio, tracing-opentelemetry",
            Self::Loopscope => "loopscope, no scope",
            Self::LoopscopeCounting => "loopscope, instrument that counts",
            Self::LoopscopeMetrics => "loopscope, OtelInstrument, metrics only",
            Self::LoopscopeSpans => "loopscope, each operation a span",
            Self::LoopscopeFastLane => "loopscope, each operation a span, fast lane",
            Self::Smol => "smol, LocalExecutor",
            Self::RawMio => "raw mio, no executor",
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Server {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let server = Self::ALL.into_iter().find(|server| server.name() == name);
        server.ok_or_else(|| format!("no server is called {name}: there are {}", Self::names()))
    }
}

impl Server {
    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

/// Tells where a server listens.
type Listening<'a> = &'a dyn Fn(SocketAddr) -> io::Result<()>;

/// So long sleep the tasks that a server has beside those that serve.
const LONG: Duration = Duration::from_secs(3600);

/// Serves for ever at an address, which others of its kind may share.
pub(crate) fn run(
    service: &Service,
    address: SocketAddr,
    pipeline: Option<&Pipeline>,
    listening: Listening<'_>,
) -> io::Result<()> {
    let Service { server, tasks, .. } = *service;
    let pipeline = || {
        let missing = || io::Error::other(format!("{server} needs a Collector: --exported"));
        pipeline.ok_or_else(missing)
    };
    match server {
        Server::Tokio => tokio::run(address, tasks, listening),
        Server::TokioMetrics => tokio::run_monitored(address, listening),
        Server::TokioTracing => tokio::run_traced(address, pipeline()?, listening),
        Server::Loopscope => loopscope::run(address, tasks, listening),
        Server::LoopscopeCounting => {
            loopscope::Counts::default().in_scope(|| loopscope::run(address, tasks, listening))
        }
        Server::LoopscopeMetrics => loopscope::run_with_metrics(address, tasks, listening),
        Server::LoopscopeSpans | Server::LoopscopeFastLane => {
            loopscope::run_with_spans(address, pipeline()?, listening)
        }
        Server::Smol => smol::run(listening),
        Server::RawMio => raw_mio::run(listening),
    }
}

pub(crate) fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}
