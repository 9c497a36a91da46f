//! Which pattern of paths a request is for.

use std::borrow::Cow;

/// The pattern of paths that a request is for, such as `/users/{id}`: `http.route` on a server and
/// `url.template` on a client.
///
/// A service tells it by an extension of its response, a caller by one of the request. The names of
/// spans and the attributes of metrics have it: take it from a small fixed set, never from the path.
///
/// For an `axum` router, whose `MatchedPath` is the pattern, this is one layer:
///
/// ```
/// use axum::extract::{MatchedPath, Request};
/// use axum::middleware::{self, Next};
/// use axum::response::Response;
/// use axum::{Router, routing::get};
/// use loopscope::http::Route;
///
/// async fn tell_route(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
///     let mut response = next.run(request).await;
///     if let Some(path) = path {
///         response.extensions_mut().insert(Route::new(path.as_str().to_owned()));
///     }
///     response
/// }
///
/// let router: Router = Router::new()
///     .route("/users/{id}", get(async || "a user"))
///     .layer(middleware::from_fn(tell_route));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route(Cow<'static, str>);

impl Route {
    /// A pattern.
    pub fn new(pattern: impl Into<Cow<'static, str>>) -> Self {
        Self(pattern.into())
    }

    /// The pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
