//! Which version of HTTP a client speaks, where no handshake has told it.

use crate::sync::Event;
use bytes::Bytes;
use futures_io::AsyncRead;
use futures_util::future::{Either, select};
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};

/// What every connection of HTTP/2 begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether a connection begins as HTTP/2 does, and what was read of it. None where it ended, or was
/// to stop, before anything had arrived.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    stop: &Event,
) -> io::Result<Option<(bool, Bytes)>> {
    let mut first = vec![0; 8192];
    let mut filled = 0;
    loop {
        let buffer = &mut first[filled..];
        let mut read = pin!(poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, buffer)));
        // The read is asked first: what has arrived is read also when it is time to stop.
        let count = if filled == 0 {
            match select(read, pin!(stop.wait())).await {
                Either::Left((count, _)) => count?,
                Either::Right(_) => 0,
            }
        } else {
            read.as_mut().await?
        };
        if count == 0 && filled == 0 {
            return Ok(None);
        }
        filled += count;
        let compared = filled.min(PREFACE.len());
        let is_alike = first[..compared] == PREFACE[..compared];
        if !is_alike || compared == PREFACE.len() || count == 0 {
            first.truncate(filled);
            return Ok(Some((is_alike, first.into())));
        }
    }
}
