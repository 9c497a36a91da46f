//! Accepting TCP connections.

use super::address::{ToTarget, listen_address};
use super::socket::Socket;
use super::tcp_stream::TcpStream;
use crate::event_loop::reactor::Side;
use crate::instrument::hooks::{OpenSocket, SocketOp};
use crate::instrument::{Address, Command, SocketHandle, SocketOperation, SocketRole, Transport};
use socket2::{Domain, Protocol, Type};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Context;

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
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let mut op = SocketOp::start(SocketOperation::Accept, self.handle());
        let accept = mio::net::TcpListener::accept;
        let accept = |cx: &mut Context<'_>, heard| {
            self.socket
                .poll_io(Side::Read, cx, heard, Command::SocketAccept, accept)
        };
        let result = op
            .drive(accept)
            .await
            .and_then(|(io, peer)| Ok((self.connection(io, peer)?, peer)));
        let ready_time = self.socket.ready_time(Side::Read);
        match &result {
            Ok((stream, _)) => op.accepted(stream.handle(), ready_time),
            Err(error) => op.failed(error, ready_time),
        }
        result
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

    #[cfg(unix)]
    pub(super) fn socket(&self) -> &Socket<mio::net::TcpListener> {
        &self.socket
    }

    /// The socket as instruments see it.
    pub fn handle(&self) -> &Rc<SocketHandle> {
        self.socket.handle()
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener")
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}
