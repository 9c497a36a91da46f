//! Reading until a buffer is full.

use super::stream_ops::{RawStream, read_part};
use crate::instrument::hooks::SocketOp;
use std::io;

/// A buffer that is being filled by one operation.
///
/// Dropped before that has ended, it tells what has been received into it: the next to read does
/// not find it any more.
pub(super) struct Filling<'a> {
    /// Gone once it has ended.
    op: Option<SocketOp>,
    buffer: &'a mut [u8],
    filled: usize,
}

impl<'a> Filling<'a> {
    pub(super) fn new(op: SocketOp, buffer: &'a mut [u8]) -> Self {
        Self {
            op: Some(op),
            buffer,
            filled: 0,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.filled == self.buffer.len()
    }

    pub(super) async fn read_part(&mut self, stream: &impl RawStream) -> io::Result<usize> {
        let Some(op) = &mut self.op else { return Ok(0) };
        let count = read_part(op, stream, &mut self.buffer[self.filled..]).await?;
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

    /// Ends the operation by `end`, which is given what was received.
    pub(super) fn end(&mut self, end: impl FnOnce(SocketOp, &[u8])) {
        if let Some(op) = self.op.take() {
            end(op, &self.buffer[..self.filled]);
        }
    }
}

impl Drop for Filling<'_> {
    fn drop(&mut self) {
        self.end(|mut op, filled| op.received_part(filled));
    }
}
