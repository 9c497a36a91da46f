//! Sockets on the loop: TCP, TLS, UDP, Unix sockets and names.
//!
//! Streams have methods of their own, whose futures can be dropped at any time and then report
//! that their operation was cancelled, and implement the `futures-io` traits, by value and by
//! shared reference: two tasks can read and write one socket at the same time.
//!
//! Through the `futures-io` traits, which poll, a stream cannot see that a read or write was given
//! up; such an operation is reported as cancelled when the next one starts or the stream is
//! dropped.

mod accept_pause;
mod accepting;
mod address;
mod connecting;
#[cfg(unix)]
mod fd;
mod filling;
mod happy_eyeballs;
mod lookup;
mod options;
mod raw_io;
mod resolver;
mod socket;
mod stream_futures;
mod stream_ops;
mod tcp_listener;
mod tcp_listener_builder;
mod tcp_stream;
mod tcp_stream_builder;
#[cfg(feature = "tls")]
mod tls;
mod udp_socket;
mod udp_socket_builder;
#[cfg(unix)]
mod unix_listener;
#[cfg(unix)]
mod unix_stream;

pub use address::{Target, ToTarget};
pub use lookup::lookup_host;
pub use tcp_listener::TcpListener;
pub use tcp_listener_builder::TcpListenerBuilder;
pub use tcp_stream::TcpStream;
pub use tcp_stream_builder::TcpStreamBuilder;
#[cfg(feature = "tls")]
pub use tls::{TlsAcceptor, TlsConnector, TlsStream};
pub use udp_socket::UdpSocket;
pub use udp_socket_builder::UdpSocketBuilder;
#[cfg(unix)]
pub use unix_listener::UnixListener;
#[cfg(unix)]
pub use unix_stream::UnixStream;
