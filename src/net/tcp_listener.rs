//! Accepting TCP connections.

use super::accept_pause::AcceptPause;
use super::accepting::{Accept, Incoming, accept};
use super::address::ToTarget;
use super::socket::Socket;
use super::tcp_listener_builder::TcpListenerBuilder;
use super::tcp_stream::TcpStream;
use crate::instrument::hooks::OpenSocket;
use crate::instrument::{Address, SocketHandle, SocketRole, Transport};
use futures_core::Stream;
use std::fmt;
use std::io;
#[cfg(unix)]
use std::net::Shutdown;
use std::net::SocketAddr;
use std::rc::Rc;

/// A socket that accepts TCP connections; several tasks may accept from one.
///
/// See [`TcpStream`] for an example.
pub struct TcpListener {
    local: SocketAddr,
    socket: Socket<mio::net::TcpListener>,
    pause: AcceptPause,
}

impl TcpListener {
    /// Listens on an address; on a free port where the port is 0.
    ///
    /// `[::]` is for IPv4 and IPv6 alike. [`builder`](Self::builder) sets options.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for what is no IP address and port,
    /// [`io::ErrorKind::AddrInUse`] where another listens there, whatever else the system says, and
    /// an error outside of a running loop.
    pub fn bind(address: impl ToTarget) -> io::Result<Self> {
        Self::builder().bind(address)
    }

    /// Sets options of the listener, and of the connections that it accepts, before it is bound.
    pub fn builder() -> TcpListenerBuilder {
        TcpListenerBuilder::new()
    }

    pub(super) fn new(
        io: mio::net::TcpListener,
        local: SocketAddr,
        handle: SocketHandle,
    ) -> io::Result<Self> {
        Ok(Self {
            local,
            socket: Socket::new(io, OpenSocket::new(handle.into()))?,
            pause: AcceptPause::default(),
        })
    }

    /// Waits for a connection and accepts it.
    ///
    /// # Errors
    ///
    /// What the system says, as when descriptors have run out; the listener goes on to be usable.
    /// After an error that may last the next accept waits before it tries again, from 5 ms to a
    /// second: a loop around this one need not.
    /// [`Stopped`](crate::event_loop::Stopped), wrapped, once the loop has begun to
    /// [stop](crate::event_loop::EventLoop::run_gracefully) and what was connected before is
    /// accepted: nobody listens here any more then.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        accept(self).await
    }

    /// The connections that are accepted, one after the other; the stream ends when the loop has
    /// begun to [stop](crate::event_loop::EventLoop::run_gracefully) and what was connected before
    /// is accepted.
    ///
    /// An item is an error where [`accept`](Self::accept) would return one; later ones may be none.
    pub fn incoming(&self) -> impl Stream<Item = io::Result<TcpStream>> + fmt::Debug {
        Incoming::new(self)
    }

    fn connection(&self, io: mio::net::TcpStream, peer: SocketAddr) -> io::Result<TcpStream> {
        let handle = SocketHandle::new(Transport::Tcp, SocketRole::Server);
        handle.set_peer_address(Address::Ip(peer));
        if !self.local.ip().is_unspecified() {
            handle.set_local_address(Address::Ip(self.local));
        }
        let socket = Socket::new(io, OpenSocket::new(Rc::new(handle)))?;
        if self.local.ip().is_unspecified() {
            socket.tell_local_address();
        }
        Ok(TcpStream::new(socket))
    }

    /// The address that it listens on.
    ///
    /// # Errors
    ///
    /// None on the systems supported today.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    /// The socket as instruments see it.
    pub fn handle(&self) -> &Rc<SocketHandle> {
        self.socket.handle()
    }
}

impl Accept for TcpListener {
    type Raw = (mio::net::TcpStream, SocketAddr);
    type Stream = TcpStream;
    type Peer = SocketAddr;
    type Io = mio::net::TcpListener;

    fn socket(&self) -> &Socket<mio::net::TcpListener> {
        &self.socket
    }

    fn pause(&self) -> &AcceptPause {
        &self.pause
    }

    fn accept_raw(io: &mio::net::TcpListener) -> io::Result<Self::Raw> {
        io.accept()
    }

    fn wrap(&self, (io, peer): Self::Raw) -> io::Result<(TcpStream, SocketAddr)> {
        Ok((self.connection(io, peer)?, peer))
    }

    fn handle_of(stream: &TcpStream) -> &Rc<SocketHandle> {
        stream.handle()
    }

    fn shut_down(io: &mio::net::TcpListener) {
        // Where the system knows no such thing the listener ends when it is dropped.
        #[cfg(unix)]
        let _ = socket2::SockRef::from(io).shutdown(Shutdown::Both);
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener")
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}
