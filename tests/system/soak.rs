//! Many connections, one after the other: what they used is all given back.

use crate::own_process::{in_own_process, tell, told};
use loopscope::clock::Timestamp;
use loopscope::event_loop::{EventLoop, TaskGroup, sleep, snapshot, spawn, timeout};
use loopscope::instrument::EnterScope;
use loopscope::net::{TcpListener, TcpStream};
use loopscope::otel::OtelInstrument;
use loopscope::sync::AsyncQueue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use socket2::SockRef;
use std::cell::Cell;
use std::io::Write;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// For how long it goes on, in seconds: `cargo xtask test` sets a minute.
const SECONDS: &str = "LOOPSCOPE_SOAK_SECONDS";
const DEFAULT_SECONDS: u64 = 2;
/// Where the machine is slow it goes on for longer.
const CONNECTIONS_A_SECOND: usize = 500;
/// Connections at the same time.
const AT_ONCE: usize = 50;
const HOUR: Duration = Duration::from_secs(3600);

/// One of the fates of a connection, in turn.
async fn connection(address: SocketAddr, number: usize) {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut buffer = [0; 64];
    match number % 5 {
        // It is answered and closed in order.
        0 | 1 => {
            stream.write_all(&[1; 64]).await.unwrap();
            timeout(HOUR, stream.read_exact(&mut buffer))
                .await
                .unwrap()
                .unwrap();
        }
        // It is reset.
        2 => SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap(),
        // A read is given up.
        3 => {
            let waits = timeout(Duration::ZERO, stream.read(&mut buffer)).await;
            assert!(waits.is_err());
        }
        // Its task is cancelled while it waits, beside a timer.
        _ => {
            let task = spawn(async move {
                let _timer = sleep(HOUR).await;
                stream.read(&mut buffer).await.map(drop)
            });
            sleep(Duration::ZERO).await;
            task.cancel();
            let _ = task.await;
        }
    }
}

async fn serve(listener: TcpListener, accepted: AsyncQueue<u64>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        accepted.put(1).await.unwrap();
        spawn(async move {
            let mut buffer = [0; 64];
            while let Ok(Ok(1..)) = timeout(HOUR, stream.read(&mut buffer)).await {
                if stream.write_all(&buffer).await.is_err() {
                    return;
                }
            }
        })
        .detach();
    }
}

/// Opens and closes so many connections, and waits until the server has noticed.
async fn round(address: SocketAddr, connections: usize, accepted: &AsyncQueue<u64>) {
    let group = TaskGroup::new();
    for number in 0..connections {
        group.spawn(connection(address, number));
    }
    group.join_all().await.unwrap();
    for _ in 0..connections {
        accepted.get().await.unwrap();
    }
    // The listener, the server's task and this one.
    while snapshot().unwrap().tasks.len() > 2 {
        sleep(Duration::from_micros(100)).await;
    }
}

/// What there is at a moment.
#[derive(Debug, PartialEq, Eq)]
struct Holdings {
    descriptors: usize,
    threads: usize,
    tasks: usize,
    sockets: usize,
    timers: usize,
}

impl Holdings {
    fn now() -> Self {
        let entries = |path| std::fs::read_dir(path).unwrap().count();
        let snapshot = snapshot().unwrap();
        Self {
            descriptors: entries("/proc/self/fd"),
            threads: entries("/proc/self/task"),
            tasks: snapshot.tasks.len(),
            sockets: snapshot.sockets,
            timers: snapshot.timers,
        }
    }
}

/// Memory of the process that is in use, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().strip_suffix(" kB").unwrap();
    kilobytes.parse::<usize>().unwrap() * 1024
}

/// The counts of what is active, as they would be exported: by metric and attributes.
fn active(exporter: &InMemoryMetricExporter) -> Vec<(String, i64)> {
    let exported = exporter.get_finished_metrics().unwrap();
    let last = exported.last().unwrap();
    let metrics = last.scope_metrics().flat_map(|scope| scope.metrics());
    let mut active = Vec::new();
    for metric in metrics {
        if let AggregatedMetrics::I64(MetricData::Sum(sum)) = metric.data() {
            for point in sum.data_points() {
                let attributes: Vec<_> =
                    point.attributes().map(|it| it.value.to_string()).collect();
                let name = format!("{} {}", metric.name(), attributes.join(" "));
                active.push((name, point.value()));
            }
        }
    }
    active
}

fn body() {
    let seconds = std::env::var(SECONDS).map_or(DEFAULT_SECONDS, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{SECONDS}={text}: expected a number"))
    });
    let exporter = InMemoryMetricExporter::default();
    // Exported when asked only: what is exported is kept.
    let reader = PeriodicReader::builder(exporter.clone())
        .with_interval(HOUR)
        .build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    let tracers = SdkTracerProvider::builder().build();
    let otel = OtelInstrument::builder()
        .meter_provider(&meters)
        .tracer_provider(&tracers)
        .build();
    let _scope = otel.enter();
    let event_loop = EventLoop::new().unwrap();
    let opened = Rc::new(Cell::new(0));
    let count = opened.clone();
    event_loop.run_until_complete(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = AsyncQueue::unbounded().named("accepted");
        let server = spawn(serve(listener, accepted.clone()));
        // What grows once, as tables and buffers do, has grown after this.
        for _ in 0..20 {
            round(address, AT_ONCE, &accepted).await;
        }
        let (before, memory) = (Holdings::now(), resident());
        let at_least = CONNECTIONS_A_SECOND * usize::try_from(seconds).unwrap();
        let end = Timestamp::now() + Duration::from_secs(seconds);
        while Timestamp::now() < end || count.get() < at_least {
            round(address, AT_ONCE, &accepted).await;
            count.set(count.get() + AT_ONCE);
        }
        assert_eq!(Holdings::now(), before);
        let grown = resident().saturating_sub(memory);
        assert!(
            grown < 4 << 20,
            "{grown} bytes more after {} connections",
            count.get()
        );
        server.cancel();
        let _ = server.await;
    });
    drop(event_loop);
    meters.force_flush().unwrap();
    let active = active(&exporter);
    assert!(active.len() >= 4, "{active:?}");
    assert!(active.iter().all(|(_, count)| *count == 0), "{active:?}");
    tell("connections", opened.get());
}

#[test]
fn connections_give_back_all_that_they_used() {
    if let Some(output) = in_own_process(&[], body) {
        let opened = told(&output)["connections"];
        assert!(opened >= 1000);
        writeln!(std::io::stdout(), "{opened} connections").unwrap();
    }
}
