//! A small HTTP server that stands where a collector would, to see what is sent and to misbehave.

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request that has arrived.
#[derive(Debug)]
pub(crate) struct Request {
    /// Which of the server's connections it came over.
    pub(crate) connection: usize,
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
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Status(u16),
    /// Never.
    Silence,
    /// With these bytes.
    Bytes(Vec<u8>),
    /// With these bytes, and then it hangs up.
    HangUp(Vec<u8>),
    /// With success and a body that never ends, with a pause before each part of it.
    Endless(Duration),
}

impl Answer {
    /// A whole answer with headers, each ended by `\r\n`, and a body.
    pub(crate) fn with(status: u16, headers: &str, body: &[u8]) -> Self {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {length}\r\n{headers}\r\n");
        Self::Bytes([head.as_bytes(), body].concat())
    }

    /// Whether the connection can go on.
    fn give(&self, stream: &mut impl Write) -> io::Result<bool> {
        match self {
            Self::Status(status) => return Self::with(*status, "", b"").give(stream),
            Self::Silence => {}
            Self::Bytes(bytes) => stream.write_all(bytes)?,
            Self::HangUp(bytes) => {
                stream.write_all(bytes)?;
                stream.flush()?;
                return Ok(false);
            }
            Self::Endless(pause) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
                loop {
                    stream.write_all(&[b'x'; 100])?;
                    stream.flush()?;
                    rest(*pause);
                }
            }
        }
        stream.flush()?;
        Ok(true)
    }
}

#[expect(clippy::disallowed_methods, reason = "there is no event loop here")]
fn rest(pause: Duration) {
    thread::sleep(pause);
}

/// Answers in turn; the last one is given again and again.
type Script = Arc<Mutex<VecDeque<Answer>>>;

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: String,
    requests: Receiver<Request>,
}

impl Server {
    pub(crate) fn start(answer: Answer) -> Self {
        Self::answering([answer])
    }

    /// A server that gives these answers one after the other, and then the last one again.
    pub(crate) fn answering(answers: impl Into<VecDeque<Answer>>) -> Self {
        Self::listen("127.0.0.1:0", None, answers.into())
    }

    pub(crate) fn on(address: &str, answer: Answer) -> Self {
        Self::listen(address, None, [answer].into())
    }

    /// A server that speaks TLS and takes everything.
    pub(crate) fn with_tls(config: Arc<ServerConfig>) -> Self {
        Self::listen("localhost:0", Some(config), [Answer::Status(200)].into())
    }

    fn listen(address: &str, tls: Option<Arc<ServerConfig>>, answers: VecDeque<Answer>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (scheme, host) = match tls {
            None => ("http", address.ip().to_string()),
            Some(_) => ("https", "localhost".into()),
        };
        let (sender, requests) = channel();
        let script = Arc::new(Mutex::new(answers));
        thread::spawn(move || {
            let streams = listener.incoming().map_while(Result::ok);
            for (connection, stream) in streams.enumerate() {
                let (sender, script, tls) = (sender.clone(), script.clone(), tls.clone());
                thread::spawn(move || match tls {
                    None => serve(stream, connection, &sender, &script),
                    Some(tls) => {
                        let tls = ServerConnection::new(tls).unwrap();
                        serve(StreamOwned::new(tls, stream), connection, &sender, &script)
                    }
                });
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

    /// The requests that have arrived until now.
    pub(crate) fn arrived(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }

    /// Whether nothing has arrived until now.
    pub(crate) fn is_untouched(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

/// Reads requests off a connection until it ends.
fn serve(
    stream: impl Read + Write,
    connection: usize,
    requests: &Sender<Request>,
    script: &Script,
) {
    let mut stream = BufReader::new(stream);
    while let Some(mut request) = read(&mut stream) {
        request.connection = connection;
        let answer = {
            let mut script = script.lock().unwrap();
            let is_last = script.len() == 1;
            let answer = if is_last { None } else { script.pop_front() };
            answer.unwrap_or_else(|| script[0].clone())
        };
        let _ = requests.send(request);
        if !answer.give(stream.get_mut()).unwrap_or(false) {
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
        connection: 0,
        path,
        headers,
        body: Vec::new(),
    };
    let length: u64 = request.header("content-length")?.parse().ok()?;
    reader.take(length).read_to_end(&mut request.body).ok()?;
    Some(request)
}
