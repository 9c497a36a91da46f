//! Sockets on the loop: TCP, TLS and names.
//!
//! Streams have methods of their own, whose futures can be dropped at any time and then report
//! that their operation was cancelled, and implement the `futures-io` traits, by value and by
//! shared reference: two tasks can read and write one socket at the same time.
//!
//! Through the `futures-io` traits, which poll, a stream cannot see that a read or write was given
//! up; such an operation is reported as cancelled when the next one starts or the stream is
//! dropped.

mod accepting;
mod address;
#[cfg(unix)]
mod fd;
mod filling;
mod incoming;
mod lookup;
mod socket;
mod stream_ops;
mod tcp_listener;
mod tcp_stream;
#[cfg(feature = "tls")]
mod tls;

pub use address::{Target, ToTarget};
pub use incoming::Incoming;
pub use lookup::lookup_host;
pub use tcp_listener::TcpListener;
pub use tcp_stream::TcpStream;
#[cfg(feature = "tls")]
pub use tls::{TlsAcceptor, TlsConnector, TlsStream};
