//! Where a service is: `HOST:PORT`, or `unix:PATH`.

use http::{Request, Response};
use loopscope::http::{Body, BoxError, ClientBuilder, Server};
use loopscope::net::{TcpListener, UnixListener};
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tower::Service;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(String),
    Unix(PathBuf),
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(Self::Tcp(text.into()))
            }
            _ => Err(format!("{text}: expected HOST:PORT or unix:PATH")),
        }
    }

    /// What requests to it are addressed to, and a client that reaches it there.
    pub(crate) fn origin(&self, client: ClientBuilder) -> (String, ClientBuilder) {
        match self {
            Self::Tcp(address) => (format!("http://{address}"), client),
            // The host is told to the server alone; the socket says where that is.
            Self::Unix(path) => (String::from("http://localhost"), client.unix_socket(path)),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A place to listen on: for a port of 0 the one that the system has chosen, the next time as well.
pub(crate) enum Place {
    Tcp(SocketAddr),
    /// Its file is removed in the end.
    Unix(SocketFile),
}

/// What listens there.
pub(crate) enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Place {
    /// Begins to listen on an address.
    pub(crate) fn listen_on(address: &Address) -> io::Result<(Self, Listening)> {
        match address {
            Address::Tcp(address) => {
                let listener = TcpListener::bind(address.as_str())?;
                Ok((Self::Tcp(listener.local_addr()?), Listening::Tcp(listener)))
            }
            Address::Unix(path) => {
                let listener = UnixListener::bind(path)?;
                Ok((
                    Self::Unix(SocketFile(path.clone())),
                    Listening::Unix(listener),
                ))
            }
        }
    }

    /// Begins to listen there again.
    pub(crate) fn listen_again(&self) -> io::Result<Listening> {
        match self {
            Self::Tcp(address) => TcpListener::bind(*address).map(Listening::Tcp),
            Self::Unix(SocketFile(path)) => {
                std::fs::remove_file(path)?;
                UnixListener::bind(path).map(Listening::Unix)
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(SocketFile(path)) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The file of a Unix socket.
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let path: &Path = &self.0;
        let _ = std::fs::remove_file(path);
    }
}

impl Listening {
    /// Serves what connects until the program is told to stop, or `stop` is complete.
    pub(crate) async fn serve<S>(
        self,
        server: &Server,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()>
    where
        S: Service<Request<Body>, Response = Response<String>> + Clone + 'static,
        S::Error: Into<BoxError>,
    {
        match self {
            Self::Tcp(listener) => server.serve_until(listener, service, stop).await,
            Self::Unix(listener) => server.serve_until(listener, service, stop).await,
        }
    }
}
