//! Ours, watched in several ways.

use super::{BUFFER, LONG, Listening};
use crate::listeners;
use crate::pipeline::Pipeline;
use loopscope::event_loop::{EventLoop, sleep, spawn};
use loopscope::instrument::*;
use loopscope::net::{TcpListener, TcpStream};
use loopscope::otel::{OtelInstrument, SpanPolicy};
use opentelemetry::trace::TraceFlags;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use std::cell::Cell;
use std::io;
use std::net::SocketAddr;

pub(super) fn run(address: SocketAddr, tasks: usize, listening: Listening<'_>) -> io::Result<()> {
    EventLoop::new()?.run_until_complete(async {
        (0..tasks).for_each(|_| spawn(sleep(LONG)).detach());
        let listener = TcpListener::builder().reuse_port(true).bind(address)?;
        listening(listener.local_addr()?)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            spawn(echo(stream)).detach();
        }
    })
}

/// Metrics only, of which nothing is exported.
pub(super) fn run_with_metrics(
    address: SocketAddr,
    tasks: usize,
    listening: Listening<'_>,
) -> io::Result<()> {
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    let otel = OtelInstrument::builder()
        .meter_provider(&meters)
        .spans(SpanPolicy::Off)
        .build();
    otel.in_scope(|| run(address, tasks, listening))
}

/// Each operation a span below one that is sampled.
pub(super) fn run_with_spans(
    address: SocketAddr,
    pipeline: &Pipeline,
    listening: Listening<'_>,
) -> io::Result<()> {
    let otel = pipeline.bridge()?;
    let _parent = listeners::parent(TraceFlags::SAMPLED);
    otel.in_scope(|| run(address, 0, listening))
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

/// Counts everything that happens for each message.
#[derive(Default)]
pub(super) struct Counts {
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
