//! Answers in JSON, each with the route that it is of.

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use loopscope::http::{Body, BoxError, Route};
use serde_json::{Value, json};

/// More than an order needs.
pub(crate) const MAX_BODY: u64 = 64 * 1024;

pub(crate) const HEALTH: &str = "/health";

/// An answer to a request for `route`, the pattern of its path.
pub(crate) fn answer(route: &'static str, status: StatusCode, body: &Value) -> Response<String> {
    let mut response = Response::new(body.to_string());
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let soon = HeaderValue::from_static("1");
        response.headers_mut().insert(RETRY_AFTER, soon);
    }
    response.extensions_mut().insert(Route::new(route));
    response
}

/// An answer that says what is wrong.
pub(crate) fn refuse(route: &'static str, status: StatusCode, why: &str) -> Response<String> {
    answer(route, status, &json!({ "error": why }))
}

/// It is there.
pub(crate) fn healthy() -> Response<String> {
    answer(HEALTH, StatusCode::OK, &json!({ "status": "ok" }))
}

/// Nothing is there. The path could be anything, and is no route.
pub(crate) fn not_found() -> Response<String> {
    let mut response = Response::new(String::from("there is no such page\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// The last part of a path of two parts.
pub(crate) fn name_in<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let name = path.strip_prefix(folder)?.strip_prefix('/')?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// A request's body as JSON; null where it is none.
pub(crate) async fn body(request: Request<Body>) -> Result<Value, BoxError> {
    let bytes = request.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// How many of which item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) item: String,
    pub(crate) quantity: u64,
}

impl Order {
    pub(crate) fn parse(body: &Value) -> Result<Self, String> {
        match (body["item"].as_str(), body["quantity"].as_u64()) {
            (Some(item), Some(quantity @ 1..=1000)) => Ok(Self {
                item: item.into(),
                quantity,
            }),
            _ => Err(String::from(
                r#"expected {"item": NAME, "quantity": 1 to 1000}"#,
            )),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "item": self.item, "quantity": self.quantity })
    }
}
