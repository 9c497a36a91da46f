//! What the hooks and the exported metrics say of a run is what its system calls did.

use crate::own_process::{in_own_process, tell, told};
use crate::recorded::recorded;
use crate::trace::{self, ByTransport, Call, calls};
use loopscope::event_loop::{TaskGroup, spawn, timeout, yield_now};
use loopscope::instrument::{EnterScope, Recorded, RecordingInstrument, SocketOperation};
use loopscope::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use loopscope::otel::OtelInstrument;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use std::net::Shutdown;
use std::time::Duration;

const CLIENTS: usize = 20;
const DATAGRAMS: usize = 30;

/// Clients that send and receive, some that are reset, given up or refused.
async fn tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = spawn(async move {
        let connections = TaskGroup::new();
        for number in 0..CLIENTS {
            let (stream, _) = listener.accept().await.unwrap();
            connections.spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(size @ 1..) = stream.read(&mut buffer).await {
                    stream.write_all(&buffer[..size]).await.unwrap();
                    if number % 7 == 3 {
                        // Closed with something unread: the client is reset.
                        return;
                    }
                }
            });
        }
        connections.join_all().await.unwrap();
        assert!(
            timeout(Duration::from_millis(1), listener.accept())
                .await
                .is_err()
        );
    });
    let clients = TaskGroup::new();
    for number in 0..CLIENTS {
        clients.spawn(async move {
            let stream = TcpStream::connect(address).await.unwrap();
            let _ = stream.write_all(&vec![7; 1 + number * 997]).await;
            let _ = stream.shutdown(Shutdown::Write);
            let mut buffer = [0; 512];
            while let Ok(1..) = stream.read(&mut buffer).await {
                yield_now().await;
            }
        });
    }
    clients.join_all().await.unwrap();
    server.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

async fn unix_and_udp() {
    let (one, other) = UnixStream::pair().unwrap();
    let reader = spawn(async move {
        let mut received = 0;
        let mut buffer = vec![0; 10_000];
        while let Ok(size @ 1..) = other.read(&mut buffer).await {
            received += size;
        }
        received
    });
    one.write_all(&vec![1; 300_000]).await.unwrap();
    drop(one);
    assert_eq!(reader.await.unwrap(), 300_000);

    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let client = UdpSocket::connect(server.local_addr().unwrap())
        .await
        .unwrap();
    for number in 0..DATAGRAMS {
        client.send(&vec![2; number]).await.unwrap();
        let (size, peer) = server.recv_from(&mut [0; 64]).await.unwrap();
        server.send_to(&[3; 64][..size], peer).await.unwrap();
        assert_eq!(client.recv(&mut [0; 64]).await.unwrap(), number);
    }
}

/// What the hooks said, in lines for the process that holds it against the trace.
fn tell_hooks(recorder: &RecordingInstrument) {
    let thread = std::fs::read_link("/proc/thread-self").unwrap();
    let thread = thread.file_name().unwrap().to_str().unwrap();
    tell("thread", thread);
    for hook in [
        "on_socket_open",
        "on_socket_close",
        "on_socket_accept_ready",
    ] {
        tell(hook, recorder.of(hook).len());
    }
    let connects = recorder.of("on_socket_connect_ready").len()
        + recorder
            .of("on_socket_error")
            .iter()
            .filter(|error| error.operation == Some(SocketOperation::Connect))
            .count();
    tell("connects", connects);
    for (name, hooks) in [
        ("received", "on_socket_recv_ready"),
        ("sent", "on_socket_send_ready"),
    ] {
        tell(name, moved(recorder, hooks));
    }
}

/// The bytes of operations that succeeded, and of the parts of those that did not.
fn moved(recorder: &RecordingInstrument, ready: &str) -> usize {
    let operation = recorder.of(ready).first().and_then(|event| event.operation);
    let size = |event: &Recorded| event.size.unwrap_or(0);
    let succeeded: usize = recorder.of(ready).iter().map(size).sum();
    let errors = recorder.of("on_socket_error");
    let failed = errors.iter().filter(|error| error.operation == operation);
    succeeded + failed.map(size).sum::<usize>()
}

/// The counter of bytes as it would be exported, by direction and transport.
fn tell_metrics(exporter: &InMemoryMetricExporter) {
    let exported = exporter.get_finished_metrics().unwrap();
    let metrics = exported
        .iter()
        .flat_map(|resource| resource.scope_metrics());
    for metric in metrics.flat_map(|scope| scope.metrics()) {
        if metric.name() != "loopscope.socket.io" {
            continue;
        }
        let AggregatedMetrics::U64(MetricData::Sum(sum)) = metric.data() else {
            panic!("a counter is a sum: {metric:?}");
        };
        for point in sum.data_points() {
            let attribute = |key: &str| {
                let found = point.attributes().find(|it| it.key.as_str() == key);
                found.unwrap().value.to_string()
            };
            let (direction, transport) = (
                attribute("network.io.direction"),
                attribute("network.transport"),
            );
            tell(&format!("metric.{direction}.{transport}"), point.value());
        }
    }
}

fn body() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    let otel = OtelInstrument::builder().meter_provider(&meters).build();
    let recorder = otel.in_scope(|| {
        recorded(async {
            tcp().await;
            unix_and_udp().await;
        })
    });
    meters.force_flush().unwrap();
    tell_hooks(&recorder);
    tell_metrics(&exporter);
}

#[test]
fn hooks_and_metrics_tell_what_the_system_calls_did() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("trace");
    let wrapper = [
        "strace",
        "--follow-forks",
        "--decode-fds=all",
        "--string-limit=0",
        "--trace=%network,read,readv,write,writev,close",
        "--output",
        file.to_str().unwrap(),
    ];
    let Some(output) = in_own_process(&wrapper, body) else {
        return;
    };
    let told = told(&output);
    let trace = std::fs::read_to_string(&file).unwrap();
    let calls = calls(&trace, &told["thread"].to_string());

    let received = trace::bytes(&calls, &["recvfrom", "read", "readv", "recvmsg"]);
    let sent = trace::bytes(&calls, &["sendto", "write", "writev", "sendmsg"]);
    let total = |sums: &ByTransport| sums.values().sum::<u64>();
    assert!(
        total(&received) > 300_000 && sent.len() == 3,
        "{received:?} {sent:?}"
    );
    assert_eq!(told["received"], total(&received), "{received:?}");
    assert_eq!(told["sent"], total(&sent), "{sent:?}");
    for (direction, sums) in [("receive", &received), ("transmit", &sent)] {
        for (transport, bytes) in sums {
            let metric = format!("metric.{direction}.{transport}");
            assert_eq!(told[&*metric], *bytes, "{metric}");
        }
    }
    let any = |_: &Call| true;
    let accepted = trace::count(&calls, "accept4", any);
    assert_eq!(told["on_socket_accept_ready"], accepted as u64);
    assert_eq!(accepted, CLIENTS);
    let connects = calls.iter().filter(|call| call.name == "connect").count();
    assert_eq!(told["connects"], connects as u64);
    let is_ip = |call: &Call| call.arguments.starts_with("AF_INET");
    let opened = trace::count(&calls, "socket", is_ip)
        + accepted
        + 2 * trace::count(&calls, "socketpair", any);
    assert_eq!(told["on_socket_open"], opened as u64);
    let closed = trace::count(&calls, "close", |call| call.socket.is_some());
    assert_eq!(told["on_socket_close"], closed as u64);
}
