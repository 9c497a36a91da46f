//! The smallest service: HTTP on the loop, traces and metrics to a collector.
//!
//! ```text
//! OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 cargo run --features http --example hello
//! curl http://localhost:8000/world
//! ```

use http::{Request, Response};
use loopscope::event_loop::EventLoop;
use loopscope::http::{Body, Route, Server};
use loopscope::instrument::EnterScope;
use loopscope::net::TcpListener;
use loopscope::otel::OtelInstrument;
use loopscope::telemetry::Telemetry;
use std::convert::Infallible;
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use tower::service_fn;

async fn hello(request: Request<Body>) -> Result<Response<String>, Infallible> {
    let name = request.uri().path().trim_start_matches('/');
    let mut response = Response::new(format!("hello, {name}\n"));
    // What the request is called in spans and metrics: the path could be anything.
    response.extensions_mut().insert(Route::new("/{name}"));
    Ok(response)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "hello: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    // The endpoint, headers, sampling and all else come from the OTEL_* variables.
    let telemetry = Telemetry::builder()
        .service_name("hello")
        .set_global()
        .build()?;
    {
        let _scope = OtelInstrument::new().enter();
        let event_loop = EventLoop::builder().name("hello").build()?;
        // SIGTERM and Ctrl-C end it once all requests are answered.
        let ended = event_loop.run_gracefully(Duration::from_secs(10), async {
            let listener = TcpListener::bind("127.0.0.1:8000")?;
            writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
            Server::new().serve(listener, service_fn(hello)).await
        })?;
        ended.output().transpose()?;
    }
    telemetry.shutdown()?;
    Ok(())
}
