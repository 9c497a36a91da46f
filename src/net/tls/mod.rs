//! TLS over TCP, on rustls.

mod error;
mod handshake;
mod stream;

pub use handshake::{TlsAcceptor, TlsConnector};
pub use stream::TlsStream;
