//! Requests over HTTP, one for each way to end.

use http::{Request, Response, StatusCode};
use loopscope::event_loop::{EventLoop, timeout};
use loopscope::http::{Body, BoxError, Client, Error, HttpTelemetry, Route, Server};
use loopscope::net::TcpListener;
use loopscope::telemetry::Telemetry;
use std::future::pending;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tower::service_fn;

pub(crate) const WELL: &str = "/items/{id}";
pub(crate) const BROKEN: &str = "/broken";
const NEVER: &str = "/never";
/// Where nobody listens.
const NOBODY: &str = "127.0.0.1:1";
/// How many requests fail in one turn; so many that they raise an alert.
const FAILURES: usize = 5;

/// A service over HTTP, and what its clients need.
pub(crate) struct Service {
    address: String,
    telemetry: HttpTelemetry,
}

impl Service {
    /// Starts it, on a loop of its own that ends with the process.
    pub(crate) fn start(telemetry: &Telemetry) -> Self {
        let telemetry = HttpTelemetry::builder()
            .tracer_provider(&telemetry.tracer_provider())
            .meter_provider(&telemetry.meter_provider())
            .build();
        let server = telemetry.clone();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let event_loop = EventLoop::new().expect("a poller");
            event_loop.run_until_complete(async {
                let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
                let address = listener.local_addr().expect("it is bound");
                tell.send(address.to_string()).expect("somebody waits");
                let server = Server::new().telemetry(server);
                server.serve(listener, service_fn(answer)).await
            })
        });
        Self {
            address: told.recv().expect("it listens"),
            telemetry,
        }
    }

    /// What is answered, by both versions of the protocol, what fails, what is given up, and what
    /// finds nobody.
    pub(crate) async fn all_kinds_of_requests(&self) {
        let client = || Client::builder().telemetry(self.telemetry.clone());
        for client in [client().build(), client().http2_only().build()] {
            let status = get(&client, &self.address, WELL).await;
            assert_eq!(status.expect("it is answered"), 200);
        }
        let client = client().build();
        for _ in 0..FAILURES {
            let status = get(&client, &self.address, BROKEN).await;
            assert_eq!(status.expect("it is answered"), 500);
        }
        let limit = Duration::from_millis(5);
        let given_up = timeout(limit, get(&client, &self.address, NEVER)).await;
        given_up.expect_err("it is never answered");
        let refused = get(&client, NOBODY, WELL).await;
        refused.expect_err("nobody listens");
    }
}

/// The status of the answer, whose body is read.
async fn get(client: &Client, host: &str, path: &'static str) -> Result<u16, Error> {
    let request = Request::get(format!("http://{host}{}", path.replace("{id}", "7")));
    let request = request.extension(Route::new(path)).body(String::new());
    let response = client.request(request.expect("it is well formed")).await?;
    let status = response.status().as_u16();
    response.into_body().bytes().await?;
    Ok(status)
}

async fn answer(request: Request<Body>) -> Result<Response<String>, BoxError> {
    let (route, status) = match request.uri().path() {
        BROKEN => (BROKEN, StatusCode::INTERNAL_SERVER_ERROR),
        NEVER => pending().await,
        _ => (WELL, StatusCode::OK),
    };
    let response = Response::builder().status(status);
    let response = response.extension(Route::new(route));
    Ok(response.body(String::from("answered"))?)
}
