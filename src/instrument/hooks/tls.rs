//! TLS handshakes.

use super::wait::Start;
use crate::instrument::metadata::{TlsHandshakeErrorMetadata, TlsHandshakeMetadata, TlsSession};
use crate::instrument::{Failure, Hook, HookSet, SocketHandle};
use std::io;
use std::rc::Rc;

/// A TLS handshake under way. Dropped before it ended, it reports that it was cancelled.
pub(crate) struct TlsHandshake {
    start: Option<Start>,
    socket: Rc<SocketHandle>,
    server_hostname: Option<String>,
    pending: bool,
}

impl TlsHandshake {
    /// A handshake starts.
    pub(crate) fn start(socket: Rc<SocketHandle>, server_hostname: Option<&str>) -> Self {
        let hooks = HookSet::of(&[Hook::TlsHandshakeComplete, Hook::TlsHandshakeError]);
        let start = Start::capture(hooks);
        let server_hostname = start.as_ref().and(server_hostname).map(String::from);
        Self {
            start,
            socket,
            server_hostname,
            pending: false,
        }
    }

    /// Notes that the task has to wait.
    pub(crate) fn park(&mut self) {
        self.pending = true;
    }

    /// Looks whether the name that the client asked for is known now, unless it was before.
    pub(crate) fn note_server_hostname(&mut self, find: impl FnOnce() -> Option<String>) {
        if self.start.is_some() && self.server_hostname.is_none() {
            self.server_hostname = find();
        }
    }

    /// The handshake succeeded.
    pub(crate) fn complete(mut self, session: TlsSession<'_>) {
        let Some(start) = self.start.take() else {
            return;
        };
        let mut metadata = TlsHandshakeMetadata::new(
            start.task.as_deref(),
            &self.socket,
            session,
            !start.has_parked(self.pending),
            start.time,
            start.finish(),
        );
        metadata.server_hostname = self.server_hostname.as_deref();
        start.stack.fire(Hook::TlsHandshakeComplete, |instrument| {
            instrument.on_tls_handshake_complete(&metadata);
        });
    }

    /// The handshake failed.
    pub(crate) fn failed(mut self, error: &io::Error) {
        self.end_in(Failure::from_io(error));
    }

    fn end_in(&mut self, failure: Failure<'_>) {
        let Some(start) = self.start.take() else {
            return;
        };
        let parked = start.had_parked(self.pending, &failure);
        let mut metadata = TlsHandshakeErrorMetadata::new(
            start.task.as_deref(),
            &self.socket,
            failure,
            !parked,
            start.time,
            start.finish(),
        );
        metadata.server_hostname = self.server_hostname.as_deref();
        start.stack.fire(Hook::TlsHandshakeError, |instrument| {
            instrument.on_tls_handshake_error(&metadata);
        });
    }
}

impl Drop for TlsHandshake {
    fn drop(&mut self) {
        self.end_in(Failure::Cancelled);
    }
}
