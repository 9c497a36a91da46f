//! What a collector says to a request.

use super::backoff::{Again, retry_after};
use prost::Message;
use std::io::Read;
use std::time::SystemTime;
use ureq::Body;
use ureq::http::{HeaderMap, HeaderName, Response, StatusCode, header};

/// How much of an answer is read; collectors say much less.
const MOST: u64 = 64 << 10;
/// How much of what a server says is shown.
const SHOWN: usize = 500;

/// The request was accepted, perhaps not with all that was in it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Accepted {
    /// How many items were rejected all the same.
    pub(crate) rejected: i64,
    /// Why they were or, where none was, what the collector has to say.
    pub(crate) message: String,
    /// What is wrong with the answer.
    pub(crate) oddity: Option<String>,
}

/// The request was not accepted.
#[derive(Debug, PartialEq)]
pub(crate) struct Refused {
    pub(crate) cause: String,
    pub(crate) again: Again,
}

impl Refused {
    /// Why a request is given up after so many tries.
    pub(crate) fn after(self, tries: u32) -> String {
        let Self { mut cause, again } = self;
        if tries > 1 {
            cause += &format!(", after {tries} tries");
        }
        if let Again::Later(Some(asked_for)) = again {
            let seconds = asked_for.as_secs();
            cause += &format!(", and it asks to be left alone for {seconds} s");
        }
        cause
    }
}

/// Every `ExportServiceResponse`; the field has another name for each signal.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `google.rpc.Status`; its details are for programs.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Reads an answer: whether the request was accepted.
pub(crate) fn read(answer: Response<Body>) -> Result<Accepted, Refused> {
    let (parts, body) = answer.into_parts();
    let (body, is_whole) = read_body(body);
    if parts.status.is_success() {
        Ok(accepted(parts.status, &parts.headers, &body, is_whole))
    } else {
        Err(refused(parts.status, &parts.headers, &body))
    }
}

/// What arrives of a body, as far as it is of use, and whether that is all of it.
fn read_body(body: Body) -> (Vec<u8>, bool) {
    let mut read = Vec::new();
    let end = body.into_reader().take(MOST).read_to_end(&mut read);
    let is_whole = end.is_ok_and(|length| (length as u64) < MOST);
    (read, is_whole)
}

/// What the status says to be accepted is, whatever the body is.
fn accepted(status: StatusCode, headers: &HeaderMap, body: &[u8], is_whole: bool) -> Accepted {
    let oddity = if !is_whole {
        format!("{status}, and then an answer that breaks off or does not end")
    } else if let Ok(response) = ExportResponse::decode(body) {
        let partial_success = response.partial_success.unwrap_or_default();
        return Accepted {
            rejected: partial_success.rejected,
            message: shown(&partial_success.error_message),
            oddity: None,
        };
    } else {
        let content_type = text(headers, header::CONTENT_TYPE).unwrap_or("something");
        format!(
            "{status} with {} that is no answer of OTLP",
            shown(content_type)
        )
    };
    Accepted {
        oddity: Some(oddity),
        ..Accepted::default()
    }
}

fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refused {
    let again = match status.as_u16() {
        429 | 502..=504 => {
            let asked_for = text(headers, header::RETRY_AFTER);
            Again::Later(asked_for.and_then(|header| retry_after(header, SystemTime::now())))
        }
        _ => Again::Never,
    };
    let mut cause = status.to_string();
    if let Some(location) = text(headers, header::LOCATION) {
        cause += &format!(" to {}", shown(location));
    }
    if let Some(message) = message(headers, body) {
        cause += &format!(": {}", shown(&message));
    }
    if let Some(advice) = advice(status) {
        cause += &format!(" ({advice})");
    }
    Refused { cause, again }
}

/// What the body of a refusal says to people.
fn message(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let content_type = text(headers, header::CONTENT_TYPE)?;
    let message = if content_type.starts_with("application/x-protobuf") {
        Status::decode(body).ok()?.message
    } else if content_type.starts_with("text/plain") {
        String::from_utf8_lossy(body).into_owned()
    } else {
        return None;
    };
    (!message.trim().is_empty()).then_some(message)
}

fn advice(status: StatusCode) -> Option<&'static str> {
    Some(match status.as_u16() {
        300..=399 => "redirects are not followed: set the endpoint to where this one leads",
        401 | 403 => "are OTEL_EXPORTER_OTLP_HEADERS right?",
        404 | 405 => "is that the path where the collector takes traces?",
        413 => "set OTEL_BSP_MAX_EXPORT_BATCH_SIZE to less",
        415 => "does the endpoint take OTLP as http/protobuf?",
        _ => return None,
    })
}

/// What a server said, on one line and not too long.
fn shown(text: &str) -> String {
    let text = text.trim().chars().take(SHOWN);
    text.map(|it| if it.is_control() { ' ' } else { it })
        .collect()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
