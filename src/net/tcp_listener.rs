//! Accepting TCP connections.

use super::accepting::{Accept, Accepting, stopped};
use super::address::{ToTarget, listen_address};
use super::incoming::Incoming;
use super::socket::Socket;
use super::tcp_stream::TcpStream;
use crate::instrument::hooks::OpenSocket;
use crate::instrument::{Address, SocketHandle, SocketRole, Transport};
use socket2::{Domain, Protocol, Type};
use std::fmt;
use std::future::poll_fn;
use std::io;
#[cfg(unix)]
use std::net::Shutdown;
use std::net::SocketAddr;
use std::rc::Rc;

/// So many connections may wait to be accepted, if the system allows as many.
const BACKLOG: i32 = 1024;

/// A socket that accepts TCP connections; several tasks may accept from one.
///
/// See [`TcpStream`] for an example.
pub struct TcpListener {
    local: SocketAddr,
    socket: Socket<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens on an address; on a free port where the port is 0.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for what is no IP address and port,
    /// [`io::ErrorKind::AddrInUse`] where another listens there, whatever else the system says, and
    /// an error outside of a running loop.
    pub fn bind(address: impl ToTarget) -> io::Result<Self> {
        let address = listen_address(&address)?;
        Self::listen(address).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        })
    }

    fn listen(address: SocketAddr) -> io::Result<Self> {
        let domain = Domain::for_address(address);
        let socket = socket2::Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        // So that a server which is started again need not wait for old connections to fade.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let io = mio::net::TcpListener::from_std(socket.into());
        let local = io.local_addr()?;
        let handle = SocketHandle::new(Transport::Tcp, SocketRole::Listener);
        handle.set_local_address(Address::Ip(local));
        let socket = Socket::new(io, OpenSocket::new(Rc::new(handle)))?;
        Ok(Self { local, socket })
    }

    /// Waits for a connection and accepts it.
    ///
    /// # Errors
    ///
    /// What the system says, as when descriptors have run out; the listener goes on to be usable.
    /// [`Stopped`](crate::event_loop::Stopped), wrapped, once the loop has begun to
    /// [stop](crate::event_loop::EventLoop::run_gracefully) and what was connected before is
    /// accepted: nobody listens here any more then.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let mut accepting = Accepting::new();
        let accepted = poll_fn(|cx| accepting.poll(self, cx)).await;
        accepted.unwrap_or_else(|error| Err(stopped(error)))
    }

    /// The connections that are accepted, one after the other; the stream ends when the loop has
    /// begun to [stop](crate::event_loop::EventLoop::run_gracefully) and what was connected before
    /// is accepted.
    ///
    /// An item is an error where [`accept`](Self::accept) would return one; later ones may be none.
    pub fn incoming(&self) -> Incoming<'_> {
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
            socket.tell_local_address(mio::net::TcpStream::local_addr);
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
    type Accepted = (TcpStream, SocketAddr);
    type Io = mio::net::TcpListener;

    fn socket(&self) -> &Socket<mio::net::TcpListener> {
        &self.socket
    }

    fn accept_raw(io: &mio::net::TcpListener) -> io::Result<Self::Raw> {
        io.accept()
    }

    fn wrap(&self, (io, peer): Self::Raw) -> io::Result<Self::Accepted> {
        Ok((self.connection(io, peer)?, peer))
    }

    fn handle_of((stream, _): &Self::Accepted) -> &Rc<SocketHandle> {
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
