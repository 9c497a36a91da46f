//! The system calls that move the bytes of a stream.

use super::socket::Socket;
use super::stream_ops::RawStream;
use crate::clock::Timestamp;
use crate::event_loop::reactor::Side;
use crate::instrument::{SocketHandle, SocketOperation};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll};

/// What a stream's bytes are moved by, beside reading and writing.
pub(super) trait StreamIo {
    /// Ends one direction or both.
    fn shut_down(&self, how: Shutdown) -> io::Result<()>;
}

/// Implements connecting and ending for a stream of mio's.
macro_rules! impl_stream_io {
    ($io:ty) => {
        impl crate::net::raw_io::StreamIo for $io {
            fn shut_down(&self, how: std::net::Shutdown) -> std::io::Result<()> {
                self.shutdown(how)
            }
        }

        impl crate::net::connecting::Connect for $io {
            fn local_address(&self) -> std::io::Result<crate::instrument::Address> {
                Ok(self.local_addr()?.into())
            }

            fn check(&self) -> std::io::Result<()> {
                match self.take_error()? {
                    Some(error) => Err(error),
                    None => self.peer_addr().map(|_| ()),
                }
            }
        }
    };
}
pub(super) use impl_stream_io;

impl<S: StreamIo> RawStream for Socket<S>
where
    for<'a> &'a S: Read + Write,
{
    fn handle(&self) -> &Rc<SocketHandle> {
        self.handle()
    }

    fn ready_time(&self, side: Side) -> Option<Timestamp> {
        self.ready_time(side)
    }

    #[inline(always)]
    fn poll_read_raw(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        heard: bool,
    ) -> Poll<io::Result<usize>> {
        let wanted = buffer.len();
        let read = |mut io: &S| io.read(buffer);
        let polled = self.poll_io(Side::Read, cx, heard, SocketOperation::Recv, read);
        self.note_short(Side::Read, &polled, wanted);
        polled
    }

    #[inline(always)]
    fn poll_write_raw(
        &self,
        cx: &mut Context<'_>,
        data: &[u8],
        heard: bool,
    ) -> Poll<io::Result<usize>> {
        let write = |mut io: &S| io.write(data);
        let polled = self.poll_io(Side::Write, cx, heard, SocketOperation::Send, write);
        self.note_short(Side::Write, &polled, data.len());
        polled
    }

    #[inline]
    fn poll_flush_raw(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close_raw(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.io().shut_down(Shutdown::Write) {
            // The peer has closed already.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

impl<S> Socket<S> {
    /// Writes several pieces by one system call; TLS sends its records so.
    #[cfg(feature = "tls")]
    pub(super) fn poll_write_vectored(
        &self,
        cx: &Context<'_>,
        data: &[io::IoSlice<'_>],
        heard: bool,
    ) -> Poll<io::Result<usize>>
    where
        for<'a> &'a S: Write,
    {
        let write = |mut io: &S| io.write_vectored(data);
        let polled = self.poll_io(Side::Write, cx, heard, SocketOperation::Send, write);
        let wanted: usize = data.iter().map(|piece| piece.len()).sum();
        self.note_short(Side::Write, &polled, wanted);
        polled
    }

    /// Notes that a call moved less than it was asked to.
    #[inline]
    fn note_short(&self, side: Side, polled: &Poll<io::Result<usize>>, wanted: usize) {
        if let Poll::Ready(Ok(count)) = polled
            && 0 < *count
            && *count < wanted
        {
            self.direction(side).clear_after_short();
        }
    }
}
