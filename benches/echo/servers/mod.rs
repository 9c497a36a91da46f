//! The servers: ours, watched in several ways, and its peers with their best settings.

use loopscope::event_loop::{EventLoop, spawn};
use loopscope::instrument::*;
use loopscope::net::{TcpListener, TcpStream};
use loopscope::otel::{OtelInstrument, SpanPolicy};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

mod raw_mio;

/// All servers read into a buffer of this size: a message does not fill it, which tells those who
/// care that the socket is drained.
const BUFFER: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Tokio,
    Loopscope,
    LoopscopeCounting,
    LoopscopeMetrics,
    RawMio,
}

impl Server {
    pub(crate) const ALL: [Self; 5] = [
        Self::Tokio,
        Self::Loopscope,
        Self::LoopscopeCounting,
        Self::LoopscopeMetrics,
        Self::RawMio,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Loopscope => "loopscope",
            Self::LoopscopeCounting => "loopscope-counting",
            Self::LoopscopeMetrics => "loopscope-metrics",
            Self::RawMio => "mio",
        }
    }

    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Tokio => "tokio, current_thread",
            Self::Loopscope => "loopscope, no scope",
            Self::LoopscopeCounting => "loopscope, instrument that counts",
            Self::LoopscopeMetrics => "loopscope, OtelInstrument, metrics only",
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

/// Serves for ever, and tells where.
pub(crate) fn run(server: Server, listening: fn(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    match server {
        Server::Tokio => run_tokio(listening),
        Server::Loopscope => run_loopscope(listening),
        Server::LoopscopeCounting => Counts::default().in_scope(|| run_loopscope(listening)),
        Server::LoopscopeMetrics => {
            let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
            let meters = SdkMeterProvider::builder().with_reader(reader).build();
            let otel = OtelInstrument::builder()
                .meter_provider(&meters)
                .spans(SpanPolicy::Off)
                .build();
            otel.in_scope(|| run_loopscope(listening))
        }
        Server::RawMio => raw_mio::run(listening),
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn run_loopscope(listening: fn(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    EventLoop::new()?.run_until_complete(async {
        let listener = TcpListener::bind(any_port())?;
        listening(listener.local_addr()?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            spawn(echo(stream)).detach();
        }
    })
}

async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count]).await?,
        }
    }
}

fn run_tokio(listening: fn(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(any_port()).await?;
        listening(listener.local_addr()?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(echo_tokio(stream));
        }
    })
}

async fn echo_tokio(mut stream: tokio::net::TcpStream) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count]).await?,
        }
    }
}

/// Counts everything that happens for each message.
#[derive(Default)]
struct Counts {
    polls: Cell<u64>,
    received: Cell<usize>,
    sent: Cell<usize>,
    waits: Cell<u64>,
}

impl EventLoopInstrument for Counts {
    fn on_task_before_send(&self, _: &TaskSendMetadata<'_>) {
        self.polls.set(self.polls.get() + 1);
    }

    fn on_socket_recv_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        self.received
            .set(self.received.get() + metadata.size.unwrap_or(0));
        self.waits
            .set(self.waits.get() + u64::from(!metadata.immediate));
    }

    fn on_socket_send_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        self.sent.set(self.sent.get() + metadata.size.unwrap_or(0));
    }
}
