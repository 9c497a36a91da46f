//! What a customer does.

use super::figures::Figures;
use crate::answer::Order;
use crate::fault::Fault;
use crate::gateway::ITEM_PAGE;
use crate::store::ITEMS;
use crate::worker::ORDERS;
use http::{Method, Request};
use loopscope::clock::Timestamp;
use loopscope::event_loop::TaskBuilder;
use loopscope::http::{Client, Error, Route};
use opentelemetry::trace::FutureExt;
use std::rc::Rc;

/// How many pieces customers order, and where the queue is to be full.
const FEW: u64 = 2;
const MANY: u64 = 40;

/// The shop as its customers see it.
pub(super) struct Shop {
    pub(super) client: Client,
    /// With a slash at its end.
    pub(super) origin: String,
    /// The same by its address, where that is to be tried.
    pub(super) by_address: Option<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) figures: Figures,
}

impl Shop {
    /// One visit is one trace: that of a task called `purchase`.
    pub(super) async fn visit(self: &Rc<Self>, number: usize) {
        let context = Fault::in_baggage(&self.faults);
        let shop = self.clone();
        let visit = async move {
            let purchase = TaskBuilder::new().name("purchase").detached();
            purchase.spawn(async move { shop.buy(number).await }).await
        };
        if let Err(error) = visit.with_context(context).await {
            tracing::error!(target: "shop", %error, "a customer was lost");
        }
    }

    async fn buy(&self, number: usize) {
        if let Some(address) = &self.by_address {
            // It is not to be trusted; customers say so and come by its name.
            let page = format!("{address}items/{}", ITEMS[0]);
            self.ask(
                "visit by address",
                Method::GET,
                ITEM_PAGE,
                &page,
                String::new(),
            )
            .await;
        }
        let item = ITEMS[number % ITEMS.len()];
        let page = format!("{}items/{item}", self.origin);
        self.ask("look", Method::GET, ITEM_PAGE, &page, String::new())
            .await;
        let quantity = match self.faults.contains(&Fault::FullQueue) {
            true => MANY,
            false => FEW,
        };
        let order = Order {
            item: item.into(),
            quantity,
        };
        let orders = format!("{}{}", self.origin, ORDERS.trim_start_matches('/'));
        self.ask(
            "order",
            Method::POST,
            ORDERS,
            &orders,
            order.to_json().to_string(),
        )
        .await;
    }

    /// Asks, and notes what became of it.
    async fn ask(
        &self,
        what: &'static str,
        method: Method,
        route: &'static str,
        address: &str,
        body: String,
    ) {
        let start = Timestamp::now();
        let outcome = match self.answer(method, route, address, body).await {
            Ok(status) => status.to_string(),
            Err(error) => {
                tracing::warn!(target: "shop", %error, "no answer");
                error.error_type().as_str().into()
            }
        };
        self.figures.note(what, outcome, Timestamp::now() - start);
    }

    async fn answer(
        &self,
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
        let response = self.client.request(request).await?;
        let status = response.status();
        response.into_body().bytes().await?;
        Ok(status.as_u16())
    }
}
