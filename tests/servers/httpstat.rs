//! Where the time of requests goes, told in a terminal.

use crate::program::Program;
use http::{Request, Response};
use loopscope::event_loop::{EventLoop, sleep};
use loopscope::http::{Body, Server};
use loopscope::net::{TcpListener, TlsAcceptor};
use loopscope::rustls::ServerConfig;
use loopscope::rustls::crypto::ring;
use loopscope::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use std::convert::Infallible;
use std::process::ExitStatus;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use tower::service_fn;

/// A server on a thread of its own, with and without TLS.
struct Servers {
    plain: u16,
    tls: u16,
    /// The path and `traceparent` of each request without TLS.
    seen: mpsc::Receiver<String>,
    /// The server's certificate, in a file.
    trusted: tempfile::NamedTempFile,
    stop: Option<futures_channel::oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Servers {
    fn start() -> Self {
        let made = rcgen::generate_simple_self_signed([String::from("localhost")]);
        let made = made.expect("a certificate can be made");
        let trusted = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(trusted.path(), made.cert.pem()).expect("it can be written");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("the key is the certificate's");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::new(Arc::new(config));
        let (tell, told) = mpsc::channel();
        let (see, seen) = mpsc::channel();
        let (stop, stopped) = futures_channel::oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let event_loop = EventLoop::new().expect("a loop");
            event_loop.run_until_complete(async {
                let bind = || TcpListener::bind("127.0.0.1:0").expect("a free port");
                let port =
                    |listener: &TcpListener| listener.local_addr().expect("it is bound").port();
                let (plain, tls) = (bind(), bind());
                tell.send((port(&plain), port(&tls)))
                    .expect("somebody waits");
                let seeing = move |request: Request<Body>| {
                    let parent = request.headers().get("traceparent");
                    let parent = parent.map_or("", |parent| parent.to_str().unwrap_or("?"));
                    let _ = see.send(format!("{} {parent}", request.uri().path()));
                    answer(request)
                };
                let serving = async {
                    let of_plain = Server::new();
                    let of_tls = Server::new().tls(acceptor);
                    let (a, b) = futures_util::future::join(
                        of_plain.serve(plain, service_fn(seeing)),
                        of_tls.serve(tls, service_fn(answer)),
                    )
                    .await;
                    a.and(b).expect("it serves");
                };
                let (serving, stopped) = (std::pin::pin!(serving), std::pin::pin!(stopped));
                let _ = futures_util::future::select(serving, stopped).await;
            });
        });
        let (plain, tls) = told.recv().expect("it listens");
        Self {
            plain,
            tls,
            seen,
            trusted,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Runs the example, which trusts the server's certificate.
    fn fetch(&self, arguments: &[&str]) -> (String, String, ExitStatus) {
        let trusted = self.trusted.path().display().to_string();
        run(arguments, &[("SSL_CERT_FILE", trusted)])
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.stop.take());
        let thread = self.thread.take().expect("it runs");
        assert!(thread.join().is_ok() || thread::panicking());
    }
}

/// Takes its time for the head, and is missing where the path says so.
async fn answer(request: Request<Body>) -> Result<Response<String>, Infallible> {
    sleep(Duration::from_millis(20)).await;
    let mut response = Response::new("x".repeat(1000));
    if request.uri().path() == "/missing" {
        *response.status_mut() = http::StatusCode::NOT_FOUND;
    }
    Ok(response)
}

/// What it prints, the first line that it complains in, and how it ends.
fn run(arguments: &[&str], environment: &[(&str, String)]) -> (String, String, ExitStatus) {
    let mut program = Program::start("httpstat", arguments, environment);
    let complaint = program.complains();
    let (said, status) = program.end();
    (said, complaint, status)
}

/// Where a line's bar begins and ends.
fn bar(said: &str, phase: &str) -> (usize, usize) {
    let line = said
        .lines()
        .find(|line| line.trim_start().starts_with(phase));
    let line: Vec<_> = line
        .unwrap_or_else(|| panic!("no {phase} in {said}"))
        .chars()
        .collect();
    let filled = |c: &char| *c == '█';
    let begin = line.iter().position(filled).expect("a bar");
    (begin, line.iter().rposition(filled).expect("a bar") + 1)
}

#[test]
fn the_waterfall_shows_each_phase_after_the_other() {
    let servers = Servers::start();
    let address = format!("https://localhost:{}/", servers.tls);
    let (said, complaint, status) = servers.fetch(&[&address]);
    assert!(status.success(), "{complaint}");
    assert!(
        said.starts_with(&format!("{address}\nHTTP/2.0 200 OK, 1000 bytes\n")),
        "{said}"
    );
    let phases = ["name lookup", "connect", "TLS", "first byte", "transfer"];
    let begins: Vec<_> = phases.map(|phase| bar(&said, phase).0).into();
    assert!(begins.is_sorted(), "{said}");
    assert!(said.contains("\n  total "), "{said}");
}

#[test]
fn without_tls_and_name_these_phases_are_not_there() {
    let servers = Servers::start();
    let (said, _, status) = servers.fetch(&[&format!("127.0.0.1:{}/missing", servers.plain)]);
    assert!(status.success(), "a status is no failure");
    assert!(said.contains("HTTP/1.1 404 Not Found"), "{said}");
    assert!(
        !said.contains("TLS") && !said.contains("name lookup"),
        "{said}"
    );
    assert!(
        said.contains("connect") && said.contains("first byte"),
        "{said}"
    );
}

#[test]
fn repeated_it_prints_percentiles() {
    let servers = Servers::start();
    let address = format!("http://localhost:{}/", servers.plain);
    let (said, _, status) = servers.fetch(&["--repeat", "5", "--http2", &address]);
    assert!(status.success());
    assert!(
        said.starts_with(&format!("{address}: 5 requests\n")),
        "{said}"
    );
    assert!(said.contains("p50") && said.contains("p99"), "{said}");
    let first_byte = said.lines().find(|line| line.contains("first byte"));
    let values: Vec<f64> = first_byte
        .expect("it is there")
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    assert_eq!(values.len(), 4, "{said}");
    assert!(values[0] >= 20.0 && values.is_sorted(), "{said}");
}

#[test]
fn for_programs_it_prints_json() {
    let servers = Servers::start();
    let fine = format!("https://localhost:{}/", servers.tls);
    let refused = "http://127.0.0.1:1/";
    let (said, complaint, status) = servers.fetch(&["--json", "--repeat", "2", &fine, refused]);
    assert_eq!(status.code(), Some(7), "{complaint}");
    let documents: Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!(documents[0]["requests"].as_array().map(Vec::len), Some(2));
    let request = &documents[0]["requests"][0];
    assert_eq!(request["version"], "HTTP/2.0");
    assert_eq!(request["bytes"], 1000);
    assert!(request["phases"]["first_byte"]["duration_ms"].as_f64() >= Some(20.0));
    assert!(documents[0]["percentiles"]["tls"]["p50"].as_f64() > Some(0.0));
    assert_eq!(documents[1]["error_type"], "connection_refused");
}

#[test]
fn each_failure_is_said_and_has_its_exit_code() {
    let servers = Servers::start();
    let tls = format!("https://localhost:{}/", servers.tls);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = format!("http://{}/", silent.local_addr().expect("it is bound"));
    let not_tls = format!("https://localhost:{}/", servers.plain);
    let no_http = format!("http://localhost:{}/", servers.tls);
    for (arguments, code, sentence) in [
        (&["http://nowhere.invalid/"][..], 6, "(host_not_found)"),
        (&["http://127.0.0.1:1/"], 7, "(connection_refused)"),
        (&[not_tls.as_str()], 35, "(tls_"),
        (&[no_http.as_str()], 56, "httpstat: http://localhost"),
        (&["ftp://localhost/"], 2, "neither http nor https"),
        (
            &["--timeout", "0", "x"],
            2,
            "--timeout takes a number from 1 on",
        ),
        (&["--what"], 2, "there is no option --what"),
        (&[], 2, "which URL?"),
    ] {
        let (said, complaint, status) = servers.fetch(arguments);
        assert_eq!(status.code(), Some(code), "{arguments:?}: {complaint}");
        assert!(
            complaint.starts_with("httpstat: ") && complaint.contains(sentence),
            "{complaint}"
        );
        assert_eq!(said, "");
    }
    let (_, complaint, status) = run(&[&tls], &[]);
    assert_eq!(status.code(), Some(35));
    assert!(
        complaint.contains("(tls_certificate_unknown_issuer)"),
        "{complaint}"
    );
    let (said, _, status) = run(&["--insecure", &tls], &[]);
    assert!(status.success() && said.contains("200 OK"));
    let (_, complaint, status) = servers.fetch(&["--timeout", "1", &silent]);
    assert_eq!(status.code(), Some(28), "{complaint}");
}

#[test]
fn help_says_all_options_and_exit_codes() {
    let (said, _, status) = run(&["--help"], &[]);
    assert!(status.success());
    for word in [
        "--repeat",
        "--json",
        "--insecure",
        "--http2",
        "--timeout",
        "28 too slow",
    ] {
        assert!(said.contains(word), "{word}");
    }
}

#[test]
fn where_an_endpoint_is_set_the_traces_go_there_and_along() {
    let servers = Servers::start();
    let address = format!("http://localhost:{}", servers.plain);
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", address.clone());
    let (_, complaint, status) = run(&[&format!("{address}/wanted")], &[endpoint]);
    assert!(status.success(), "{complaint}");
    let seen: Vec<_> = servers.seen.try_iter().collect();
    assert!(seen[0].starts_with("/wanted 00-"), "{seen:?}");
    for path in ["/v1/traces ", "/v1/metrics "] {
        assert!(
            seen.iter().any(|seen| seen == path),
            "no {path} in {seen:?}"
        );
    }
}

#[test]
fn where_the_traces_cannot_be_sent_it_says_so_and_does_its_work() {
    let servers = Servers::start();
    let endpoint = (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        String::from("http://127.0.0.1:1"),
    );
    let (said, complaint, status) = run(&[&format!("127.0.0.1:{}", servers.plain)], &[endpoint]);
    assert!(status.success() && said.contains("200 OK"), "{said}");
    assert!(
        complaint.contains("the traces were not sent"),
        "{complaint}"
    );
}
