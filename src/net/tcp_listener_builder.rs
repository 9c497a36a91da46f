//! Listening on a TCP port, with options.

use super::TcpListener;
use super::address::{ToTarget, bind_address};
use super::options::{SocketOptions, option_methods};
use crate::instrument::{Address, SocketHandle, SocketRole, Transport};
use socket2::{Protocol, Type};
use std::io;
use std::net::SocketAddr;

/// So many connections may wait to be accepted, if the system allows as many.
const BACKLOG: u32 = 1024;

/// Sets options of a [`TcpListener`]; see [`TcpListener::builder`].
///
/// Those of connections (`nodelay`, `keepalive`, `linger`, buffers, TTL) are handed on to each that
/// is accepted, by the system and without a call for each.
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::net::TcpListener;
/// use std::time::Duration;
///
/// EventLoop::new()?.run_until_complete(async {
///     let listener = TcpListener::builder()
///         .backlog(4096)
///         .nodelay(true)
///         .keepalive(Duration::from_secs(60), Duration::from_secs(10), 3)
///         .bind("127.0.0.1:0")?;
///     listener.local_addr()
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it binds"]
pub struct TcpListenerBuilder {
    options: SocketOptions,
    backlog: u32,
}

impl TcpListenerBuilder {
    pub(super) fn new() -> Self {
        let options = SocketOptions {
            // So that a server which is started again need not wait for old connections to fade.
            // Elsewhere the option would let others take the address.
            reuse_address: cfg!(unix),
            ..SocketOptions::default()
        };
        Self {
            options,
            backlog: BACKLOG,
        }
    }

    /// How many connections may wait to be accepted, 1024 by default; the system has a limit of
    /// its own (on Linux `net.core.somaxconn`).
    pub fn backlog(mut self, connections: u32) -> Self {
        self.backlog = connections;
        self
    }

    option_methods!(reuse_address reuse_port only_v6 nodelay keepalive linger recv_buffer_size send_buffer_size ttl);

    /// Listens on an address; on a free port where the port is 0.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::bind`], and options that the system does not take.
    pub fn bind(&self, address: impl ToTarget) -> io::Result<TcpListener> {
        let address = bind_address(&address, "listen on")?;
        self.listen(address).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        })
    }

    fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let options = self.options.clone().for_all_addresses(address);
        let socket = options.open(address, Type::STREAM, Protocol::TCP)?;
        socket.bind(&address.into())?;
        socket.listen(i32::try_from(self.backlog).unwrap_or(i32::MAX))?;
        let io = mio::net::TcpListener::from_std(socket.into());
        let local = io.local_addr()?;
        let handle = SocketHandle::new(Transport::Tcp, SocketRole::Listener);
        handle.set_local_address(Address::Ip(local));
        TcpListener::new(io, local, handle)
    }
}
