//! What a server takes connections from.

use crate::http::io::Transport;
use crate::instrument::Address;
use crate::net::TcpListener;
#[cfg(unix)]
use crate::net::UnixListener;
use std::io;

/// What a [`Server`](super::Server) can serve on: a [`TcpListener`] or, on Unix, a `UnixListener`.
///
/// There are no others: what the two have in common is private.
#[expect(private_bounds, reason = "nobody else is to implement it")]
pub trait Listener: Accept {}

impl Listener for TcpListener {}

#[cfg(unix)]
impl Listener for UnixListener {}

/// A connection that was accepted.
pub(super) struct Accepted {
    pub(super) transport: Transport,
    pub(super) peer: Address,
    pub(super) local: Option<Address>,
}

/// Accepts connections of one kind as those of any.
pub(super) trait Accept {
    /// Whether TLS can be spoken over them.
    #[cfg(feature = "tls")]
    const CAN_BE_SECURED: bool;

    async fn accept_any(&self) -> io::Result<Accepted>;
}

impl Accept for TcpListener {
    #[cfg(feature = "tls")]
    const CAN_BE_SECURED: bool = true;

    async fn accept_any(&self) -> io::Result<Accepted> {
        let (stream, peer) = self.accept().await?;
        Ok(Accepted {
            peer: peer.into(),
            local: stream.local_addr().ok().map(Address::from),
            transport: Transport::Plain(stream),
        })
    }
}

#[cfg(unix)]
impl Accept for UnixListener {
    #[cfg(feature = "tls")]
    const CAN_BE_SECURED: bool = false;

    async fn accept_any(&self) -> io::Result<Accepted> {
        let (stream, peer) = self.accept().await?;
        Ok(Accepted {
            peer: peer.into(),
            local: Some(Address::Unix(Some(self.path().into()))),
            transport: Transport::Unix(stream),
        })
    }
}
