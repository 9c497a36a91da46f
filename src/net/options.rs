//! Options that are set on sockets before they listen or connect.

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// What a builder has gathered. What is not set is left to the system.
#[derive(Debug, Clone, Default)]
pub(super) struct SocketOptions {
    pub(super) reuse_address: bool,
    pub(super) reuse_port: bool,
    pub(super) only_v6: Option<bool>,
    pub(super) recv_buffer_size: Option<usize>,
    pub(super) send_buffer_size: Option<usize>,
    pub(super) ttl: Option<u32>,
    pub(super) broadcast: bool,
    pub(super) nodelay: Option<bool>,
    pub(super) keepalive: Option<TcpKeepalive>,
    pub(super) linger: Option<Duration>,
}

impl SocketOptions {
    /// On `[::]` a socket is for IPv4 too unless it is said otherwise, whatever the system's default.
    pub(super) fn for_all_addresses(mut self, address: SocketAddr) -> Self {
        if address.is_ipv6() && address.ip().is_unspecified() {
            self.only_v6.get_or_insert(false);
        }
        self
    }

    /// A nonblocking socket for `address`, with the options.
    pub(super) fn open(
        &self,
        address: SocketAddr,
        kind: Type,
        protocol: Protocol,
    ) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
        socket.set_nonblocking(true)?;
        self.set_addressing(&socket, address)?;
        self.set_transfer(&socket, address)?;
        Ok(socket)
    }

    fn set_addressing(&self, socket: &Socket, address: SocketAddr) -> io::Result<()> {
        if self.reuse_address {
            named("SO_REUSEADDR", socket.set_reuse_address(true))?;
        }
        if self.reuse_port {
            named("SO_REUSEPORT", reuse_port(socket))?;
        }
        match self.only_v6 {
            Some(_) if address.is_ipv4() => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "only_v6 is an option of IPv6 sockets: give an address such as [::]:80",
                ));
            }
            Some(only_v6) => named("IPV6_V6ONLY", socket.set_only_v6(only_v6))?,
            None => {}
        }
        Ok(())
    }

    fn set_transfer(&self, socket: &Socket, address: SocketAddr) -> io::Result<()> {
        if let Some(size) = self.recv_buffer_size {
            named("SO_RCVBUF", socket.set_recv_buffer_size(size))?;
        }
        if let Some(size) = self.send_buffer_size {
            named("SO_SNDBUF", socket.set_send_buffer_size(size))?;
        }
        if let Some(ttl) = self.ttl {
            if address.is_ipv6() {
                named("IPV6_UNICAST_HOPS", socket.set_unicast_hops_v6(ttl))?;
            }
            // An IPv6 socket has a TTL for the IPv4 peers that it may serve, with most systems.
            let set = socket.set_ttl_v4(ttl);
            if address.is_ipv4() {
                named("IP_TTL", set)?;
            }
        }
        if self.broadcast {
            named("SO_BROADCAST", socket.set_broadcast(true))?;
        }
        if let Some(nodelay) = self.nodelay {
            named("TCP_NODELAY", socket.set_tcp_nodelay(nodelay))?;
        }
        if let Some(keepalive) = &self.keepalive {
            named("SO_KEEPALIVE", socket.set_tcp_keepalive(keepalive))?;
        }
        if let Some(linger) = self.linger {
            named("SO_LINGER", socket.set_linger(Some(linger)))?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn reuse_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(unix))]
fn reuse_port(_socket: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Says which option could not be set.
fn named(option: impl fmt::Display, set: io::Result<()>) -> io::Result<()> {
    set.map_err(|error| io::Error::new(error.kind(), format!("cannot set {option}: {error}")))
}

/// Methods of a builder with a field `options` that set them.
macro_rules! option_methods {
    ($($option:ident)*) => {
        $(crate::net::options::option_methods!(@$option);)*
    };
    (@reuse_address) => {
        /// Whether an address can be bound on which old connections are still fading
        /// (`SO_REUSEADDR`). On by default for listeners, where the system means that by it.
        pub fn reuse_address(mut self, reuse_address: bool) -> Self {
            self.options.reuse_address = reuse_address;
            self
        }
    };
    (@reuse_port) => {
        /// Whether several sockets may be bound to this address, each of them with this option
        /// (`SO_REUSEPORT`): the system spreads connections over them, so that each core can have
        /// a loop of its own. Only sockets of one user may share so. Off by default.
        ///
        /// An error where the system has no such option.
        pub fn reuse_port(mut self, reuse_port: bool) -> Self {
            self.options.reuse_port = reuse_port;
            self
        }
    };
    (@only_v6) => {
        /// Whether an IPv6 socket is for IPv6 alone (`IPV6_V6ONLY`). `false`, the default on
        /// `[::]`, makes it dual-stack: IPv4 peers have addresses such as `::ffff:192.0.2.1`.
        ///
        /// An error with an IPv4 address.
        pub fn only_v6(mut self, only_v6: bool) -> Self {
            self.options.only_v6 = Some(only_v6);
            self
        }
    };
    (@recv_buffer_size) => {
        /// How many bytes the system keeps that were received and not read (`SO_RCVBUF`). Linux
        /// doubles the number, for its own book-keeping, and no longer tunes the size by itself.
        pub fn recv_buffer_size(mut self, bytes: usize) -> Self {
            self.options.recv_buffer_size = Some(bytes);
            self
        }
    };
    (@send_buffer_size) => {
        /// How many bytes the system keeps that were written and not sent (`SO_SNDBUF`). Linux
        /// doubles the number, for its own book-keeping, and no longer tunes the size by itself.
        pub fn send_buffer_size(mut self, bytes: usize) -> Self {
            self.options.send_buffer_size = Some(bytes);
            self
        }
    };
    (@ttl) => {
        /// Over how many routers a packet may go, 1 to 255 (`IP_TTL`, `IPV6_UNICAST_HOPS`).
        pub fn ttl(mut self, ttl: u32) -> Self {
            self.options.ttl = Some(ttl);
            self
        }
    };
    (@broadcast) => {
        /// Whether datagrams may be sent to broadcast addresses (`SO_BROADCAST`). Off by default.
        pub fn broadcast(mut self, broadcast: bool) -> Self {
            self.options.broadcast = broadcast;
            self
        }
    };
    (@nodelay) => {
        /// Whether small writes are sent at once instead of being gathered (`TCP_NODELAY`).
        pub fn nodelay(mut self, nodelay: bool) -> Self {
            self.options.nodelay = Some(nodelay);
            self
        }
    };
    (@keepalive) => {
        /// Has the system ask a peer that has been silent for `idle` whether it is still there,
        /// every `interval`; after `retries` questions without an answer the connection is broken
        /// (`SO_KEEPALIVE`). Systems count in whole seconds.
        pub fn keepalive(
            mut self,
            idle: std::time::Duration,
            interval: std::time::Duration,
            retries: u32,
        ) -> Self {
            let keepalive = socket2::TcpKeepalive::new().with_time(idle).with_interval(interval);
            #[cfg(unix)]
            let keepalive = keepalive.with_retries(retries);
            #[cfg(not(unix))]
            let _ = retries;
            self.options.keepalive = Some(keepalive);
            self
        }
    };
    (@linger) => {
        /// For how long the system goes on to send what was written when the connection is closed
        /// (`SO_LINGER`). Zero resets the connection instead, and loses what was not sent. Do not
        /// give another value: the close then blocks the loop for so long.
        pub fn linger(mut self, linger: std::time::Duration) -> Self {
            self.options.linger = Some(linger);
            self
        }
    };
}
pub(super) use option_methods;
