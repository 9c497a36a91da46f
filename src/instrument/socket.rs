//! Who a socket is, as instruments see it.

use super::Slots;
use super::task::next_number;
use std::cell::OnceCell;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;

/// The number of a socket, unique in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(NonZeroU64);

impl SocketId {
    /// The number as an integer.
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

/// Where a socket is or what it is connected to.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// An IP address and a port.
    Ip(SocketAddr),
    /// The path of a Unix socket; none where it has no name.
    Unix(Option<PathBuf>),
}

impl Address {
    /// The IP address and port, if it is one.
    pub const fn as_ip(&self) -> Option<SocketAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::SocketAddr> for Address {
    fn from(address: std::os::unix::net::SocketAddr) -> Self {
        Self::Unix(address.as_pathname().map(PathBuf::from))
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix(Some(path)) => path.display().fmt(f),
            Self::Unix(None) => f.write_str("(unnamed)"),
        }
    }
}

/// The protocol under a socket.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// A Unix domain socket.
    Unix,
}

impl Transport {
    /// The value of the semantic conventions' `network.transport`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Unix => "unix",
        }
    }
}

/// Which end of a connection a socket is.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketRole {
    /// It connected, or is one of a pair.
    Client,
    /// It was accepted.
    Server,
    /// It accepts, or takes datagrams of everybody.
    Listener,
}

impl SocketRole {
    /// `client`, `server` or `listener`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Listener => "listener",
        }
    }
}

/// A socket as instruments see it.
///
/// It outlives the descriptor, and asking it never fails nor asks the kernel: an address that was
/// not to be had (the peer had gone) is absent.
#[derive(Debug)]
pub struct SocketHandle {
    id: SocketId,
    transport: Transport,
    role: SocketRole,
    /// Apart, since most sockets are not asked for it.
    local: OnceCell<Box<Address>>,
    peer: OnceCell<Address>,
    slots: Slots,
}

impl SocketHandle {
    /// Describes a socket whose addresses are not known yet.
    pub fn new(transport: Transport, role: SocketRole) -> Self {
        Self {
            id: SocketId(next_number()),
            transport,
            role,
            local: OnceCell::new(),
            peer: OnceCell::new(),
            slots: Slots::new(),
        }
    }

    /// The socket's number; never used again, unlike a descriptor.
    pub fn id(&self) -> SocketId {
        self.id
    }

    /// The protocol under it.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Which end it is.
    pub fn role(&self) -> SocketRole {
        self.role
    }

    /// Its own address, where it was looked up: always under an instrument, where there is one.
    pub fn local_address(&self) -> Option<&Address> {
        self.local.get().map(|address| &**address)
    }

    /// The other end's address, or the one it connects to; none for a listener.
    pub fn peer_address(&self) -> Option<&Address> {
        self.peer.get()
    }

    /// Room that instruments keep what they know of the socket in.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Tells its own address; the first one told stays.
    pub fn set_local_address(&self, address: Address) {
        let _ = self.local.set(Box::new(address));
    }

    /// Tells the other end's address; the first one told stays.
    pub fn set_peer_address(&self, address: Address) {
        let _ = self.peer.set(address);
    }
}

impl fmt::Display for SocketHandle {
    /// The other end's address, this end's where that has none, or else the socket's number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |address: &&Address| !matches!(address, Address::Unix(None));
        let peer = self.peer_address().filter(named);
        match peer.or_else(|| self.local_address()) {
            Some(address) => address.fmt(f),
            None => write!(f, "socket {}", self.id.get()),
        }
    }
}
