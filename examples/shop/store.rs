//! The store: how much there is of each item.

use crate::address::{Listening, Place};
use crate::answer::{HEALTH, MAX_BODY, answer, body, healthy, name_in, not_found, refuse};
use crate::fault::Fault;
use crate::options::StoreOptions;
use crate::{Failure, say, service};
use futures_lite::future;
use http::{Method, Request, Response, StatusCode};
use loopscope::event_loop::{is_stopping, sleep, stopping};
use loopscope::http::{Body, BoxError, Server};
use loopscope::sync::Event;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use tower::service_fn;

pub(crate) const ITEM: &str = "/stock/{item}";
pub(crate) const TAKE: &str = "/stock/{item}/take";

pub(crate) const ITEMS: [&str; 3] = ["cocoa", "coffee", "tea"];
/// More than customers buy in a life.
const STOCK: u64 = 1 << 40;
/// How slow a slow store is, how long a blocked one blocks, and how long one is gone that refuses.
const SLOW: Duration = Duration::from_millis(400);
const BLOCKED: Duration = Duration::from_millis(150);
const OUTAGE: Duration = Duration::from_secs(1);

pub(crate) fn run(options: &StoreOptions) -> Result<ExitCode, Failure> {
    service::run("store", || serve(options))
}

async fn serve(options: &StoreOptions) -> Result<(), Failure> {
    let server = Server::new().max_body_size(MAX_BODY);
    let store = Rc::new(Store::new());
    let (place, mut listening) = Place::listen_on(&options.listen)?;
    say(&format!("store listening on {place}"))?;
    loop {
        serve_until_outage(&store, listening, &server).await?;
        if is_stopping() {
            return Ok(());
        }
        tracing::warn!(target: "shop", "nobody is let in for {OUTAGE:?}");
        future::or(sleep_for(OUTAGE), async { stopping().await }).await;
        store.outage.clear();
        listening = place.listen_again()?;
    }
}

async fn sleep_for(duration: Duration) {
    sleep(duration).await;
}

async fn serve_until_outage(
    store: &Rc<Store>,
    listening: Listening,
    server: &Server,
) -> Result<(), Failure> {
    let answering = store.clone();
    let service = service_fn(move |request| {
        let store = answering.clone();
        async move { store.answer(request).await }
    });
    let outage = async { store.outage.wait().await };
    Ok(listening.serve(server, service, outage).await?)
}

/// What must not be done on a loop: to read a file, to compute for long.
#[expect(clippy::disallowed_methods, reason = "this is the fault")]
fn block() {
    std::thread::sleep(BLOCKED);
}

struct Store {
    stock: RefCell<BTreeMap<&'static str, u64>>,
    /// Set when the store is to stop to listen for a while.
    outage: Event,
}

impl Store {
    fn new() -> Self {
        Self {
            stock: RefCell::new(ITEMS.map(|item| (item, STOCK)).into()),
            outage: Event::new().named("outage"),
        }
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<String>, BoxError> {
        let path = request.uri().path().to_owned();
        if path == HEALTH {
            return Ok(healthy());
        }
        self.misbehave().await;
        let method = &request.method().clone();
        if let (&Method::GET, Some(item)) = (method, name_in(&path, "/stock")) {
            return Ok(self.look_up(item));
        }
        let taken = path.strip_suffix("/take");
        if let (&Method::POST, Some(item)) = (method, taken.and_then(|it| name_in(it, "/stock"))) {
            let quantity = body(request).await?["quantity"].as_u64();
            return Ok(self.take(item, quantity));
        }
        Ok(not_found())
    }

    /// What a request's customer wants to go wrong.
    async fn misbehave(&self) {
        if Fault::RefusedConnections.is_on() {
            self.outage.set();
        }
        if Fault::SlowStore.is_on() {
            sleep(SLOW).await;
        }
        if Fault::BlockedStore.is_on() {
            block();
        }
    }

    fn look_up(&self, item: &str) -> Response<String> {
        match self.stock.borrow().get(item) {
            Some(left) => {
                let stock = json!({ "item": item, "quantity": left });
                answer(ITEM, StatusCode::OK, &stock)
            }
            None => refuse(ITEM, StatusCode::NOT_FOUND, "there is no such item"),
        }
    }

    fn take(&self, item: &str, quantity: Option<u64>) -> Response<String> {
        let mut stock = self.stock.borrow_mut();
        let Some(quantity) = quantity else {
            return refuse(TAKE, StatusCode::BAD_REQUEST, "how many?");
        };
        let Some(left) = stock.get_mut(item) else {
            return refuse(TAKE, StatusCode::NOT_FOUND, "there is no such item");
        };
        match left.checked_sub(quantity) {
            Some(rest) => {
                *left = rest;
                let taken = json!({ "item": item, "taken": quantity });
                answer(TAKE, StatusCode::OK, &taken)
            }
            None => refuse(TAKE, StatusCode::CONFLICT, "there are not so many"),
        }
    }
}
