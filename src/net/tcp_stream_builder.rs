//! Connecting by TCP, with options.

use super::TcpStream;
use super::address::ToTarget;
use super::connecting::connect;
use super::happy_eyeballs::connect_first;
use super::options::{SocketOptions, option_methods};
use super::socket::Registered;
use crate::event_loop::reactor::Side;
use crate::instrument::{Address, SocketHandle, SocketRole, Transport};
use socket2::{Protocol, Type};
use std::io;
use std::net::SocketAddr;

/// Sets options of a [`TcpStream`] before it is connected; see [`TcpStream::builder`].
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::net::{TcpListener, TcpStream};
/// use std::time::Duration;
///
/// EventLoop::new()?.run_until_complete(async {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let stream = TcpStream::builder()
///         .nodelay(true)
///         .keepalive(Duration::from_secs(60), Duration::from_secs(10), 3)
///         .connect(listener.local_addr()?)
///         .await?;
///     assert!(stream.nodelay()?);
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it connects"]
pub struct TcpStreamBuilder {
    options: SocketOptions,
}

impl TcpStreamBuilder {
    pub(super) fn new() -> Self {
        Self {
            options: SocketOptions::default(),
        }
    }

    option_methods!(nodelay keepalive linger recv_buffer_size send_buffer_size ttl);

    /// Connects as [`TcpStream::connect`] does.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::connect`], and options that the system does not take.
    pub async fn connect(&self, target: impl ToTarget) -> io::Result<TcpStream> {
        connect_first(&target, |address| self.connect_to(address)).await
    }

    async fn connect_to(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let handle = SocketHandle::new(Transport::Tcp, SocketRole::Client);
        let start = async { self.start(address) };
        let socket = connect(handle, Address::Ip(address), start).await?;
        Ok(TcpStream::new(socket))
    }

    /// Begins a connection; the socket becomes writable when it stands or has failed.
    fn start(&self, address: SocketAddr) -> io::Result<Registered<mio::net::TcpStream>> {
        let socket = self.options.open(address, Type::STREAM, Protocol::TCP)?;
        match socket.connect(&address.into()) {
            Ok(()) => {}
            Err(error) if is_in_progress(&error) => {}
            Err(error) => return Err(error),
        }
        let registered = Registered::new(mio::net::TcpStream::from_std(socket.into()))?;
        registered.direction(Side::Write).clear();
        Ok(registered)
    }
}

fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const EINPROGRESS: i32 = 115;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const EINPROGRESS: i32 = 36;
    error.raw_os_error() == Some(EINPROGRESS) || error.kind() == io::ErrorKind::WouldBlock
}
