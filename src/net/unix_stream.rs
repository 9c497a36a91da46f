//! Connections between processes of one machine.

use super::connecting::connect;
use super::raw_io::impl_stream_io;
use super::socket::{Registered, Socket};
use super::stream_ops::{PolledOps, impl_stream};
use crate::event_loop::sleep;
use crate::instrument::hooks::OpenSocket;
use crate::instrument::{Address, SocketHandle, SocketRole, Transport};
use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// A connection over a Unix socket.
///
/// It is closed when dropped; [`shutdown`](Self::shutdown) ends one of its directions.
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn};
/// use loopscope::net::{UnixListener, UnixStream};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("greeter");
/// EventLoop::new()?.run_until_complete(async {
///     let listener = UnixListener::bind(&path)?;
///     let server = spawn(async move {
///         let (stream, _peer) = listener.accept().await?;
///         stream.write_all(b"hello").await
///     });
///
///     let stream = UnixStream::connect(&path).await?;
///     let mut greeting = [0; 5];
///     stream.read_exact(&mut greeting).await?;
///     assert_eq!(&greeting, b"hello");
///     server.await.expect("the server neither panics nor is cancelled")
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UnixStream {
    // Before the socket: what is under way is cancelled before the socket is closed.
    ops: PolledOps,
    socket: Socket<mio::net::UnixStream>,
}

impl UnixStream {
    /// Connects to the server that listens on a path; waits while its backlog is full.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] where there is no such file,
    /// [`io::ErrorKind::ConnectionRefused`] where nobody listens on it any more, whatever else the
    /// system says, and an error outside of a running loop.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let handle = SocketHandle::new(Transport::Unix, SocketRole::Client);
        let target = Address::Unix(Some(path.into()));
        let socket = connect(handle, target, start_connect(path)).await?;
        Ok(Self::new(socket))
    }

    /// Two streams that are connected to each other.
    ///
    /// # Errors
    ///
    /// What the system says, as when descriptors have run out, and an error outside of a running
    /// loop.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = mio::net::UnixStream::pair()?;
        Ok((Self::of_pair(one)?, Self::of_pair(other)?))
    }

    fn of_pair(io: mio::net::UnixStream) -> io::Result<Self> {
        let handle = SocketHandle::new(Transport::Unix, SocketRole::Client);
        handle.set_peer_address(Address::Unix(None));
        let socket = Socket::new(io, OpenSocket::new(handle.into()))?;
        Ok(Self::new(socket))
    }

    pub(super) fn new(socket: Socket<mio::net::UnixStream>) -> Self {
        Self {
            ops: PolledOps::default(),
            socket,
        }
    }

    /// What moves its bytes.
    pub(super) fn raw(&self) -> &Socket<mio::net::UnixStream> {
        &self.socket
    }

    /// The socket as instruments see it.
    pub fn handle(&self) -> &Rc<SocketHandle> {
        self.socket.handle()
    }

    /// The address of this end; most clients have no name.
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

impl_stream!(UnixStream);
impl_stream_io!(mio::net::UnixStream);

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixStream")
            .field("socket", self.handle())
            .finish()
    }
}

/// Connects; tries again while the listener's backlog is full, of whose room the system does not
/// tell.
async fn start_connect(path: &Path) -> io::Result<Registered<mio::net::UnixStream>> {
    const LONGEST: Duration = Duration::from_millis(100);
    let mut pause = Duration::from_millis(1);
    loop {
        match mio::net::UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST);
            }
            result => return Registered::new(result?),
        }
    }
}
