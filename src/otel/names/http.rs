//! What the feature `http` emits: the stable semantic conventions of OpenTelemetry for HTTP.

use super::metrics::{CONVENTIONAL, histogram};
use super::*;

/// A request as the server sees it: from its head to the end of the response's body.
pub const HTTP_SERVER: SpanDefinition = SpanDefinition {
    name: "{method}",
    detail: Some("{http.route}"),
    kinds: &[SpanKind::Server],
    attributes: &[
        HTTP_REQUEST_METHOD,
        HTTP_REQUEST_METHOD_ORIGINAL,
        HTTP_RESPONSE_STATUS_CODE,
        HTTP_ROUTE,
        URL_SCHEME,
        URL_PATH,
        URL_QUERY,
        SERVER_ADDRESS,
        SERVER_PORT,
        CLIENT_ADDRESS,
        NETWORK_PEER_ADDRESS,
        NETWORK_PEER_PORT,
        NETWORK_PROTOCOL_VERSION,
        USER_AGENT_ORIGINAL,
        ERROR_TYPE,
        OUTCOME,
    ],
};
/// A request as the client sees it, the making of its connection included.
pub const HTTP_CLIENT: SpanDefinition = SpanDefinition {
    name: "{method}",
    detail: Some("{url.template}"),
    kinds: &[SpanKind::Client],
    attributes: &[
        HTTP_REQUEST_METHOD,
        HTTP_REQUEST_METHOD_ORIGINAL,
        HTTP_RESPONSE_STATUS_CODE,
        URL_FULL,
        URL_TEMPLATE,
        SERVER_ADDRESS,
        SERVER_PORT,
        NETWORK_PROTOCOL_VERSION,
        ERROR_TYPE,
        OUTCOME,
    ],
};
/// How long servers take.
pub const HTTP_SERVER_REQUEST_DURATION: MetricDefinition = histogram(
    "http.server.request.duration",
    "Duration of HTTP server requests.",
    &[
        HTTP_REQUEST_METHOD,
        HTTP_RESPONSE_STATUS_CODE,
        HTTP_ROUTE,
        URL_SCHEME,
        NETWORK_PROTOCOL_VERSION,
        ERROR_TYPE,
        OUTCOME,
    ],
    CONVENTIONAL,
);
/// How long clients wait.
pub const HTTP_CLIENT_REQUEST_DURATION: MetricDefinition = histogram(
    "http.client.request.duration",
    "Duration of HTTP client requests.",
    &[
        HTTP_REQUEST_METHOD,
        HTTP_RESPONSE_STATUS_CODE,
        SERVER_ADDRESS,
        SERVER_PORT,
        URL_TEMPLATE,
        NETWORK_PROTOCOL_VERSION,
        ERROR_TYPE,
        OUTCOME,
    ],
    CONVENTIONAL,
);

/// Every span of the feature `http`.
pub const HTTP_SPANS: &[SpanDefinition] = &[HTTP_SERVER, HTTP_CLIENT];

/// Every metric of the feature `http`.
pub const HTTP_METRICS: &[MetricDefinition] =
    &[HTTP_SERVER_REQUEST_DURATION, HTTP_CLIENT_REQUEST_DURATION];
