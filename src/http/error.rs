//! What goes wrong with HTTP.

use crate::instrument::ErrorType;
use std::error::Error as StdError;
use std::io;

/// Why a request, or the reading of a body, has failed.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be sent as it is: its address has no host, or a scheme other than `http`
    /// and, where the client has a TLS configuration, `https`.
    #[error("the request cannot be sent: {0}")]
    InvalidRequest(String),
    /// There is no connection: the name was not found, nobody answered, TLS was refused.
    #[error("no connection to {origin}: {source}")]
    Connect {
        /// The server, as `host:port` or the path of its Unix socket.
        origin: String,
        /// What went wrong.
        source: io::Error,
    },
    /// The head of the response was not there in time.
    #[error("no response in time")]
    ResponseTimeout,
    /// Nothing of a body arrived for too long.
    #[error("the body stalled")]
    BodyTimeout,
    /// A body is longer than allowed.
    #[error("the body is too long")]
    BodyTooLong,
    /// The task of the connection was cancelled.
    #[error("the connection was given up")]
    ConnectionLost,
    /// The connection broke, or the peer does not keep to the protocol.
    #[error("{}", with_cause(.0))]
    Protocol(#[from] hyper::Error),
}

impl Error {
    /// The kind of failure, as telemetry tells it.
    pub fn error_type(&self) -> ErrorType {
        match self {
            Self::InvalidRequest(_) => ErrorType::InvalidInput,
            Self::Connect { source, .. } => ErrorType::from_io(source),
            Self::ResponseTimeout | Self::BodyTimeout => ErrorType::TimedOut,
            Self::ConnectionLost => ErrorType::ConnectionAborted,
            Self::BodyTooLong => ErrorType::MessageTooLong,
            Self::Protocol(error) => of_hyper(error),
        }
    }
}

/// The kind of failure of any error: what this crate, hyper or the system says of it.
#[cfg(feature = "otel")]
pub(super) fn error_type(error: &(dyn StdError + 'static)) -> ErrorType {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<Error>() {
            return error.error_type();
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            return of_hyper(error);
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return ErrorType::from_io(error);
        }
        next = error.source();
    }
    ErrorType::Other
}

fn of_hyper(error: &hyper::Error) -> ErrorType {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return ErrorType::from_io(io);
        }
        source = cause.source();
    }
    if error.is_timeout() {
        ErrorType::TimedOut
    } else if error.is_incomplete_message() {
        ErrorType::UnexpectedEof
    } else {
        ErrorType::Other
    }
}

/// hyper's errors do not show their cause.
fn with_cause(error: &hyper::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
