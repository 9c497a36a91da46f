//! Datagrams.

use super::address::ToTarget;
use super::connecting::Connect;
use super::socket::Socket;
use super::udp_socket_builder::UdpSocketBuilder;
use crate::event_loop::reactor::Side;
use crate::instrument::hooks::SocketOp;
use crate::instrument::{Address, SocketHandle, SocketOperation};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

/// A UDP socket.
///
/// One that is bound takes datagrams of everybody ([`recv_from`](Self::recv_from)) and sends them to
/// whom it is told ([`send_to`](Self::send_to)); one that is connected knows one peer, whose
/// datagrams alone it takes. Each datagram is one operation to instruments.
///
/// Several tasks may use one socket at the same time.
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::net::UdpSocket;
///
/// EventLoop::new()?.run_until_complete(async {
///     let server = UdpSocket::bind("127.0.0.1:0")?;
///     let client = UdpSocket::connect(server.local_addr()?).await?;
///     client.send(b"ping").await?;
///
///     let mut buffer = [0; 1500];
///     let (size, peer) = server.recv_from(&mut buffer).await?;
///     assert_eq!(&buffer[..size], b"ping");
///     server.send_to(b"pong", peer).await?;
///     assert_eq!(client.recv(&mut buffer).await?, 4);
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UdpSocket {
    socket: Socket<mio::net::UdpSocket>,
}

impl UdpSocket {
    /// Binds to an address; to a free port where the port is 0.
    ///
    /// `[::]` is for IPv4 and IPv6 alike. [`builder`](Self::builder) sets options.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for what is no IP address and port,
    /// [`io::ErrorKind::AddrInUse`] where another socket is bound, whatever else the system says,
    /// and an error outside of a running loop.
    pub fn bind(address: impl ToTarget) -> io::Result<Self> {
        Self::builder().bind(address)
    }

    /// A socket on a free port, for the datagrams of one peer: that of the address, or of the first
    /// of several, or of a name's, that the system has a way to.
    ///
    /// Nothing is sent, so that nobody need be there.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for what is no address, what the resolver says of a name
    /// ([`lookup_host`](super::lookup_host)), what the system says, and an error outside of a
    /// running loop.
    pub async fn connect(target: impl ToTarget) -> io::Result<Self> {
        Self::builder().connect(target).await
    }

    /// Sets options of the socket before it is bound or connected.
    pub fn builder() -> UdpSocketBuilder {
        UdpSocketBuilder::new()
    }

    pub(super) fn new(socket: Socket<mio::net::UdpSocket>) -> Self {
        Self { socket }
    }

    #[cfg(unix)]
    pub(super) fn socket(&self) -> &Socket<mio::net::UdpSocket> {
        &self.socket
    }

    /// Sends a datagram to an address.
    ///
    /// # Errors
    ///
    /// What the system says, as when the datagram is too large; that nobody is there is not known.
    pub async fn send_to(&self, data: &[u8], target: SocketAddr) -> io::Result<usize> {
        let op = SocketOp::send_to(self.handle(), || Address::Ip(target));
        self.send_by(op, data, |io| io.send_to(data, target)).await
    }

    /// Sends a datagram to the peer that the socket is connected to.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotConnected`] or the like where there is none,
    /// [`io::ErrorKind::ConnectionRefused`] where an earlier datagram found nobody, and what else
    /// the system says, as when the datagram is too large.
    pub async fn send(&self, data: &[u8]) -> io::Result<usize> {
        let op = SocketOp::start(SocketOperation::Send, self.handle());
        self.send_by(op, data, |io| io.send(data)).await
    }

    async fn send_by(
        &self,
        mut op: SocketOp,
        data: &[u8],
        send: impl Fn(&mio::net::UdpSocket) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let result = op
            .drive(|cx, heard| {
                let socket = &self.socket;
                socket.poll_io(Side::Write, cx, heard, SocketOperation::Send, &send)
            })
            .await;
        let ready_time = self.socket.ready_time(Side::Write);
        match &result {
            Ok(sent) => {
                op.sent_part(data, *sent);
                op.sent(ready_time);
            }
            Err(error) => op.failed(error, ready_time),
        }
        result
    }

    /// Receives a datagram; its size and who sent it. What does not fit into `buffer` is lost.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (mut op, (size, sender)) = self.recv_by(|io| io.recv_from(buffer)).await?;
        let ready_time = self.socket.ready_time(Side::Read);
        op.received_from(&buffer[..size], || Address::Ip(sender), ready_time);
        Ok((size, sender))
    }

    /// Receives a datagram of the peer that the socket is connected to, or of anybody where there
    /// is none. What does not fit into `buffer` is lost.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::ConnectionRefused`] where an earlier datagram found nobody, and what else
    /// the system says.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let (mut op, size) = self.recv_by(|io| io.recv(buffer)).await?;
        op.received(&buffer[..size], self.socket.ready_time(Side::Read));
        Ok(size)
    }

    async fn recv_by<R>(
        &self,
        mut recv: impl FnMut(&mio::net::UdpSocket) -> io::Result<R>,
    ) -> io::Result<(SocketOp, R)> {
        let mut op = SocketOp::start(SocketOperation::Recv, self.handle());
        let result = op
            .drive(|cx, heard| {
                let socket = &self.socket;
                socket.poll_io(Side::Read, cx, heard, SocketOperation::Recv, &mut recv)
            })
            .await;
        match result {
            Ok(received) => Ok((op, received)),
            Err(error) => {
                op.failed(&error, self.socket.ready_time(Side::Read));
                Err(error)
            }
        }
    }

    /// The address that it is bound to.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr()
    }

    /// The address of the peer that it is connected to.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotConnected`] where there is none, and what else the system says.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().peer_addr()
    }

    /// The socket as instruments see it.
    pub fn handle(&self) -> &Rc<SocketHandle> {
        self.socket.handle()
    }
}

impl Connect for mio::net::UdpSocket {
    fn local_address(&self) -> io::Result<Address> {
        Ok(Address::Ip(self.local_addr()?))
    }

    fn check(&self) -> io::Result<()> {
        // Datagrams need no answer to a connect.
        Ok(())
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket")
            .field("socket", self.handle())
            .finish()
    }
}
