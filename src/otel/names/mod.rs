//! Every name that the bridge emits: spans, metrics, attributes and the values that are ours.
//!
//! This is the one place where they are written in code. `docs/telemetry.md` says the same for
//! people; a test holds the two against each other, and against what is emitted.
//!
//! Names without the prefix `loopscope.` are those of the OpenTelemetry semantic conventions.

mod http;
mod metrics;

pub use http::*;
pub use metrics::*;

use opentelemetry::trace::SpanKind;

/// The name of the instrumentation scope of all spans and metrics.
pub const SCOPE: &str = "loopscope";

/// The version of the semantic conventions that the names follow.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// Makes a constant of each attribute's key, and the list of all.
macro_rules! attributes {
    ($($constant:ident = $key:literal, $doc:literal;)*) => {
        $(#[doc = $doc] pub const $constant: &str = $key;)*

        /// The key of every attribute.
        pub const ATTRIBUTES: &[&str] = &[$($constant),*];
    };
}

attributes! {
    CLIENT_ADDRESS = "client.address", "The client of a connection that a task serves.";
    CLIENT_PORT = "client.port", "The client's port.";
    DNS_ANSWERS = "dns.answers", "The addresses that a name resolved to.";
    DNS_QUESTION_NAME = "dns.question.name", "The name that was looked up.";
    ERROR_TYPE = "error.type", "The kind of failure; absent on success.";
    HTTP_REQUEST_METHOD = "http.request.method", "The method of a request; `_OTHER` for one that is not in the conventions' list.";
    HTTP_REQUEST_METHOD_ORIGINAL = "http.request.method_original", "The method as it was sent, where it is not in the list.";
    HTTP_RESPONSE_STATUS_CODE = "http.response.status_code", "The status of a response.";
    HTTP_ROUTE = "http.route", "The pattern of paths that a request was for, as the service tells it.";
    IMMEDIATE = "loopscope.immediate", "Whether the task did not have to wait.";
    IO_SIZE = "loopscope.io.size", "Bytes that an operation moved.";
    LOOP_NAME = "loopscope.loop.name", "The name that a loop was built with.";
    LOOP_STATE = "loopscope.loop.state", "Whether a loop was active or idle.";
    NETWORK_IO_DIRECTION = "network.io.direction", "Whether bytes were received or transmitted.";
    NETWORK_LOCAL_ADDRESS = "network.local.address", "This end's IP address or socket path.";
    NETWORK_LOCAL_PORT = "network.local.port", "This end's port.";
    NETWORK_PEER_ADDRESS = "network.peer.address", "The other end's IP address or socket path.";
    NETWORK_PEER_PORT = "network.peer.port", "The other end's port.";
    NETWORK_PROTOCOL_VERSION = "network.protocol.version", "The version of HTTP: `1.0`, `1.1` or `2`.";
    NETWORK_TRANSPORT = "network.transport", "The protocol under a socket.";
    NETWORK_TYPE = "network.type", "The version of IP under a socket, where it is one of IP.";
    OUTCOME = "loopscope.outcome", "How something ended; on operations only where cancelled.";
    QUEUE_NAME = "loopscope.queue.name", "The name that a queue was given.";
    QUEUE_OPERATION = "loopscope.queue.operation", "Whether an item was taken out or put in.";
    SERVER_ADDRESS = "server.address", "The name of a TLS server, or this end of a connection.";
    SERVER_PORT = "server.port", "The server's port.";
    SOCKET_OPERATION = "loopscope.socket.operation", "What was done with a socket.";
    SOCKET_ROLE = "loopscope.socket.role", "Which end of a connection a socket is.";
    TASK_BUSY = "loopscope.task.busy", "How long a task's polls took in all, in seconds.";
    TASK_ID = "loopscope.task.id", "The number of a task.";
    TASK_NAME = "loopscope.task.name", "The name that a task was given.";
    TASK_POLLS = "loopscope.task.polls", "How often a task was polled.";
    TLS_CIPHER = "tls.cipher", "The cipher suite.";
    TLS_CURVE = "tls.curve", "The key exchange group.";
    TLS_ESTABLISHED = "tls.established", "Whether the handshake succeeded.";
    TLS_NEXT_PROTOCOL = "tls.next_protocol", "The application protocol (ALPN).";
    TLS_PROTOCOL_NAME = "tls.protocol.name", "Always `tls`.";
    TLS_PROTOCOL_VERSION = "tls.protocol.version", "The number of the version of TLS.";
    TLS_RESUMED = "tls.resumed", "Whether an earlier session was resumed.";
    URL_FULL = "url.full", "The address of a request, without user name, password and signatures.";
    URL_PATH = "url.path", "The path of a request.";
    URL_QUERY = "url.query", "The query of a request, without signatures.";
    URL_SCHEME = "url.scheme", "`http` or `https`.";
    URL_TEMPLATE = "url.template", "The pattern of paths that a request is for, as the caller tells it.";
    USER_AGENT_ORIGINAL = "user_agent.original", "The program that sent a request, as it says.";
}

/// The values of [`OUTCOME`].
pub mod outcome {
    /// A task that ended by itself.
    pub const COMPLETED: &str = "completed";
    /// A task that panicked or ended in an `Err`.
    pub const ERROR: &str = "error";
    /// A task or an operation that was given up.
    pub const CANCELLED: &str = "cancelled";
    /// A task whose end the instrument did not see: it ran on when telemetry was shut down.
    pub const UNFINISHED: &str = "unfinished";
}

/// Values of [`ERROR_TYPE`] beside those of [`ErrorType`](crate::instrument::ErrorType).
pub mod error_type {
    /// A task that panicked.
    pub const PANIC: &str = "panic";
    /// An instrument that panicked in a hook.
    pub const HOOK_PANICKED: &str = "hook_panicked";
}

/// The value of a name attribute on metrics once there are too many different ones.
pub const OTHER: &str = "_other";

/// A span that the bridge makes.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct SpanDefinition {
    /// The part of its name that is always the same.
    pub name: &'static str,
    /// What follows the name after a space, where it is known.
    pub detail: Option<&'static str>,
    /// The kinds it can have.
    pub kinds: &'static [SpanKind],
    /// The attributes it can have.
    pub attributes: &'static [&'static str],
}

macro_rules! operation_span {
    ($name:literal, $detail:expr, [$($attribute:ident),*]) => {
        SpanDefinition {
            name: $name,
            detail: $detail,
            kinds: &[SpanKind::Internal],
            attributes: &[$($attribute,)* IMMEDIATE, TASK_ID, TASK_NAME, ERROR_TYPE, OUTCOME],
        }
    };
    (socket $name:literal, $detail:expr, [$($attribute:ident),*]) => {
        operation_span!($name, $detail, [
            NETWORK_PEER_ADDRESS, NETWORK_PEER_PORT, NETWORK_LOCAL_ADDRESS, NETWORK_LOCAL_PORT,
            NETWORK_TRANSPORT, NETWORK_TYPE $(, $attribute)*
        ])
    };
}

/// A connect.
pub const SOCKET_CONNECT: SpanDefinition =
    operation_span!(socket "socket connect", Some("{address}:{port}"), []);
/// An accept.
pub const SOCKET_ACCEPT: SpanDefinition = operation_span!(socket "socket accept", None, []);
/// A recv.
pub const SOCKET_RECV: SpanDefinition = operation_span!(socket "socket recv", None, [IO_SIZE]);
/// A send.
pub const SOCKET_SEND: SpanDefinition = operation_span!(socket "socket send", None, [IO_SIZE]);
/// The client's side of a TLS handshake.
pub const TLS_CLIENT_HANDSHAKE: SpanDefinition = operation_span!(
    "TLS client handshake",
    Some("{server.address}"),
    [
        TLS_PROTOCOL_NAME,
        TLS_PROTOCOL_VERSION,
        TLS_CIPHER,
        TLS_CURVE,
        TLS_NEXT_PROTOCOL,
        TLS_RESUMED,
        TLS_ESTABLISHED,
        SERVER_ADDRESS,
        NETWORK_PEER_ADDRESS,
        NETWORK_PEER_PORT
    ]
);
/// The server's side of a TLS handshake.
pub const TLS_SERVER_HANDSHAKE: SpanDefinition = SpanDefinition {
    name: "TLS server handshake",
    detail: None,
    ..TLS_CLIENT_HANDSHAKE
};
/// A look-up of a name.
pub const DNS_LOOKUP: SpanDefinition = operation_span!(
    "DNS lookup",
    Some("{name}"),
    [DNS_QUESTION_NAME, DNS_ANSWERS]
);
/// An item taken out of a queue; reported only where it is.
pub const QUEUE_GET: SpanDefinition = SpanDefinition {
    name: "queue get",
    detail: Some("{queue}"),
    kinds: &[SpanKind::Internal],
    attributes: &[QUEUE_NAME, IMMEDIATE, TASK_ID, TASK_NAME],
};
/// An item put into a queue; reported only where it is.
pub const QUEUE_PUT: SpanDefinition = SpanDefinition {
    name: "queue put",
    ..QUEUE_GET
};
/// A task, from its spawn to its end.
pub const TASK: SpanDefinition = SpanDefinition {
    name: "task",
    detail: Some("{name}"),
    kinds: &[SpanKind::Internal, SpanKind::Server],
    attributes: &[
        TASK_ID,
        TASK_NAME,
        OUTCOME,
        TASK_POLLS,
        TASK_BUSY,
        CLIENT_ADDRESS,
        CLIENT_PORT,
        SERVER_ADDRESS,
        SERVER_PORT,
        ERROR_TYPE,
    ],
};

/// Every span.
pub const SPANS: &[SpanDefinition] = &[
    SOCKET_CONNECT,
    SOCKET_ACCEPT,
    SOCKET_RECV,
    SOCKET_SEND,
    TLS_CLIENT_HANDSHAKE,
    TLS_SERVER_HANDSHAKE,
    DNS_LOOKUP,
    QUEUE_GET,
    QUEUE_PUT,
    TASK,
];
