//! One request and its response.

use super::attributes::version;
use super::route::Route;
use super::telemetry::HttpTelemetry;
use crate::clock::Timestamp;
use crate::http::error::error_type;
use crate::otel::names;
use http::{Response, StatusCode};
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// Whose view of a request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Server,
    Client,
}

/// A request that is under way: its span and its duration end when it ends, which is with the body
/// of the response. One that is dropped before was given up.
pub(in crate::http) struct Exchange(Option<Box<UnderWay>>);

struct UnderWay {
    telemetry: HttpTelemetry,
    side: Side,
    name: Cow<'static, str>,
    context: Context,
    start_time: Timestamp,
    /// Of the metric.
    attributes: Vec<KeyValue>,
    /// The status code that counts as a failure.
    failure: Option<StatusCode>,
}

/// How a request has ended.
enum End<'a> {
    Completed,
    Failed(&'a (dyn Error + 'static)),
    Panicked,
    Cancelled,
}

impl Exchange {
    pub(super) fn new(
        telemetry: HttpTelemetry,
        side: Side,
        name: Cow<'static, str>,
        context: Context,
        start_time: Timestamp,
        attributes: Vec<KeyValue>,
    ) -> Self {
        Self(Some(Box::new(UnderWay {
            telemetry,
            side,
            name,
            context,
            start_time,
            attributes,
            failure: None,
        })))
    }

    /// One that telemetry does not see.
    pub(super) fn unseen() -> Self {
        Self(None)
    }

    pub(super) fn context(&self) -> Option<&Context> {
        self.0.as_ref().map(|under_way| &under_way.context)
    }

    /// Does something in the context of the request.
    pub(in crate::http) fn enter<R>(&self, within: impl FnOnce() -> R) -> R {
        let _attached = self.context().map(|context| context.clone().attach());
        within()
    }

    /// The head of the response is there.
    pub(in crate::http) fn responded<B>(&mut self, response: &Response<B>) {
        let Some(under_way) = &mut self.0 else { return };
        let status = response.status();
        under_way.add(KeyValue::new(
            names::HTTP_RESPONSE_STATUS_CODE,
            i64::from(status.as_u16()),
        ));
        let is_failure = match under_way.side {
            Side::Server => status.is_server_error(),
            Side::Client => status.is_server_error() || status.is_client_error(),
        };
        under_way.failure = is_failure.then_some(status);
        match under_way.side {
            Side::Client => {
                let version = version(response.version());
                if let Some(version) = version {
                    under_way.add(KeyValue::new(names::NETWORK_PROTOCOL_VERSION, version));
                }
            }
            Side::Server => {
                if let Some(route) = response.extensions().get::<Route>() {
                    under_way.routed(route);
                }
            }
        }
    }

    /// It ended in an error.
    pub(in crate::http) fn failed(&mut self, error: &(dyn Error + 'static)) {
        self.end(End::Failed(error));
    }

    /// It came to its end.
    pub(in crate::http) fn completed(&mut self) {
        self.end(End::Completed);
    }

    fn end(&mut self, end: End<'_>) {
        if let Some(under_way) = self.0.take() {
            under_way.end(end);
        }
    }
}

impl UnderWay {
    fn add(&mut self, attribute: KeyValue) {
        self.context.span().set_attribute(attribute.clone());
        self.attributes.push(attribute);
    }

    fn routed(&mut self, route: &Route) {
        let name = format!("{} {}", self.name, route.as_str());
        self.context.span().update_name(name);
        self.add(KeyValue::new(names::HTTP_ROUTE, route.as_str().to_owned()));
    }

    fn end(mut self, end: End<'_>) {
        let finish_time = Timestamp::now();
        let status = match (end, self.failure) {
            (End::Failed(error), _) => {
                let kind = error_type(error).as_str();
                self.add(KeyValue::new(names::ERROR_TYPE, kind));
                Some(Status::error(error.to_string()))
            }
            (End::Panicked, _) => {
                self.add(KeyValue::new(names::ERROR_TYPE, names::error_type::PANIC));
                Some(Status::error("the service panicked"))
            }
            (_, Some(code)) => {
                self.add(KeyValue::new(names::ERROR_TYPE, code.as_str().to_owned()));
                // The status code says what there is to say.
                Some(Status::error(""))
            }
            (End::Cancelled, None) => {
                self.add(KeyValue::new(names::OUTCOME, names::outcome::CANCELLED));
                None
            }
            (End::Completed, None) => None,
        };
        let span = self.context.span();
        if let Some(status) = status {
            span.set_status(status);
        }
        let duration = finish_time - self.start_time;
        span.end_with_timestamp(self.start_time.to_system_time() + duration);
        self.telemetry
            .record(self.side, duration.as_secs_f64(), &self.attributes);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.end(if std::thread::panicking() {
            End::Panicked
        } else {
            End::Cancelled
        });
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}
