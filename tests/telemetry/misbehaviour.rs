//! Answers that are no good ones, and what is told of them.

use crate::server::{Answer, Server};
use crate::support::{LONG, listen, make_span, said_about, traces_to};
use prost::Message;
use std::time::Duration;

const PROTOBUF: &str = "content-type: application/x-protobuf\r\n";

/// Sends `spans` spans to a server that answers so, twice; returns how many were lost and what was
/// said.
fn sent(answer: Answer, spans: usize) -> (u64, Vec<String>) {
    sent_within("500", answer, spans)
}

fn sent_within(timeout: &str, answer: Answer, spans: usize) -> (u64, Vec<String>) {
    listen();
    let server = Server::start(answer);
    let telemetry = traces_to(&server.address, &[("OTEL_EXPORTER_OTLP_TIMEOUT", timeout)]);
    for _ in 0..2 {
        for _ in 0..spans {
            make_span(&telemetry);
        }
        telemetry.flush(LONG).unwrap();
    }
    let lost = telemetry.lost().spans;
    drop(telemetry);
    (lost, said_about(&server.address))
}

/// As an `ExportTraceServiceResponse`.
fn partial_success(rejected_spans: i64, error_message: &str) -> Answer {
    use opentelemetry_proto::tonic::collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceResponse,
    };
    let response = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans,
            error_message: error_message.into(),
        }),
    };
    Answer::with(200, PROTOBUF, &response.encode_to_vec())
}

#[test]
fn rejected_spans_are_lost_and_told_once() {
    let (lost, said) = sent(partial_success(2, "too old"), 3);
    assert_eq!(lost, 4);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("too old") && said[0].contains("rejected=2"),
        "{said:?}"
    );
}

#[test]
fn no_more_is_lost_than_was_sent() {
    assert_eq!(sent(partial_success(i64::MAX, ""), 3).0, 6);
    assert_eq!(sent(partial_success(-1, ""), 3).0, 0);
}

#[test]
fn what_a_collector_has_to_say_is_told_once_and_nothing_is_lost() {
    let (lost, said) = sent(partial_success(0, "use a newer SDK"), 1);
    assert_eq!(lost, 0);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("use a newer SDK"), "{said:?}");
}

#[test]
fn a_refusal_is_told_with_the_endpoint_the_status_and_what_the_server_says() {
    let status = b"\x08\x03\x12\x0bno such day\x1a\x00";
    let (lost, said) = sent(Answer::with(400, PROTOBUF, status), 1);
    assert_eq!(lost, 2);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("/v1/traces: 400 Bad Request: no such day"),
        "{said:?}"
    );

    let text = Answer::with(403, "content-type: text/plain\r\n", b"who\nare you?");
    let said = sent(text, 1).1.concat();
    assert!(
        said.contains("403 Forbidden: who are you? (are OTEL_EXPORTER_OTLP_HEADERS"),
        "{said}"
    );
}

#[test]
fn a_redirect_is_not_followed_but_told() {
    let elsewhere = Server::start(Answer::Status(200));
    let location = format!("location: {}\r\n", elsewhere.address);
    let (lost, said) = sent(Answer::with(307, &location, b""), 1);
    assert_eq!(lost, 2);
    assert!(elsewhere.is_untouched());
    let said = said.concat();
    assert!(
        said.contains(&format!("307 Temporary Redirect to {}", elsewhere.address)),
        "{said}"
    );
}

#[test]
fn success_without_an_answer_of_a_collector_is_success_and_told_once() {
    let page = Answer::with(
        200,
        "content-type: text/html\r\n",
        b"<html>It works!</html>",
    );
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
    let cut_off = Answer::HangUp([&head[..], b"abc"].concat());
    let slow = Answer::Endless(Duration::from_millis(50));
    for (answer, what) in [
        (page, "200 OK with text/html"),
        (cut_off, "breaks off"),
        (slow, "does not end"),
    ] {
        let (lost, said) = sent(answer, 1);
        assert_eq!(lost, 0, "{what}");
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(what), "{said:?}");
    }
}

#[test]
fn of_an_endless_answer_not_all_is_read() {
    let (lost, said) = sent_within("3600000", Answer::Endless(Duration::ZERO), 1);
    assert_eq!(lost, 0);
    assert!(said.concat().contains("does not end"), "{said:?}");
}

#[test]
fn an_answer_that_is_no_http_is_a_loss() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.6\r\n"[..],
        b"\x15\x03\x01\x00\x02\x02\x50",
        b"HTTP/1.1 999999 OK\r\n\r\n",
    ] {
        let (lost, said) = sent(Answer::HangUp(bytes.to_vec()), 1);
        assert_eq!(lost, 2, "{said:?}");
        assert_eq!(said.len(), 1, "{said:?}");
    }
}
