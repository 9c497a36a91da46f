//! The gateway: what customers see of the shop, over TLS.

use crate::address::Place;
use crate::answer::{HEALTH, MAX_BODY, answer, healthy, name_in, not_found};
use crate::options::GatewayOptions;
use crate::store::ITEM;
use crate::upstream::Upstream;
use crate::worker::ORDERS;
use crate::{Failure, certificates, say, service};
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use loopscope::http::{Body, BoxError, Server};
use loopscope::net::TlsAcceptor;
use std::process::ExitCode;
use tower::service_fn;

pub(crate) const ITEM_PAGE: &str = "/items/{item}";

pub(crate) fn run(options: &GatewayOptions) -> Result<ExitCode, Failure> {
    service::run("gateway", || serve(options))
}

async fn serve(options: &GatewayOptions) -> Result<(), Failure> {
    let gateway = Gateway {
        worker: Upstream::at(&options.worker),
        store: Upstream::at(&options.store),
    };
    certificates::make(&options.certificates)?;
    let tls = certificates::server(&options.certificates)?;
    let server = Server::new()
        .tls(TlsAcceptor::new(tls))
        .max_body_size(MAX_BODY);
    let (place, listening) = Place::listen_on(&options.listen)?;
    say(&format!("gateway listening on {place}"))?;
    let service = service_fn(move |request| {
        let gateway = gateway.clone();
        async move { gateway.answer(request).await }
    });
    Ok(listening
        .serve(&server, service, std::future::pending())
        .await?)
}

#[derive(Clone)]
struct Gateway {
    worker: Upstream,
    store: Upstream,
}

impl Gateway {
    async fn answer(&self, request: Request<Body>) -> Result<Response<String>, BoxError> {
        let path = request.uri().path().to_owned();
        match (request.method(), name_in(&path, "/items")) {
            (_, None) if path == HEALTH => Ok(healthy()),
            (&Method::GET, Some(item)) => {
                let path = format!("/stock/{item}");
                let asked = self.store.ask(Method::GET, ITEM, &path, String::new());
                let (status, body) = asked.await;
                Ok(answer(ITEM_PAGE, status, &body))
            }
            (&Method::POST, None) if path == ORDERS => {
                let order = request.into_body().collect().await?.to_bytes();
                let order = String::from_utf8_lossy(&order).into_owned();
                let asked = self.worker.ask(Method::POST, ORDERS, ORDERS, order);
                let (status, body) = asked.await;
                Ok(answer(ORDERS, status, &body))
            }
            _ => Ok(not_found()),
        }
    }
}
