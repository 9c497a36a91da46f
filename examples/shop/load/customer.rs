//! What a customer does.

use super::figures::Figures;
use crate::answer::Order;
use crate::fault::Fault;
use crate::gateway::ITEM_PAGE;
use crate::worker::ORDERS;
use http::{Method, Request};
use loopscope::clock::Timestamp;
use loopscope::event_loop::TaskBuilder;
use loopscope::http::{Client, ClientBuilder, Error, Route};
use opentelemetry::trace::FutureExt;
use std::rc::Rc;

/// How many pieces customers order, and where the queue is to be full.
const FEW: u64 = 2;
const MANY: u64 = 40;

/// The shop as its customers see it.
pub(super) struct Shop {
    /// What each customer comes with.
    pub(super) client: ClientBuilder,
    /// With a slash at its end.
    pub(super) origin: String,
    /// The same by its address, where that is to be tried.
    pub(super) by_address: Option<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) figures: Figures,
}

impl Shop {
    /// One visit is one trace: that of a task called `purchase`.
    pub(super) async fn visit(self: &Rc<Self>, client: &Client, item: &'static str) {
        let context = Fault::in_baggage(&self.faults);
        let (shop, client) = (self.clone(), client.clone());
        let visit = async move {
            let purchase = TaskBuilder::new().name("purchase").detached();
            let buying = async move { shop.buy(&client, item).await };
            purchase.spawn(buying).await
        };
        if let Err(error) = visit.with_context(context).await {
            tracing::error!(target: "shop", %error, "a customer was lost");
        }
    }

    async fn buy(&self, client: &Client, item: &'static str) {
        let ask = async |what, method, route, address: String, body| {
            let start = Timestamp::now();
            let outcome = match answer(client, method, route, &address, body).await {
                Ok(status) => status.to_string(),
                Err(error) => {
                    tracing::warn!(target: "shop", %error, "no answer");
                    error.error_type().as_str().into()
                }
            };
            self.figures.note(what, outcome, Timestamp::now() - start);
        };
        let page = format!("items/{item}");
        if let Some(address) = &self.by_address {
            // It is not to be trusted; customers say so and come by its name.
            let page = format!("{address}{page}");
            ask(
                "visit by address",
                Method::GET,
                ITEM_PAGE,
                page,
                String::new(),
            )
            .await;
        }
        let page = format!("{}{page}", self.origin);
        ask("look", Method::GET, ITEM_PAGE, page, String::new()).await;
        let quantity = match self.faults.contains(&Fault::FullQueue) {
            true => MANY,
            false => FEW,
        };
        let order = Order {
            item: item.into(),
            quantity,
        };
        let order = order.to_json().to_string();
        let orders = format!("{}{}", self.origin, ORDERS.trim_start_matches('/'));
        ask("order", Method::POST, ORDERS, orders, order).await;
    }
}

async fn answer(
    client: &Client,
    method: Method,
    route: &'static str,
    address: &str,
    body: String,
) -> Result<u16, Error> {
    let request = Request::builder()
        .method(method)
        .uri(address)
        .extension(Route::new(route))
        .body(body)
        .map_err(|error| Error::InvalidRequest(error.to_string()))?;
    let response = client.request(request).await?;
    let status = response.status();
    response.into_body().bytes().await?;
    Ok(status.as_u16())
}
