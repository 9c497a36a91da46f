//! Whatever a server sends, nothing breaks and nothing hangs.

use crate::telemetry::deadlines::{Deadlines, now};
use crate::telemetry::otlp::answer;
use crate::telemetry::otlp::sender::Sender;
use crate::telemetry::settings::{Otlp, Protocol, Signal};
use crate::telemetry::tally::Tally;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use proptest::prelude::*;
use prost::Message;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use ureq::Body;
use ureq::http::Response;

fn valid_body() -> impl Strategy<Value = Vec<u8>> {
    (any::<i64>(), "\\PC{0,40}").prop_map(|(rejected_spans, error_message)| {
        let partial_success = Some(ExportTracePartialSuccess {
            rejected_spans,
            error_message,
        });
        ExportTraceServiceResponse { partial_success }.encode_to_vec()
    })
}

/// Something like `valid`: with bytes changed, cut off at the end, or with more there.
fn damaged(valid: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let changes = prop::collection::vec(change, 0..4);
    let tail = prop::collection::vec(any::<u8>(), 0..4);
    (valid, changes, any::<prop::sample::Index>(), tail).prop_map(
        |(mut bytes, changes, end, tail)| {
            for (place, byte) in changes {
                if !bytes.is_empty() {
                    let place = place.index(bytes.len());
                    bytes[place] = byte;
                }
            }
            bytes.truncate(end.index(2 * bytes.len() + 1));
            bytes.extend(tail);
            bytes
        },
    )
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        valid_body(),
        damaged(valid_body()),
        prop::collection::vec(any::<u8>(), 0..100),
    ]
}

/// An answer as it is on the wire.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let header = prop_oneof![
        Just("content-type: application/x-protobuf"),
        Just("content-type: text/plain"),
        Just("content-encoding: gzip"),
        Just("transfer-encoding: chunked"),
        Just("content-length: 18446744073709551615"),
        Just("connection: close"),
        Just("location: http://[::1"),
        Just("retry-after: Sun, 06 Nov 1994 08:49:37 GMT"),
        Just("retry-after: 18446744073709551615"),
    ];
    let headers = prop::collection::vec(header, 0..4);
    (100..600_u16, headers, any::<bool>(), body()).prop_map(|(status, headers, length, body)| {
        let mut head = format!("HTTP/1.1 {status} Whatever\r\n");
        for header in headers {
            head += &format!("{header}\r\n");
        }
        if length {
            head += &format!("content-length: {}\r\n", body.len());
        }
        [head.as_bytes(), b"\r\n", &body].concat()
    })
}

/// A server that answers each connection so and hangs up; where it is.
fn server(answers: [Vec<u8>; 2]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let mut read = 0;
            while !request[..read].ends_with(REQUEST) {
                read += stream.read(&mut request[read..]).unwrap();
            }
            let _ = stream.write_all(&answer);
        }
    });
    format!("http://{address}/v1/traces")
}

const REQUEST: &[u8] = b"a request";
const SUCCESS: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

fn otlp(endpoint: String) -> Otlp {
    Otlp {
        protocol: Protocol::HttpProtobuf,
        endpoint,
        headers: vec![("authorization".into(), "secret".into())],
        timeout: Duration::from_secs(3600),
        gzip: false,
        certificate: None,
        client: None,
    }
}

/// A sender that tries each request once, until telemetry ends after `left`.
fn sender(endpoint: String, left: Duration) -> Sender {
    let deadlines = Arc::new(Deadlines::default());
    deadlines.shut_down_by(now() + left);
    Sender::new(&otlp(endpoint), &Tally::new(Signal::Traces, &deadlines)).unwrap()
}

#[test]
fn the_values_of_headers_are_not_shown() {
    let shown = format!("{:?}", sender("http://localhost".into(), Duration::ZERO));
    assert!(shown.contains("authorization"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn a_request_takes_no_longer_than_telemetry_lives() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let mut sender = sender(endpoint, Duration::from_millis(100));
    let end = sender.end_of_export();
    let error = sender.send(REQUEST, 1, end).unwrap_err().to_string();
    assert!(error.contains("no answer in time"), "{error}");
}

proptest! {
    #[test]
    fn any_answer_is_read(status in 100..600_u16, body in body(), content_type in "\\PC{0,30}") {
        let answer = Response::builder()
            .status(status)
            .header("content-type", "application/x-protobuf")
            .body(Body::builder().mime_type(content_type).data(body))
            .unwrap();
        let accepted = answer::read(answer).is_ok();
        prop_assert_eq!(accepted, (200..300).contains(&status));
    }

    /// Also when it is none, and the next request is sent as if nothing had happened.
    #[test]
    fn any_answer_on_the_wire_is_read(
        answer in prop_oneof![answer(), damaged(answer()), prop::collection::vec(any::<u8>(), 0..200)]
    ) {
        let mut sender = sender(server([answer, SUCCESS.into()]), Duration::from_secs(10));
        let end = sender.end_of_export();
        let _ = sender.send(REQUEST, 1, end);
        let next = sender.send(REQUEST, 1, end);
        prop_assert!(next.is_ok(), "{next:?}");
    }
}
