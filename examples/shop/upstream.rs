//! The service behind a service.

use crate::address::Address;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use loopscope::http::{Client, Error, Route};
use serde_json::{Value, json};
use std::time::Duration;

/// How long an answer may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Another service of the shop.
#[derive(Clone)]
pub(crate) struct Upstream {
    client: Client,
    origin: String,
}

impl Upstream {
    pub(crate) fn at(address: &Address) -> Self {
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .response_timeout(PATIENCE);
        let (origin, client) = address.origin(client);
        Self {
            client: client.build(),
            origin,
        }
    }

    /// What it answers to a request for a path of that pattern. Where it does not, the status tells
    /// whose fault that is.
    pub(crate) async fn ask(
        &self,
        method: Method,
        route: &'static str,
        path: &str,
        body: String,
    ) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.origin))
            .extension(Route::new(route))
            .body(body);
        let answered = match request {
            Ok(request) => text(self.client.request(request).await).await,
            // The name of an item may be anything.
            Err(_) => return (StatusCode::NOT_FOUND, json!({ "error": "no such item" })),
        };
        match answered {
            Ok((status, body)) => {
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                (status, body)
            }
            Err(error) => {
                tracing::warn!(target: "shop", route, %error, "no answer");
                let status = match error {
                    Error::ResponseTimeout | Error::BodyTimeout => StatusCode::GATEWAY_TIMEOUT,
                    _ => StatusCode::BAD_GATEWAY,
                };
                (status, json!({ "error": error.to_string() }))
            }
        }
    }
}

async fn text(
    answered: Result<Response<loopscope::http::ResponseBody>, Error>,
) -> Result<(StatusCode, Bytes), Error> {
    let response = answered?;
    let status = response.status();
    Ok((status, response.into_body().bytes().await?))
}
