//! Reading until a buffer is full.

use super::stream_ops::{RawStream, read_part};
use crate::clock::Timestamp;
use crate::instrument::hooks::SocketOp;
use std::io;

/// A buffer that is being filled by one operation.
///
/// Dropped before that has ended, it tells what has been received into it: the next to read does
/// not find it any more.
pub(super) struct Filling<'a> {
    op: SocketOp,
    buffer: &'a mut [u8],
    filled: usize,
}

impl<'a> Filling<'a> {
    pub(super) fn new(op: SocketOp, buffer: &'a mut [u8]) -> Self {
        Self {
            op,
            buffer,
            filled: 0,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.filled == self.buffer.len()
    }

    pub(super) async fn read_part(&mut self, stream: &impl RawStream) -> io::Result<usize> {
        let rest = &mut self.buffer[self.filled..];
        let count = read_part(&mut self.op, stream, rest).await?;
        self.filled += count;
        Ok(count)
    }

    pub(super) fn too_short(&self) -> io::Error {
        let (filled, wanted) = (self.filled, self.buffer.len());
        io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("the peer ended the stream after {filled} of {wanted} bytes"),
        )
    }

    /// It is full.
    pub(super) fn received(&mut self, ready_time: Option<Timestamp>) {
        self.op.received(self.buffer, ready_time);
    }

    /// It will not be full.
    pub(super) fn failed(&mut self, error: &io::Error, ready_time: Option<Timestamp>) {
        let filled = &self.buffer[..self.filled];
        self.op.failed_after(filled, error, ready_time);
    }
}

impl Drop for Filling<'_> {
    fn drop(&mut self) {
        // Where the operation has ended, nothing more is told.
        self.op.received_part(&self.buffer[..self.filled]);
    }
}
