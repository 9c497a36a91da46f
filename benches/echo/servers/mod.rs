//! The servers: ours, watched in several ways, and its peers with their best settings.

use loopscope::event_loop::{EventLoop, sleep, spawn};
use loopscope::instrument::*;
use loopscope::net::{TcpListener, TcpStream};
use loopscope::otel::{OtelInstrument, SpanPolicy};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

mod raw_mio;
mod smol;

/// All servers read into a buffer of this size: a message does not fill it, which tells those who
/// care that the socket is drained.
const BUFFER: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Tokio,
    Loopscope,
    LoopscopeCounting,
    LoopscopeMetrics,
    Smol,
    RawMio,
}

impl Server {
    pub(crate) const ALL: [Self; 6] = [
        Self::Tokio,
        Self::Loopscope,
        Self::LoopscopeCounting,
        Self::LoopscopeMetrics,
        Self::Smol,
        Self::RawMio,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Loopscope => "loopscope",
            Self::LoopscopeCounting => "loopscope-counting",
            Self::LoopscopeMetrics => "loopscope-metrics",
            Self::Smol => "smol",
            Self::RawMio => "mio",
        }
    }

    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Tokio => "tokio, current_thread",
            Self::Loopscope => "loopscope, no scope",
            Self::LoopscopeCounting => "loopscope, instrument that counts",
            Self::LoopscopeMetrics => "loopscope, OtelInstrument, metrics only",
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
type Listening = fn(SocketAddr) -> io::Result<()>;

/// So long sleep the tasks that a server has beside those that serve.
const LONG: Duration = Duration::from_secs(3600);

/// Serves for ever, beside so many tasks that sleep.
pub(crate) fn run(server: Server, tasks: usize, listening: Listening) -> io::Result<()> {
    match server {
        Server::Tokio => run_tokio(tasks, listening),
        Server::Loopscope => run_loopscope(tasks, listening),
        Server::LoopscopeCounting => Counts::default().in_scope(|| run_loopscope(tasks, listening)),
        Server::LoopscopeMetrics => {
            let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
            let meters = SdkMeterProvider::builder().with_reader(reader).build();
            let otel = OtelInstrument::builder()
                .meter_provider(&meters)
                .spans(SpanPolicy::Off)
                .build();
            otel.in_scope(|| run_loopscope(tasks, listening))
        }
        Server::Smol => smol::run(listening),
        Server::RawMio => raw_mio::run(listening),
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn run_loopscope(tasks: usize, listening: Listening) -> io::Result<()> {
    EventLoop::new()?.run_until_complete(async {
        (0..tasks).for_each(|_| spawn(sleep(LONG)).detach());
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

fn run_tokio(tasks: usize, listening: Listening) -> io::Result<()> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_io();
    if tasks > 0 {
        runtime.enable_time();
    }
    runtime.build()?.block_on(async {
        (0..tasks).for_each(|_| drop(tokio::spawn(tokio::time::sleep(LONG))));
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
