//! Encrypted streams.

use crate::clock::Timestamp;
use crate::event_loop::reactor::Side;
use crate::instrument::SocketHandle;
use crate::net::TcpStream;
use crate::net::stream_ops::{PolledOps, RawStream, impl_stream};
use futures_io::{AsyncRead, AsyncWrite};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A TLS connection, made by a [`TlsConnector`](super::TlsConnector) or a
/// [`TlsAcceptor`](super::TlsAcceptor).
///
/// Instruments see one recv or send for each operation on it, with the size of the plaintext; the
/// reads and writes of ciphertext under it are no operations of the application and fire nothing.
///
/// [`close`](Self::close) tells the peer that the stream ends here. A stream that is only dropped
/// looks truncated to the peer, which reads [`io::ErrorKind::UnexpectedEof`].
pub struct TlsStream {
    // Before the stream: what is under way is cancelled before the socket is closed.
    ops: PolledOps,
    handle: Rc<SocketHandle>,
    inner: RefCell<futures_rustls::TlsStream<Unhooked>>,
}

impl TlsStream {
    pub(super) fn new(inner: futures_rustls::TlsStream<Unhooked>) -> Self {
        let handle = inner.get_ref().0.stream.handle().clone();
        Self {
            ops: PolledOps::default(),
            handle,
            inner: RefCell::new(inner),
        }
    }

    /// The socket as instruments see it.
    pub fn handle(&self) -> &Rc<SocketHandle> {
        &self.handle
    }

    /// The application protocol (ALPN) that was agreed on, if one was.
    pub fn alpn_protocol(&self) -> Option<Vec<u8>> {
        let inner = self.inner.borrow();
        let (_, connection) = inner.get_ref();
        connection.alpn_protocol().map(<[u8]>::to_vec)
    }

    /// Ends what this side sends: tells the peer by `close_notify` and ends the TCP direction.
    /// What the peer sends can still be read.
    ///
    /// # Errors
    ///
    /// What the system says, as when the peer has gone.
    pub async fn close(&self) -> io::Result<()> {
        poll_fn(|cx| self.poll_close_raw(cx)).await
    }

    /// What moves its bytes: itself.
    fn raw(&self) -> &Self {
        self
    }
}

impl_stream!(TlsStream);

impl RawStream for TlsStream {
    fn handle(&self) -> &Rc<SocketHandle> {
        &self.handle
    }

    fn ready_time(&self, side: Side) -> Option<Timestamp> {
        self.inner
            .borrow()
            .get_ref()
            .0
            .stream
            .raw()
            .ready_time(side)
    }

    fn poll_read_raw(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        heard: bool,
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.inner.borrow_mut();
        inner.get_ref().0.heard.set(heard);
        Pin::new(&mut *inner).poll_read(cx, buffer)
    }

    fn poll_write_raw(
        &self,
        cx: &mut Context<'_>,
        data: &[u8],
        heard: bool,
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.inner.borrow_mut();
        inner.get_ref().0.heard.set(heard);
        Pin::new(&mut *inner).poll_write(cx, data)
    }

    fn poll_flush_raw(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner.borrow_mut()).poll_flush(cx)
    }

    fn poll_close_raw(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner.borrow_mut()).poll_close(cx)
    }
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("socket", &self.handle)
            .finish_non_exhaustive()
    }
}

/// The TCP stream under TLS, whose reads and writes are no operations of the application.
pub(super) struct Unhooked {
    stream: TcpStream,
    /// Whether somebody wants to know when the socket became ready.
    heard: Cell<bool>,
}

impl Unhooked {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            heard: Cell::new(false),
        }
    }
}

impl AsyncRead for Unhooked {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.stream
            .raw()
            .poll_read_raw(cx, buffer, self.heard.get())
    }
}

impl AsyncWrite for Unhooked {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.raw().poll_write_raw(cx, data, self.heard.get())
    }

    // All that rustls has to send goes out by one call, an alert behind other records too.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let heard = self.heard.get();
        self.stream.raw().poll_write_vectored(cx, data, heard)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.raw().poll_close_raw(cx)
    }
}
