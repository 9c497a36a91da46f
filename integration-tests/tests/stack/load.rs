//! A service in which everything goes wrong, and one that is well.

use crate::program::Program;
use crate::requests::Service;
use crate::support;
use crate::support::certificates;
use loopscope::event_loop::{TaskBuilder, yield_now};
use loopscope::instrument::{EnterScope, EventLoopInstrument, QueueMetadata};
use loopscope::net::{TcpListener, TcpStream, TlsAcceptor, lookup_host};
use loopscope::sync::AsyncQueue;
use loopscope::telemetry::Telemetry;
use std::io::{self, Read, Write};
use std::net::TcpStream as BlockingStream;
use std::time::Duration;

/// For how long one poll keeps the loop busy, and how many such polls there are in one turn: the
/// rest of the turn is to be short beside them, or the loop is not saturated.
const HOG: Duration = Duration::from_millis(250);
const HOGS: usize = 4;
/// What no host is called; no resolver has to be asked for that.
pub(crate) const NO_NAME: &str = "no host has spaces";
/// How often a client of the healthy service asks in one turn.
const REQUESTS: usize = 50;

/// One turn of the faulty service: the quickstart's workload and all kinds of mishaps.
pub(crate) fn faulty_turn(telemetry: &Telemetry, service: &Service) {
    support::run_with(telemetry, "turn", async {
        refused().await;
        service.all_kinds_of_requests().await;
        lookup_host("localhost").await.expect("every machine knows");
        lookup_host(NO_NAME).await.expect_err("it has spaces");
        not_tls().await;
        let failing = TaskBuilder::new().name("failing");
        let failing = failing.try_spawn(async { Err::<(), _>(io::Error::other("on purpose")) });
        failing.await.expect_err("it fails");
        {
            let _scope = PanicsInHook.enter();
            let queue = AsyncQueue::unbounded().named("watched");
            queue.put(1).await.expect("it is open");
        }
        // Others are ready meanwhile, and wait for their turn.
        let waiting = TaskBuilder::new().name("waiting").spawn(turns());
        let hog = TaskBuilder::new().name("hog").spawn(hog());
        waiting.await.expect("it ends");
        hog.await.expect("it ends");
    });
}

async fn refused() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = free.local_addr().expect("it is bound");
    drop(free);
    TcpStream::connect(nobody)
        .await
        .expect_err("nobody listens");
}

/// A handshake with a client that does not speak TLS.
async fn not_tls() {
    let (server, _) = certificates::for_localhost().expect("certificates");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let client = TaskBuilder::new().name("stranger").spawn(async move {
        let stream = TcpStream::connect(address).await.expect("it listens");
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await;
        let _ = stream.read(&mut [0; 64]).await;
    });
    let (stream, _) = listener.accept().await.expect("it connects");
    let handshake = TlsAcceptor::new(server).accept(stream).await;
    handshake.expect_err("that is not TLS");
    client.await.expect("it ends");
}

async fn turns() {
    for _ in 0..HOGS {
        yield_now().await;
    }
}

async fn hog() {
    for _ in 0..HOGS {
        block();
        yield_now().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the loop is to be kept busy")]
fn block() {
    std::thread::sleep(HOG);
}

struct PanicsInHook;

impl EventLoopInstrument for PanicsInHook {
    fn on_queue_put(&self, _: &QueueMetadata<'_>) {
        panic!("a fault in an instrument");
    }
}

/// The example `multicore_echo`, which has nothing to complain of.
pub(crate) struct Healthy {
    _server: Program,
    address: String,
}

impl Healthy {
    pub(crate) fn start(otlp: String) -> Self {
        let environment = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", otlp),
            ("OTEL_METRIC_EXPORT_INTERVAL", String::from("200")),
        ];
        let arguments = ["--listen", "127.0.0.1:0", "--loops", "2"];
        let mut server = Program::start("multicore_echo", &arguments, &environment);
        let address = server.says("2 loops listening on ");
        Self {
            _server: server,
            address,
        }
    }

    /// One turn: a client that asks and is answered, so often that a stall or two of the machine do
    /// not make a percentile.
    pub(crate) fn turn(&self) {
        let mut stream = BlockingStream::connect(&self.address).unwrap();
        for _ in 0..REQUESTS {
            stream.write_all(b"hello").unwrap();
            stream.read_exact(&mut [0; 5]).unwrap();
        }
    }
}
