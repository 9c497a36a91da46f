//! A TCP stream as rustls reads and writes it.

use crate::net::TcpStream;
use crate::net::stream_ops::RawStream;
use std::io;
use std::task::{Context, Poll};

/// A TCP stream whose calls say `WouldBlock` where the task has to wait; it is woken then.
///
/// Its reads and writes are no operations of the application and fire no hooks.
pub(super) struct Transport<'a, 'b, N> {
    pub(super) stream: &'a TcpStream,
    pub(super) cx: &'a mut Context<'b>,
    /// Whether somebody wants to know when the socket became ready.
    pub(super) heard: bool,
    /// Sees what is received.
    pub(super) note: N,
}

impl<N: FnMut(&[u8])> io::Read for Transport<'_, '_, N> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let polled = self.stream.raw().poll_read_raw(self.cx, buffer, self.heard);
        let count = or_would_block(polled)?;
        (self.note)(&buffer[..count]);
        Ok(count)
    }
}

impl<N> io::Write for Transport<'_, '_, N> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        or_would_block(self.stream.raw().poll_write_raw(self.cx, data, self.heard))
    }

    // All that rustls has to send goes out by one call.
    fn write_vectored(&mut self, data: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let polled = self
            .stream
            .raw()
            .poll_write_vectored(self.cx, data, self.heard);
        or_would_block(polled)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn or_would_block<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// Undoes what rustls has to be told in place of [`Poll::Pending`].
pub(super) fn or_pending<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}
