//! TCP connections.

use super::address::ToTarget;
use super::raw_io::impl_stream_io;
use super::socket::Socket;
use super::stream_ops::{PolledOps, impl_stream};
use super::tcp_stream_builder::TcpStreamBuilder;
use crate::instrument::SocketHandle;
use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;

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
    /// Connects to an address, or to the first that answers of several or of a name's.
    ///
    /// Several addresses are tried as RFC 8305 ("Happy Eyeballs") says: the next when the last one
    /// has failed or has not answered for 250 ms, while that one goes on; a name's addresses so
    /// that IPv6 and IPv4 take turns. Each attempt is a connect of its own to instruments, and
    /// those that lose are cancelled.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for what is no address, what the resolver says of a name
    /// ([`lookup_host`](super::lookup_host)), what the system says of the connection (of each, where
    /// there were several), and an error outside of a running loop.
    pub async fn connect(target: impl ToTarget) -> io::Result<Self> {
        Self::builder().connect(target).await
    }

    /// Sets options of the connection before it is made.
    pub fn builder() -> TcpStreamBuilder {
        TcpStreamBuilder::new()
    }

    pub(super) fn new(socket: Socket<mio::net::TcpStream>) -> Self {
        Self {
            ops: PolledOps::default(),
            socket,
        }
    }

    /// What moves its bytes.
    pub(super) fn raw(&self) -> &Socket<mio::net::TcpStream> {
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
}

impl_stream!(TcpStream);
impl_stream_io!(mio::net::TcpStream);

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpStream")
            .field("socket", self.handle())
            .finish()
    }
}
