//! The worker: orders wait in a bounded queue until a packer has time for them.

use crate::address::Place;
use crate::answer::{HEALTH, MAX_BODY, Order, answer, body, healthy, not_found, refuse};
use crate::options::WorkerOptions;
use crate::store::TAKE;
use crate::upstream::Upstream;
use crate::{Failure, say, service};
use futures_channel::oneshot;
use http::{Method, Request, Response, StatusCode};
use loopscope::event_loop::{TaskBuilder, sleep, spawn, timeout};
use loopscope::http::{Body, BoxError, Server};
use loopscope::sync::AsyncQueue;
use opentelemetry::Context;
use opentelemetry::trace::FutureExt;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use tower::service_fn;

pub(crate) const ORDERS: &str = "/orders";

/// How many orders wait, how many are packed at a time, and how long each piece takes.
const ROOM: usize = 8;
const PACKERS: usize = 4;
const PACKING: Duration = Duration::from_millis(5);
/// How long an order may wait for room in the queue.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn run(options: &WorkerOptions) -> Result<ExitCode, Failure> {
    service::run("worker", || serve(options))
}

type Answered = (StatusCode, Value);
type Jobs = Rc<AsyncQueue<Job>>;

/// An order on its way through the queue.
struct Job {
    order: Order,
    /// The trace that it belongs to.
    context: Context,
    answer: oneshot::Sender<Answered>,
}

async fn serve(options: &WorkerOptions) -> Result<(), Failure> {
    let jobs: Jobs = Rc::new(AsyncQueue::opaque_bounded(ROOM).named("orders"));
    let store = Upstream::at(&options.store);
    let packers: Vec<_> = (0..PACKERS)
        .map(|_| spawn(pack_all(jobs.clone(), store.clone())))
        .collect();
    let (place, listening) = Place::listen_on(&options.listen)?;
    say(&format!("worker listening on {place}"))?;
    let accepting = jobs.clone();
    let service = service_fn(move |request| respond(accepting.clone(), request));
    let server = Server::new().max_body_size(MAX_BODY);
    listening
        .serve(&server, service, std::future::pending())
        .await?;
    // All requests are answered: nothing is left in the queue.
    jobs.close();
    for packer in packers {
        packer.await?;
    }
    Ok(())
}

async fn respond(jobs: Jobs, request: Request<Body>) -> Result<Response<String>, BoxError> {
    match (request.method(), request.uri().path()) {
        (_, HEALTH) => Ok(healthy()),
        (&Method::POST, ORDERS) => accept(&jobs, &body(request).await?).await,
        _ => Ok(not_found()),
    }
}

async fn accept(jobs: &Jobs, body: &Value) -> Result<Response<String>, BoxError> {
    let order = match Order::parse(body) {
        Ok(order) => order,
        Err(why) => return Ok(refuse(ORDERS, StatusCode::BAD_REQUEST, &why)),
    };
    let (tell, told) = oneshot::channel();
    let job = Job {
        order,
        context: Context::current(),
        answer: tell,
    };
    let overloaded = |why| Ok(refuse(ORDERS, StatusCode::SERVICE_UNAVAILABLE, why));
    match timeout(PATIENCE, jobs.put(job)).await {
        Ok(Ok(())) => {}
        Ok(Err(_closed)) => return overloaded("the worker stops"),
        Err(_timed_out) => return overloaded("too many orders wait already"),
    }
    let (status, body) = told.await?;
    Ok(answer(ORDERS, status, &body))
}

/// Takes orders out of the queue until it is closed.
///
/// The task has no name, and so no span that would be open for the life of the program: what it
/// does for an order is a task in that order's trace.
async fn pack_all(jobs: Jobs, store: Upstream) {
    while let Ok(job) = jobs.get().await {
        let store = store.clone();
        let packing = async move {
            let packed = TaskBuilder::new().name("pack order");
            let packed = packed.spawn(pack(job.order, store)).await;
            // Whoever has given up does not wait for it.
            let _ = packed.map(|answered| job.answer.send(answered));
        };
        packing.with_context(job.context).await;
    }
}

async fn pack(order: Order, store: Upstream) -> Answered {
    let path = format!("/stock/{}/take", order.item);
    let body = order.to_json().to_string();
    let (status, body) = store.ask(Method::POST, TAKE, &path, body).await;
    if status != StatusCode::OK {
        return (status, body);
    }
    let pieces = u32::try_from(order.quantity).unwrap_or(u32::MAX);
    sleep(PACKING.saturating_mul(pieces)).await;
    let Order { item, quantity } = order;
    tracing::info!(target: "shop", item, quantity, "packed");
    let packed = json!({ "item": item, "quantity": quantity, "status": "packed" });
    (StatusCode::CREATED, packed)
}
