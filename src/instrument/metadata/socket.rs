//! Metadata of the socket and name resolution hooks.

use crate::clock::Timestamp;
use crate::instrument::{Address, Failure, SocketHandle, TaskInfo};
use std::net::IpAddr;
use std::rc::Rc;

/// The operations on sockets that come as start/ready pairs.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketOperation {
    /// Connecting to a peer.
    Connect,
    /// Accepting a connection.
    Accept,
    /// Receiving data.
    Recv,
    /// Sending data.
    Send,
}

impl SocketOperation {
    /// `connect`, `accept`, `recv` or `send`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Accept => "accept",
            Self::Recv => "recv",
            Self::Send => "send",
        }
    }
}

/// An event on a socket: an operation's start, the socket's opening or its close.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct InstrumentationMetadata<'a> {
    /// The task that asked; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// The socket.
    pub socket_handle: &'a Rc<SocketHandle>,
    /// Whom a datagram is to reach, where the socket itself has no peer.
    pub peer_address: Option<&'a Address>,
    /// When the operation started, or the socket was opened or closed.
    pub start_time: Timestamp,
}

impl<'a> InstrumentationMetadata<'a> {
    /// An event on a socket at `start_time`.
    pub const fn new(
        task: Option<&'a TaskInfo>,
        socket_handle: &'a Rc<SocketHandle>,
        start_time: Timestamp,
    ) -> Self {
        Self {
            task,
            socket_handle,
            peer_address: None,
            start_time,
        }
    }
}

/// An operation on a socket that succeeded.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct ReadySocketInstrumentationMetadata<'a> {
    /// The task that asked; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// The socket; the listener where a connection was accepted.
    pub socket_handle: &'a Rc<SocketHandle>,
    /// The connection that was accepted.
    pub accepted: Option<&'a Rc<SocketHandle>>,
    /// Whom a datagram came from or went to, where the socket itself has no peer.
    pub peer_address: Option<&'a Address>,
    /// Whether the task did not have to wait.
    pub immediate: bool,
    /// When the operation started.
    pub start_time: Timestamp,
    /// When the loop saw that the socket was ready, where the task waited: before it, the peer
    /// took its time, after it, the loop.
    pub ready_time: Option<Timestamp>,
    /// When the operation ended.
    pub finish_time: Timestamp,
    /// Bytes moved, by a recv or a send.
    pub size: Option<usize>,
}

impl<'a> ReadySocketInstrumentationMetadata<'a> {
    /// An operation that ended at `finish_time`; `size` and the like are set afterwards.
    pub const fn new(
        task: Option<&'a TaskInfo>,
        socket_handle: &'a Rc<SocketHandle>,
        immediate: bool,
        start_time: Timestamp,
        finish_time: Timestamp,
    ) -> Self {
        Self {
            task,
            socket_handle,
            accepted: None,
            peer_address: None,
            immediate,
            start_time,
            ready_time: None,
            finish_time,
            size: None,
        }
    }
}

/// A connection that is begun.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct SocketConnectStartMetadata<'a> {
    /// The task that asked; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// The socket.
    pub socket_handle: &'a Rc<SocketHandle>,
    /// What it connects to.
    pub target_address: &'a Address,
    /// When the operation started.
    pub start_time: Timestamp,
}

impl<'a> SocketConnectStartMetadata<'a> {
    /// A connection that is begun at `start_time`.
    pub const fn new(
        task: Option<&'a TaskInfo>,
        socket_handle: &'a Rc<SocketHandle>,
        target_address: &'a Address,
        start_time: Timestamp,
    ) -> Self {
        Self {
            task,
            socket_handle,
            target_address,
            start_time,
        }
    }
}

/// A connection that stands.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct SocketConnectReadyMetadata<'a> {
    /// The task that asked; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// The socket.
    pub socket_handle: &'a Rc<SocketHandle>,
    /// What it is connected to.
    pub target_address: &'a Address,
    /// Whether the task did not have to wait.
    pub immediate: bool,
    /// When the operation started.
    pub start_time: Timestamp,
    /// When the loop saw the connection stand, where the task waited.
    pub ready_time: Option<Timestamp>,
    /// When the operation ended.
    pub finish_time: Timestamp,
}

impl<'a> SocketConnectReadyMetadata<'a> {
    /// A connection that stood at `finish_time`.
    pub const fn new(
        task: Option<&'a TaskInfo>,
        socket_handle: &'a Rc<SocketHandle>,
        target_address: &'a Address,
        immediate: bool,
        start_time: Timestamp,
        finish_time: Timestamp,
    ) -> Self {
        Self {
            task,
            socket_handle,
            target_address,
            immediate,
            start_time,
            ready_time: None,
            finish_time,
        }
    }
}

/// Data that was received.
#[non_exhaustive]
#[derive(Clone, Copy)]
pub struct SocketRecvDataMetadata<'a> {
    /// The socket.
    pub socket_handle: &'a Rc<SocketHandle>,
    /// The data, after decryption where there is TLS; empty at the end of the stream.
    pub data: &'a [u8],
}

impl<'a> SocketRecvDataMetadata<'a> {
    /// Data that `socket_handle` received.
    pub const fn new(socket_handle: &'a Rc<SocketHandle>, data: &'a [u8]) -> Self {
        Self {
            socket_handle,
            data,
        }
    }
}

/// Data that was handed to the kernel.
#[non_exhaustive]
#[derive(Clone, Copy)]
pub struct SocketSendDataMetadata<'a> {
    /// The socket.
    pub socket_handle: &'a Rc<SocketHandle>,
    /// The data that was to be sent, before encryption where there is TLS.
    pub data: &'a [u8],
    /// How many bytes of it were taken.
    pub bytes_sent: usize,
}

impl<'a> SocketSendDataMetadata<'a> {
    /// Data of which `socket_handle` has sent the first `bytes_sent` bytes.
    pub const fn new(
        socket_handle: &'a Rc<SocketHandle>,
        data: &'a [u8],
        bytes_sent: usize,
    ) -> Self {
        Self {
            socket_handle,
            data,
            bytes_sent,
        }
    }
}

// Payloads are private: what is printed by accident shows their size only.
impl std::fmt::Debug for SocketRecvDataMetadata<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SocketRecvDataMetadata")
            .field("socket_handle", self.socket_handle)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .finish()
    }
}

impl std::fmt::Debug for SocketSendDataMetadata<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SocketSendDataMetadata")
            .field("socket_handle", self.socket_handle)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .field("bytes_sent", &self.bytes_sent)
            .finish()
    }
}

/// An operation on a socket that failed or was cancelled.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct SocketErrorMetadata<'a> {
    /// The task that asked; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// The socket.
    pub socket_handle: &'a Rc<SocketHandle>,
    /// What was tried.
    pub operation: SocketOperation,
    /// What a connect, or a datagram, was to reach.
    pub target_address: Option<&'a Address>,
    /// Why it had no success.
    pub failure: Failure<'a>,
    /// Whether the task did not have to wait.
    pub immediate: bool,
    /// When the operation started.
    pub start_time: Timestamp,
    /// When the loop saw that the socket was ready, where the task waited and it did.
    pub ready_time: Option<Timestamp>,
    /// When the operation ended.
    pub finish_time: Timestamp,
    /// Bytes that were moved before it ended.
    pub size: usize,
}

impl<'a> SocketErrorMetadata<'a> {
    /// An operation that failed at `finish_time`; the address and the size are set afterwards.
    pub const fn new(
        task: Option<&'a TaskInfo>,
        socket_handle: &'a Rc<SocketHandle>,
        operation: SocketOperation,
        failure: Failure<'a>,
        start_time: Timestamp,
        finish_time: Timestamp,
    ) -> Self {
        Self {
            task,
            socket_handle,
            operation,
            target_address: None,
            failure,
            immediate: true,
            start_time,
            ready_time: None,
            finish_time,
            size: 0,
        }
    }
}

/// A name whose resolution is begun.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct DnsLookupStartMetadata<'a> {
    /// The task that asked; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// The name to resolve.
    pub name: &'a str,
    /// When the look-up started.
    pub start_time: Timestamp,
}

impl<'a> DnsLookupStartMetadata<'a> {
    /// A look-up of `name` that starts at `start_time`.
    pub const fn new(task: Option<&'a TaskInfo>, name: &'a str, start_time: Timestamp) -> Self {
        Self {
            task,
            name,
            start_time,
        }
    }
}

/// A name whose resolution has ended, with whatever outcome.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct DnsLookupReadyMetadata<'a> {
    /// The task that asked; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// The name.
    pub name: &'a str,
    /// Its addresses, or why there are none.
    pub outcome: Result<&'a [IpAddr], Failure<'a>>,
    /// Whether the task did not have to wait.
    pub immediate: bool,
    /// When the look-up started.
    pub start_time: Timestamp,
    /// When the look-up ended.
    pub finish_time: Timestamp,
}

impl<'a> DnsLookupReadyMetadata<'a> {
    /// A look-up of `name` that ended at `finish_time`.
    pub const fn new(
        task: Option<&'a TaskInfo>,
        name: &'a str,
        outcome: Result<&'a [IpAddr], Failure<'a>>,
        immediate: bool,
        start_time: Timestamp,
        finish_time: Timestamp,
    ) -> Self {
        Self {
            task,
            name,
            outcome,
            immediate,
            start_time,
            finish_time,
        }
    }
}
