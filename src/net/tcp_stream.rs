//! TCP connections.

use super::address::{Target, ToTarget};
use super::lookup::lookup_host;
use super::socket::{Registered, Socket};
use super::stream_ops::{PolledOps, RawStream, impl_stream};
use crate::clock::Timestamp;
use crate::event_loop::reactor::Side;
use crate::instrument::hooks::{OpenSocket, SocketOp};
use crate::instrument::{Address, Command, SocketHandle, SocketRole, Transport};
use socket2::{Domain, Protocol, Type};
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;
use std::task::{Context, Poll};

/// A TCP connection.
///
/// It is closed when dropped; [`shutdown`](Self::shutdown) ends one of its directions.
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn};
/// use loopscope::net::{TcpListener, TcpStream};
///
/// EventLoop::new()?.run_until_complete(async {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let address = listener.local_addr()?;
///     let server = spawn(async move {
///         let (stream, _peer) = listener.accept().await?;
///         stream.write_all(b"hello").await
///     });
///
///     let stream = TcpStream::connect(address).await?;
///     let mut greeting = [0; 5];
///     stream.read_exact(&mut greeting).await?;
///     assert_eq!(&greeting, b"hello");
///     server.await.expect("the server neither panics nor is cancelled")
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TcpStream {
    // Before the socket: what is under way is cancelled before the socket is closed.
    ops: PolledOps,
    socket: Socket<mio::net::TcpStream>,
}

impl TcpStream {
    /// Connects to an address, or to the first of a name's addresses that answers.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for what is no address, what the resolver says of a name,
    /// what the system says of the connection, and an error outside of a running loop.
    pub async fn connect(target: impl ToTarget) -> io::Result<Self> {
        let (host, port) = match target.to_target()? {
            Target::Address(address) => return Self::connect_to(address).await,
            Target::Name { host, port } => (host, port),
        };
        let mut last_error = None;
        for address in lookup_host(&host).await? {
            match Self::connect_to(SocketAddr::new(address, port)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last_error = Some(error),
            }
        }
        Err(last_error.unwrap_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address"))
        }))
    }

    async fn connect_to(address: SocketAddr) -> io::Result<Self> {
        let handle = Rc::new(SocketHandle::new(Transport::Tcp, SocketRole::Client));
        let target = Address::Ip(address);
        handle.set_peer_address(target.clone());
        let open = OpenSocket::new(handle.clone());
        let op = SocketOp::connect(&handle, &target);
        let socket = match start_connect(address) {
            Ok(registered) => registered.opened(open),
            Err(error) => {
                op.failed(&error, None);
                return Err(error);
            }
        };
        // Declared after the socket: given up, it ends before the socket is closed.
        let mut op = op;
        let result = op
            .drive(|cx, heard| poll_connected(&socket, cx, heard))
            .await;
        let ready_time = socket.ready_time(Side::Write);
        match result {
            Ok(()) => {
                socket.tell_local_address(mio::net::TcpStream::local_addr);
                op.connected(ready_time);
                Ok(Self::new(socket))
            }
            Err(error) => {
                op.failed(&error, ready_time);
                Err(error)
            }
        }
    }

    pub(super) fn new(socket: Socket<mio::net::TcpStream>) -> Self {
        Self {
            ops: PolledOps::default(),
            socket,
        }
    }

    #[cfg(any(unix, feature = "tls"))]
    pub(super) fn socket(&self) -> &Socket<mio::net::TcpStream> {
        &self.socket
    }

    /// The socket as instruments see it.
    pub fn handle(&self) -> &Rc<SocketHandle> {
        self.socket.handle()
    }

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr()
    }

    /// The address of the other end.
    ///
    /// # Errors
    ///
    /// What the system says, as when the peer has gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().peer_addr()
    }

    /// Whether small writes are sent at once instead of being gathered (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.io().nodelay()
    }

    /// Sets whether small writes are sent at once instead of being gathered (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.io().set_nodelay(nodelay)
    }

    /// Ends one direction or both; after `Shutdown::Write` the peer reads the end of the stream
    /// and can still send.
    ///
    /// # Errors
    ///
    /// What the system says, as when the peer has gone.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.io().shutdown(how)
    }

    /// Writes several pieces by one system call; TLS sends its records so.
    #[cfg(feature = "tls")]
    pub(super) fn poll_write_vectored_raw(
        &self,
        cx: &Context<'_>,
        data: &[io::IoSlice<'_>],
        heard: bool,
    ) -> Poll<io::Result<usize>> {
        let write = |mut io: &mio::net::TcpStream| io.write_vectored(data);
        let polled = self
            .socket
            .poll_io(Side::Write, cx, heard, Command::SocketSend, write);
        let wanted: usize = data.iter().map(|piece| piece.len()).sum();
        self.note_short(Side::Write, &polled, wanted);
        polled
    }

    /// Notes that a call moved less than it was asked to.
    fn note_short(&self, side: Side, polled: &Poll<io::Result<usize>>, wanted: usize) {
        if let Poll::Ready(Ok(count)) = polled
            && 0 < *count
            && *count < wanted
        {
            self.socket.direction(side).clear_after_short();
        }
    }

    pub(super) fn poll_close_raw(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.shutdown(Shutdown::Write) {
            // The peer has closed already.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

impl_stream!(TcpStream);

impl RawStream for TcpStream {
    fn handle(&self) -> &Rc<SocketHandle> {
        self.socket.handle()
    }

    fn ready_time(&self, side: Side) -> Option<Timestamp> {
        self.socket.ready_time(side)
    }

    fn poll_read_raw(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        heard: bool,
    ) -> Poll<io::Result<usize>> {
        let wanted = buffer.len();
        let read = |mut io: &mio::net::TcpStream| io.read(buffer);
        let polled = self
            .socket
            .poll_io(Side::Read, cx, heard, Command::SocketRecv, read);
        self.note_short(Side::Read, &polled, wanted);
        polled
    }

    fn poll_write_raw(
        &self,
        cx: &mut Context<'_>,
        data: &[u8],
        heard: bool,
    ) -> Poll<io::Result<usize>> {
        let write = |mut io: &mio::net::TcpStream| io.write(data);
        let polled = self
            .socket
            .poll_io(Side::Write, cx, heard, Command::SocketSend, write);
        self.note_short(Side::Write, &polled, data.len());
        polled
    }

    fn poll_flush_raw(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpStream")
            .field("socket", self.handle())
            .finish()
    }
}

/// Begins a connection; the socket becomes writable when it stands or has failed.
fn start_connect(address: SocketAddr) -> io::Result<Registered<mio::net::TcpStream>> {
    let domain = Domain::for_address(address);
    let socket = socket2::Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Ok(()) => {}
        Err(error) if is_in_progress(&error) => {}
        Err(error) => return Err(error),
    }
    let registered = Registered::new(mio::net::TcpStream::from_std(socket.into()))?;
    registered.direction(Side::Write).clear();
    Ok(registered)
}

fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const EINPROGRESS: i32 = 115;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const EINPROGRESS: i32 = 36;
    error.raw_os_error() == Some(EINPROGRESS) || error.kind() == io::ErrorKind::WouldBlock
}

/// Waits until the connection stands or has failed.
fn poll_connected(
    socket: &Socket<mio::net::TcpStream>,
    cx: &Context<'_>,
    heard: bool,
) -> Poll<io::Result<()>> {
    socket.poll_io(Side::Write, cx, heard, Command::SocketConnect, |io| {
        if let Some(error) = io.take_error()? {
            return Err(error);
        }
        match io.peer_addr() {
            // The poller may tell of a new socket before it is connected.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    })
}
