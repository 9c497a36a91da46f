//! TLS over TCP, on rustls.

mod acceptor;
mod advice;
mod connector;
mod error;
mod error_type;
mod first_bytes;
mod handshake;
mod stream;
mod transport;

pub use acceptor::TlsAcceptor;
pub use connector::TlsConnector;
pub use stream::TlsStream;
