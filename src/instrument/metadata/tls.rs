//! Metadata of the TLS hooks.

use crate::clock::Timestamp;
use crate::instrument::{Failure, SocketHandle, TaskInfo};
use std::rc::Rc;

/// What two peers agreed on in a TLS handshake.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, Default)]
pub struct TlsSession<'a> {
    /// The protocol's version as the original prints it: `TLSv1.2`, `TLSv1.3`.
    pub version: Option<&'a str>,
    /// The cipher suite by its IANA name: `TLS_AES_256_GCM_SHA384`.
    pub cipher: Option<&'a str>,
    /// The key exchange group: `X25519`.
    pub curve: Option<&'a str>,
    /// The application protocol (ALPN), where one was agreed on.
    pub next_protocol: Option<&'a [u8]>,
    /// Whether an earlier session was resumed.
    pub resumed: Option<bool>,
}

/// A TLS handshake that succeeded.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct TlsHandshakeMetadata<'a> {
    /// The task that asked; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// The socket; its role tells the client from the server.
    pub socket_handle: &'a Rc<SocketHandle>,
    /// The name of the server that the client asked for (SNI).
    pub server_hostname: Option<&'a str>,
    /// What was agreed on.
    pub session: TlsSession<'a>,
    /// Whether the task did not have to wait.
    pub immediate: bool,
    /// When the handshake started.
    pub start_time: Timestamp,
    /// When it ended.
    pub finish_time: Timestamp,
}

impl<'a> TlsHandshakeMetadata<'a> {
    /// A handshake that ended at `finish_time`; the server's name is set afterwards.
    pub const fn new(
        task: Option<&'a TaskInfo>,
        socket_handle: &'a Rc<SocketHandle>,
        session: TlsSession<'a>,
        immediate: bool,
        start_time: Timestamp,
        finish_time: Timestamp,
    ) -> Self {
        Self {
            task,
            socket_handle,
            server_hostname: None,
            session,
            immediate,
            start_time,
            finish_time,
        }
    }
}

/// A TLS handshake that failed or was cancelled.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct TlsHandshakeErrorMetadata<'a> {
    /// The task that asked; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// The socket; its role tells the client from the server.
    pub socket_handle: &'a Rc<SocketHandle>,
    /// The name of the server that the client asked for (SNI).
    pub server_hostname: Option<&'a str>,
    /// Why it had no success.
    pub failure: Failure<'a>,
    /// Whether the task did not have to wait.
    pub immediate: bool,
    /// When the handshake started.
    pub start_time: Timestamp,
    /// When it ended.
    pub finish_time: Timestamp,
}

impl<'a> TlsHandshakeErrorMetadata<'a> {
    /// A handshake that failed at `finish_time`; the server's name is set afterwards.
    pub const fn new(
        task: Option<&'a TaskInfo>,
        socket_handle: &'a Rc<SocketHandle>,
        failure: Failure<'a>,
        immediate: bool,
        start_time: Timestamp,
        finish_time: Timestamp,
    ) -> Self {
        Self {
            task,
            socket_handle,
            server_hostname: None,
            failure,
            immediate,
            start_time,
            finish_time,
        }
    }
}
