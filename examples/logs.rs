//! A service over HTTP whose log lines know their trace, and one client of it.
//!
//! ```text
//! cargo run --example logs --features http
//! ```
//!
//! prints what service and client log themselves, and what `LogInstrument` says of names and queues. `RUST_LOG` chooses by target: `RUST_LOG=warn`, or `RUST_LOG=info,loopscope::socket=debug`
//! for each wait of a socket as well. With `OTEL_EXPORTER_OTLP_ENDPOINT` set, traces and log records
//! go there too.

use http::{Request, Response, StatusCode};
use loopscope::event_loop::{EventLoop, TaskBuilder};
use loopscope::http::{Body, Client, Route, Server};
use loopscope::instrument::{EnterScope, LogInstrument};
use loopscope::net::TcpListener;
use loopscope::otel::OtelInstrument;
use loopscope::sync::AsyncQueue;
use loopscope::telemetry::{Telemetry, WithTraceIds};
use std::error::Error;
use tower::service_fn;
use tracing::{info, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is printed where `RUST_LOG` does not say.
const CHOSEN: &str = "info,loopscope::queue=debug,loopscope::socket::dns=debug";

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let telemetry = telemetry()?;
    let chosen = std::env::var("RUST_LOG").unwrap_or_default();
    let chosen: Targets = match &*chosen {
        "" => CHOSEN.parse()?,
        chosen => chosen.parse()?,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .event_format(WithTraceIds::new());
    tracing_subscriber::registry()
        .with(lines.with_filter(chosen.clone()))
        .with(telemetry.log_layer().with_filter(chosen))
        .init();
    {
        let _scopes = (OtelInstrument::new().enter(), LogInstrument::new().enter());
        EventLoop::new()?.run_until_complete(run())?;
    }
    telemetry.shutdown()?;
    Ok(())
}

/// Traces have ids also where they go nowhere.
fn telemetry() -> Result<Telemetry, Failure> {
    let exports = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").is_ok_and(|url| !url.is_empty());
    let builder = Telemetry::builder().service_name("logs").set_global();
    let nowhere = ["TRACES", "METRICS", "LOGS"].map(|signal| format!("OTEL_{signal}_EXPORTER"));
    Ok(if exports {
        builder.build()?
    } else {
        builder
            .variables(nowhere.map(|name| (name, "none")))
            .build()?
    })
}

/// A service with a worker, and a client that asks it for two things.
async fn run() -> Result<(), Failure> {
    let found = AsyncQueue::unbounded().named("found");
    let worker = TaskBuilder::new().name("worker").spawn({
        let found = found.clone();
        async move {
            while let Ok(item) = found.get().await {
                info!(item, "counted");
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let service = service_fn({
        let found = found.clone();
        move |request| answer(request, found.clone())
    });
    let server = TaskBuilder::new().name("server").detached();
    server
        .spawn(async move { Server::new().serve(listener, service).await })
        .detach();

    let client = TaskBuilder::new().name("client").try_spawn(ask(port));
    client.await?;
    found.close();
    Ok(worker.await?)
}

/// Asks for two things, of which there is one.
async fn ask(port: u16) -> Result<(), Failure> {
    let client = Client::new();
    for item in ["cat", "unicorn"] {
        let address = format!("http://localhost:{port}/items/{item}");
        let response = client.get(&address).await?;
        info!(status = response.status().as_u16(), "answered");
        response.into_body().bytes().await?;
    }
    Ok(())
}

async fn answer(
    request: Request<Body>,
    found: AsyncQueue<String>,
) -> Result<Response<String>, Failure> {
    let item = request.uri().path().trim_start_matches("/items/");
    let status = if item == "cat" {
        found.put(item.to_owned()).await?;
        StatusCode::OK
    } else {
        warn!(item, "there is none");
        StatusCode::NOT_FOUND
    };
    let response = Response::builder().status(status);
    let response = response.extension(Route::new("/items/{item}"));
    Ok(response.body(String::new())?)
}
