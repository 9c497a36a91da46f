//! tokio's current-thread runtime, and what watches its tasks and their operations.

use super::{BUFFER, LONG, Listening};
use crate::pipeline::Pipeline;
use crate::{listeners, tracing_spans};
use opentelemetry::Context;
use opentelemetry::trace::TraceFlags;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_metrics::TaskMonitor;
use tracing::field::Empty;
use tracing::{Instrument, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// No longer line of connections can wait to be accepted.
const BACKLOG: u32 = 1024;

pub(super) fn run(address: SocketAddr, tasks: usize, listening: Listening<'_>) -> io::Result<()> {
    serve(address, tasks, listening, echo)
}

/// Each connection's task is monitored.
pub(super) fn run_monitored(address: SocketAddr, listening: Listening<'_>) -> io::Result<()> {
    let monitor = TaskMonitor::new();
    serve(address, 0, listening, move |stream| {
        TaskMonitor::instrument(&monitor, echo(stream))
    })
}

/// Each operation is a span below one that is sampled.
pub(super) fn run_traced(
    address: SocketAddr,
    pipeline: &Pipeline,
    listening: Listening<'_>,
) -> io::Result<()> {
    let dispatch = tracing_spans::dispatch(&pipeline.provider());
    let _parent = listeners::parent(TraceFlags::SAMPLED);
    tracing::dispatcher::with_default(&dispatch, || serve(address, 0, listening, connection))
}

fn serve<F>(
    address: SocketAddr,
    tasks: usize,
    listening: Listening<'_>,
    connection: impl Fn(TcpStream) -> F,
) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_io();
    if tasks > 0 {
        runtime.enable_time();
    }
    runtime.build()?.block_on(async {
        (0..tasks).for_each(|_| drop(tokio::spawn(tokio::time::sleep(LONG))));
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseport(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        listening(listener.local_addr()?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(connection(stream));
        }
    })
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count]).await?,
        }
    }
}

/// A span like those of ours, but for what tokio does not tell: whether an operation had to wait.
macro_rules! operation {
    ($name:literal, $ends:ident) => {
        info_span!(
            $name,
            network.peer.address = %$ends.0.ip(),
            network.peer.port = $ends.0.port(),
            network.local.address = %$ends.1.ip(),
            network.local.port = $ends.1.port(),
            network.transport = "tcp",
            network.type = "ipv4",
            loopscope.io.size = Empty,
        )
    };
}

/// Serves a connection, whose span belongs to a sampled trace and never ends.
fn connection(stream: TcpStream) -> impl Future<Output = io::Result<()>> + Send {
    let span = info_span!("connection");
    // It is refused where the span is not `tracing-opentelemetry`'s, which it is.
    let _ = span.set_parent(Context::current());
    traced_echo(stream).instrument(span)
}

async fn traced_echo(mut stream: TcpStream) -> io::Result<()> {
    let ends = (stream.peer_addr()?, stream.local_addr()?);
    let mut buffer = [0; BUFFER];
    loop {
        let span = operation!("socket recv", ends);
        let count = stream.read(&mut buffer).instrument(span.clone()).await?;
        span.record("loopscope.io.size", count);
        // It ends before the next begins.
        drop(span);
        if count == 0 {
            return Ok(());
        }
        let span = operation!("socket send", ends);
        span.record("loopscope.io.size", count);
        stream.write_all(&buffer[..count]).instrument(span).await?;
    }
}
