//! Encrypted streams.

use super::error;
use super::transport::{Transport, or_pending};
use crate::clock::Timestamp;
use crate::event_loop::reactor::Side;
use crate::instrument::SocketHandle;
use crate::net::TcpStream;
use crate::net::stream_ops::{PolledOps, RawStream, impl_stream};
use rustls::pki_types::CertificateDer;
use rustls::{CommonState, Connection, Error};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A TLS connection, made by a [`TlsConnector`](super::TlsConnector) or a
/// [`TlsAcceptor`](super::TlsAcceptor).
///
/// Instruments see one recv or send for each operation on it, with the size of the plaintext; the
/// reads and writes of ciphertext under it are no operations of the application and fire nothing.
///
/// [`close`](Self::close) tells the peer that the stream ends here, and the peer reads 0. A stream
/// that is only dropped looks truncated to the peer, whose reads fail with
/// [`io::ErrorKind::UnexpectedEof`] once it has read what was sent.
///
/// What is wrong with the connection after its handshake, a truncation or a record that was changed
/// on its way, is the error of the operation that meets it and of all after it;
/// [`ErrorType::from_io`](crate::instrument::ErrorType::from_io) tells the kinds apart. With TLS
/// 1.3 a client's handshake is complete before the server has seen the client's certificate: a
/// server that refuses it makes the client's first read fail.
///
/// ```no_run
/// use loopscope::instrument::ErrorType;
/// use loopscope::net::TlsStream;
///
/// # async fn show(stream: TlsStream) -> std::io::Result<()> {
/// let mut buffer = [0; 1024];
/// match stream.read(&mut buffer).await {
///     Ok(0) => println!("the peer closed in order"),
///     Ok(count) => println!("{count} bytes"),
///     Err(error) if ErrorType::from_io(&error) == ErrorType::TlsTruncated => {
///         println!("what came before may be cut off")
///     }
///     Err(error) => return Err(error),
/// }
/// stream.close().await
/// # }
/// ```
pub struct TlsStream {
    // Before the stream: what is under way is cancelled before the socket is closed.
    ops: PolledOps,
    stream: TcpStream,
    tls: RefCell<Connection>,
    /// Whether somebody wants to know when the socket became ready for what is to be sent.
    send_heard: Cell<bool>,
}

impl TlsStream {
    pub(super) fn new(stream: TcpStream, connection: Connection) -> Self {
        Self {
            ops: PolledOps::default(),
            stream,
            tls: RefCell::new(connection),
            send_heard: Cell::new(false),
        }
    }

    /// The socket as instruments see it.
    pub fn handle(&self) -> &Rc<SocketHandle> {
        self.stream.handle()
    }

    /// The application protocol (ALPN) that was agreed on, if one was.
    pub fn alpn_protocol(&self) -> Option<Vec<u8>> {
        self.tls.borrow().alpn_protocol().map(<[u8]>::to_vec)
    }

    /// The certificates that the peer has shown, its own first; none where it showed none.
    ///
    /// To a server they say who the client is, where its configuration asks for certificates.
    pub fn peer_certificates(&self) -> Option<Vec<CertificateDer<'static>>> {
        self.tls.borrow().peer_certificates().map(<[_]>::to_vec)
    }

    /// The name of the server that the client asked for (SNI): known to the server, of a client
    /// that asked for one.
    pub fn server_name(&self) -> Option<String> {
        match &*self.tls.borrow() {
            Connection::Server(server) => server.server_name().map(String::from),
            Connection::Client(_) => None,
        }
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

    pub(super) fn state(&mut self) -> &CommonState {
        self.tls.get_mut()
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.tls.borrow().is_handshaking()
    }

    /// Receives some ciphertext, and tells how much: 0 at the end of the TCP stream, and after the
    /// peer's `close_notify`. `note` sees it.
    pub(super) fn poll_receive(
        &self,
        cx: &mut Context<'_>,
        heard: bool,
        note: impl FnMut(&[u8]),
    ) -> Poll<io::Result<usize>> {
        let mut transport = Transport {
            stream: &self.stream,
            cx,
            heard,
            note,
        };
        or_pending(self.tls.borrow_mut().read_tls(&mut transport))
    }

    /// Works on the ciphertext that was received. An error is for good, and what it has for the
    /// peer to be told is sent as far as that is possible at once.
    pub(super) fn process(&self) -> Result<(), Error> {
        let mut tls = self.tls.borrow_mut();
        let result = tls.process_new_packets();
        if result.is_err() {
            // Whether the peer takes the alert changes nothing here.
            while tls.wants_write() && tls.write_tls(&mut self.stream.raw().io()).is_ok() {}
        }
        result.map(|_| ())
    }

    /// Sends all the ciphertext there is.
    pub(super) fn poll_send(&self, cx: &mut Context<'_>, heard: bool) -> Poll<io::Result<()>> {
        let mut tls = self.tls.borrow_mut();
        let mut transport = Transport {
            stream: &self.stream,
            cx,
            heard,
            note: (),
        };
        while tls.wants_write() {
            ready!(or_pending(tls.write_tls(&mut transport)))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Takes what has arrived out of the kernel, up to data that is to be read. A socket that is
    /// closed with something unread resets its connection, and what it has sent is lost as far as
    /// it is not with the peer: without this, a client that reads nothing loses it to the tickets
    /// that TLS 1.3 sends after the handshake.
    fn take_arrived(&self) {
        let mut tls = self.tls.borrow_mut();
        let mut io = self.stream.raw().io();
        // What goes wrong here is met again by whoever reads.
        while tls.wants_read()
            && matches!(tls.read_tls(&mut io), Ok(1..))
            && tls.process_new_packets().is_ok()
        {}
    }
}

impl_stream!(TlsStream);

impl RawStream for TlsStream {
    fn handle(&self) -> &Rc<SocketHandle> {
        self.stream.handle()
    }

    fn ready_time(&self, side: Side) -> Option<Timestamp> {
        self.stream.raw().ready_time(side)
    }

    fn poll_read_raw(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        heard: bool,
    ) -> Poll<io::Result<usize>> {
        loop {
            let read = self.tls.borrow_mut().reader().read(buffer);
            match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Err(error::truncated(error)));
                }
                result => return Poll::Ready(result),
            }
            // What came before an error was read first; rustls gives the error again.
            self.process().map_err(error::from_rustls)?;
            ready!(self.poll_receive(cx, heard, |_| ()))?;
            let _ = self.process();
        }
    }

    fn poll_write_raw(
        &self,
        cx: &mut Context<'_>,
        data: &[u8],
        heard: bool,
    ) -> Poll<io::Result<usize>> {
        self.send_heard.set(heard);
        // What an earlier write left over goes first, so that never more than one is held back.
        ready!(self.poll_send(cx, heard))?;
        let taken = self.tls.borrow_mut().writer().write(data);
        let taken = taken.map_err(error::from_io)?;
        match self.poll_send(cx, heard) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // The rest goes with the next write or flush.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    fn poll_flush_raw(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(cx, self.send_heard.get())
    }

    fn poll_close_raw(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Says it once, however often it is called.
        self.tls.borrow_mut().send_close_notify();
        ready!(self.poll_send(cx, false))?;
        self.take_arrived();
        self.stream.raw().poll_close_raw(cx)
    }
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("socket", self.handle())
            .finish_non_exhaustive()
    }
}
