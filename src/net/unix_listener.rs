//! Accepting connections on a path.

use super::accept_pause::AcceptPause;
use super::accepting::{Accept, Incoming, accept};
use super::socket::Socket;
use super::unix_stream::UnixStream;
use crate::instrument::hooks::OpenSocket;
use crate::instrument::{Address, SocketHandle, SocketRole, Transport};
use futures_core::Stream;
use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A Unix socket that accepts connections; several tasks may accept from one.
///
/// The file stays when the listener is dropped, and keeps the next one from being bound: whoever
/// made it removes it.
///
/// See [`UnixStream`] for an example.
pub struct UnixListener {
    path: PathBuf,
    socket: Socket<mio::net::UnixListener>,
    pause: AcceptPause,
}

impl UnixListener {
    /// Listens on a path, where a file is made.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AddrInUse`] where the file is there already; the error says whether anybody
    /// listens on it. Whatever else the system says, and an error outside of a running loop.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let io = mio::net::UnixListener::bind(path).map_err(|error| {
            let advice = match error.kind() {
                io::ErrorKind::AddrInUse => whose(path),
                _ => "",
            };
            let message = format!("cannot listen on {}: {error}{advice}", path.display());
            io::Error::new(error.kind(), message)
        })?;
        let handle = SocketHandle::new(Transport::Unix, SocketRole::Listener);
        handle.set_local_address(Address::Unix(Some(path.into())));
        Ok(Self {
            path: path.into(),
            socket: Socket::new(io, OpenSocket::new(handle.into()))?,
            pause: AcceptPause::default(),
        })
    }

    /// Waits for a connection and accepts it.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::accept`](super::TcpListener::accept).
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        accept(self).await
    }

    /// The connections that are accepted, one after the other; the stream ends when the loop has
    /// begun to [stop](crate::event_loop::EventLoop::run_gracefully) and what was connected before
    /// is accepted.
    ///
    /// An item is an error where [`accept`](Self::accept) would return one; later ones may be none.
    pub fn incoming(&self) -> impl Stream<Item = io::Result<UnixStream>> + fmt::Debug {
        Incoming::new(self)
    }

    /// The path that it listens on.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The socket as instruments see it.
    pub fn handle(&self) -> &Rc<SocketHandle> {
        self.socket.handle()
    }
}

/// What may be done about a path that is taken.
fn whose(path: &Path) -> &'static str {
    let is_socket =
        std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    if !is_socket {
        return "; the file there is no socket: choose another path";
    }
    // This does not wait, as a listener with a full backlog would make it.
    match mio::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "; nobody listens there any more: remove the file and try again"
        }
        _ => "; another server listens there",
    }
}

impl Accept for UnixListener {
    type Raw = (mio::net::UnixStream, SocketAddr);
    type Stream = UnixStream;
    type Peer = SocketAddr;
    type Io = mio::net::UnixListener;

    fn socket(&self) -> &Socket<mio::net::UnixListener> {
        &self.socket
    }

    fn pause(&self) -> &AcceptPause {
        &self.pause
    }

    fn accept_raw(io: &mio::net::UnixListener) -> io::Result<Self::Raw> {
        io.accept()
    }

    fn wrap(&self, (io, peer): Self::Raw) -> io::Result<(UnixStream, SocketAddr)> {
        let handle = SocketHandle::new(Transport::Unix, SocketRole::Server);
        handle.set_peer_address(peer.clone().into());
        handle.set_local_address(Address::Unix(Some(self.path.clone())));
        let socket = Socket::new(io, OpenSocket::new(handle.into()))?;
        Ok((UnixStream::new(socket), peer))
    }

    fn handle_of(stream: &UnixStream) -> &Rc<SocketHandle> {
        stream.handle()
    }

    fn shut_down(io: &mio::net::UnixListener) {
        // Where the system knows no such thing the listener ends when it is dropped.
        let _ = socket2::SockRef::from(io).shutdown(Shutdown::Both);
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixListener")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
