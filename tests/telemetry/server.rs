//! A small HTTP server that stands where a collector would, to see what is sent and to misbehave.

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// A request that has arrived.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let known = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, value)| value.as_str())
    }
}

/// How the server answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Status(u16),
    /// Never.
    Silence,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: String,
    requests: Receiver<Request>,
}

impl Server {
    pub(crate) fn start(answer: Answer) -> Self {
        Self::on("127.0.0.1:0", answer)
    }

    pub(crate) fn on(address: &str, answer: Answer) -> Self {
        Self::listen(address, "http", move |stream, requests| {
            serve(stream, requests, answer)
        })
    }

    /// A server that speaks TLS and takes everything.
    pub(crate) fn with_tls(config: Arc<ServerConfig>) -> Self {
        Self::listen("localhost:0", "https", move |stream, requests| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            serve(
                StreamOwned::new(connection, stream),
                requests,
                Answer::Status(200),
            );
        })
    }

    fn listen(
        address: &str,
        scheme: &str,
        serve: impl Fn(TcpStream, &Sender<Request>) + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let host = if scheme == "https" {
            "localhost".into()
        } else {
            address.ip().to_string()
        };
        let (sender, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (sender, serve) = (sender.clone(), serve.clone());
                thread::spawn(move || serve(stream, &sender));
            }
        });
        Self {
            address: format!("{scheme}://{host}:{}", address.port()),
            requests,
        }
    }

    /// The next request, of those to `path`.
    pub(crate) fn next(&self, path: &str) -> Request {
        loop {
            let request = self.requests.recv_timeout(Duration::from_secs(30)).unwrap();
            if request.path == path {
                return request;
            }
        }
    }

    /// Whether nothing has arrived until now.
    pub(crate) fn is_untouched(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

/// Reads requests off a connection until it ends.
fn serve(stream: impl Read + Write, requests: &Sender<Request>, answer: Answer) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream) {
        let _ = requests.send(request);
        let Answer::Status(status) = answer else {
            continue;
        };
        let answer = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 0\r\n\r\n");
        let sent = stream.get_mut().write_all(answer.as_bytes());
        if sent.and_then(|()| stream.get_mut().flush()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let mut request = Request {
        path,
        headers,
        body: Vec::new(),
    };
    let length: u64 = request.header("content-length")?.parse().ok()?;
    reader.take(length).read_to_end(&mut request.body).ok()?;
    Some(request)
}
