//! The bridge over the loop of this crate.

use crate::support::*;
use loopscope::event_loop::{
    EventLoop, JoinError, TaskBuilder, sleep, spawn, try_spawn, yield_now,
};
use loopscope::instrument::EnterScope;
use loopscope::net::{TcpListener, TcpStream};
use loopscope::sync::AsyncQueue;
use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry_sdk::trace::SpanData;
use std::io;
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;

/// The spans of one name.
fn all_named(bridge: &Bridge, name: &str) -> Vec<SpanData> {
    let spans = bridge.spans().into_iter();
    spans.filter(|span| span.name == name).collect()
}

async fn serve_once(listener: TcpListener) -> io::Result<()> {
    let (stream, _) = listener.accept().await?;
    let handle = stream.handle().clone();
    let serving = TaskBuilder::new()
        .name("connection")
        .detached()
        .serves(&handle);
    let connection = serving.try_spawn(async move {
        let mut request = [0; 4];
        stream.read_exact(&mut request).await?;
        stream.write_all(b"pong").await
    });
    connection
        .await
        .map_err(|error| io::Error::other(error.to_string()))
}

async fn ask(address: std::net::SocketAddr) -> io::Result<[u8; 4]> {
    let stream = TcpStream::connect(address).await?;
    stream.write_all(b"ping").await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

#[test]
fn a_request_is_one_trace_and_its_service_another() {
    let bridge = Bridge::new();
    let _scope = bridge.otel.clone().enter();
    EventLoop::new().unwrap().run_until_complete(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = try_spawn(serve_once(listener));
        let client = TaskBuilder::new().name("client").try_spawn(ask(address));
        assert_eq!(&client.await.unwrap(), b"pong");
        server.await.unwrap();
    });

    let (client, connection) = (
        bridge.span_named("task client"),
        bridge.span_named("task connection"),
    );
    assert_eq!(connection.span_kind, SpanKind::Server);
    assert!(is_root(&client) && is_root(&connection));
    for (name, spans) in [("socket send", 2), ("socket recv", 2), ("socket accept", 1)] {
        assert_eq!(all_named(&bridge, name).len(), spans, "{name}");
    }
    for name in ["socket send", "socket recv"] {
        for parent in [&client, &connection] {
            let mut spans = all_named(&bridge, name).into_iter();
            let id = parent.span_context.span_id();
            let child = spans.find(|span| span.parent_span_id == id).unwrap();
            assert!(shown(&child.attributes).contains(&"loopscope.io.size=4".into()));
            assert!(child.start_time >= parent.start_time && child.end_time <= parent.end_time);
        }
    }
    let connect = bridge.spans().into_iter();
    let connect = connect.filter(|span| span.name.starts_with("socket connect 127.0.0.1:"));
    assert_child(&connect.collect::<Vec<_>>()[0], &client);

    assert_eq!(
        bridge.points("loopscope.socket.io"),
        [
            "network.io.direction=receive network.transport=tcp: 8",
            "network.io.direction=transmit network.transport=tcp: 8",
        ]
    );
    let active = ["client", "listener", "server"]
        .map(|role| format!("loopscope.socket.role={role} network.transport=tcp: 0"));
    assert_eq!(bridge.points("loopscope.socket.active"), active);
    assert_eq!(bridge.points("loopscope.task.active"), [": 0"]);
}

#[test]
fn spans_of_tracing_hold_across_awaits_and_spawns() {
    use tracing::Instrument;
    let bridge = Bridge::new();
    let layer = tracing_opentelemetry::layer().with_tracer(bridge.tracers.tracer("user"));
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let _scope = bridge.otel.clone().enter();
    EventLoop::new().unwrap().run_until_complete(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = try_spawn(serve_once(listener));
        let request = async {
            yield_now().await;
            let step = tracing::info_span!("step");
            let asked = TaskBuilder::new()
                .name("client")
                .try_spawn(ask(address).instrument(step));
            asked.await.unwrap()
        };
        let other = async {
            for _ in 0..100 {
                yield_now().await;
                assert!(
                    !Context::current().has_active_span(),
                    "the span is another future's"
                );
            }
        };
        let request = request.instrument(tracing::info_span!("request"));
        let (answer, ()) = futures_lite::future::zip(request, other).await;
        assert_eq!(&answer, b"pong");
        server.await.unwrap();
    });
    let (request, step) = (bridge.span_named("request"), bridge.span_named("step"));
    let client = bridge.span_named("task client");
    assert_child(&client, &request);
    assert_child(&step, &request);
    for name in ["socket send", "socket recv"] {
        let id = step.span_context.span_id();
        let children = all_named(&bridge, name)
            .into_iter()
            .filter(|span| span.parent_span_id == id);
        assert_eq!(
            children.count(),
            1,
            "{name} is part of the step that waited for it"
        );
    }
}

#[test]
fn contexts_follow_tasks_across_awaits() {
    let bridge = Bridge::new();
    let tracer = bridge.tracers.tracer("user");
    let _scope = bridge.otel.clone().enter();
    EventLoop::new().unwrap().run_until_complete(async {
        let workers: Vec<_> = (0..10)
            .map(|number| {
                let context = Context::new().with_span(tracer.start(format!("user {number}")));
                spawn(
                    async move {
                        let trace = || Context::current().span().span_context().trace_id();
                        let mine = trace();
                        for _ in 0..10 {
                            yield_now().await;
                            assert_eq!(trace(), mine);
                        }
                        let inner = TaskBuilder::new().name("inner");
                        assert_eq!(inner.spawn(async move { trace() }).await.unwrap(), mine);
                    }
                    .with_context(context),
                )
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        assert!(!Context::current().has_active_span());
    });
    for inner in all_named(&bridge, "task inner") {
        let spans = bridge.spans().into_iter();
        let mut users = spans.filter(|span| span.name.starts_with("user "));
        let id = inner.parent_span_id;
        assert!(users.any(|user| user.span_context.span_id() == id));
    }
}

#[test]
fn ends_of_tasks() {
    let bridge = Bridge::new();
    let _scope = bridge.otel.clone().enter();
    EventLoop::new().unwrap().run_until_complete(async {
        let named = |name| TaskBuilder::new().name(name);
        let panics = named("panics").spawn(async { panic!("boom") });
        assert!(panics.await.unwrap_err().is_panic());
        let refused = io::ErrorKind::ConnectionRefused;
        let fails = named("fails").try_spawn(async move { Err::<(), _>(io::Error::from(refused)) });
        assert!(matches!(fails.await, Err(JoinError::Failed(_))));
        let hangs = named("hangs").spawn(sleep(Duration::from_secs(3600)));
        yield_now().await;
        hangs.cancel();
        assert!(hangs.await.unwrap_err().is_cancelled());
    });
    for (name, expected) in [
        (
            "task panics",
            &["error.type=panic", "loopscope.outcome=error"][..],
        ),
        (
            "task fails",
            &["error.type=connection_refused", "loopscope.outcome=error"],
        ),
        ("task hangs", &["loopscope.outcome=cancelled"]),
    ] {
        let attributes = shown(&bridge.span_named(name).attributes);
        for attribute in expected {
            assert!(
                attributes.contains(&(*attribute).to_owned()),
                "{attributes:?}"
            );
        }
    }
    assert_eq!(bridge.points("loopscope.task.active"), [": 0"]);
}

#[test]
fn a_dropped_queue_and_a_dropped_loop_leave_nothing_active() {
    let bridge = Bridge::new();
    let _scope = bridge.otel.clone().enter();
    let event_loop = EventLoop::new().unwrap();
    event_loop.run_until_complete(async {
        let queue = AsyncQueue::unbounded().named("jobs");
        for number in 0..5 {
            queue.put(number).await.unwrap();
        }
        queue.get().await.unwrap();
        let forever = TaskBuilder::new().name("forever");
        let forever = forever.spawn(async move {
            sleep(Duration::from_secs(3600)).await;
            drop(queue);
        });
        forever.detach();
        yield_now().await;
    });
    assert_eq!(
        bridge.points("loopscope.queue.size"),
        ["loopscope.queue.name=jobs: 4"]
    );
    assert_eq!(bridge.points("loopscope.task.active"), [": 1"]);
    drop(event_loop);
    assert_eq!(
        bridge.points("loopscope.queue.size"),
        ["loopscope.queue.name=jobs: 0"]
    );
    assert_eq!(bridge.points("loopscope.task.active"), [": 0"]);
    let attributes = shown(&bridge.span_named("task forever").attributes);
    assert!(attributes.contains(&"loopscope.outcome=cancelled".into()));
}

#[test]
fn the_loop_tells_of_its_time() {
    let bridge = Bridge::new();
    let _scope = bridge.otel.clone().enter();
    let event_loop = EventLoop::builder().name("main").build().unwrap();
    event_loop.run_until_complete(sleep(Duration::from_millis(20)));
    let utilization = bridge.points("loopscope.loop.utilization");
    let share: f64 = utilization[0]
        .strip_prefix("loopscope.loop.name=main: ")
        .and_then(|share| share.parse().ok())
        .unwrap();
    assert!(share > 0.0 && share < 0.5, "{share}");
    let time = bridge.points("loopscope.loop.time");
    assert_eq!(time.len(), 2);
    assert!(time[0].starts_with("loopscope.loop.name=main loopscope.loop.state=active: 0.0"));
    let delays = bridge.points("loopscope.timer.delay");
    assert!(delays[0].starts_with(": 1/"), "{delays:?}");
}
