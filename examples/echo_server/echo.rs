//! What a connection is served with.

use futures_lite::future;
use futures_lite::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use loopscope::event_loop::{stopping, timeout};
use std::io;
use std::time::Duration;

/// A connection on which nothing arrives for so long while the server stops is done.
const QUIET: Duration = Duration::from_millis(500);

/// Sends back what arrives: until the peer ends, or until all is quiet after the server has begun
/// to stop. Returns how many bytes that were.
pub(crate) async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<u64> {
    let mut buffer = vec![0; 16 * 1024];
    let mut echoed = 0;
    loop {
        let received = match before_stop(stream.read(&mut buffer)).await {
            Some(received) => received?,
            None => match timeout(QUIET, stream.read(&mut buffer)).await {
                Ok(received) => received?,
                Err(_quiet) => 0,
            },
        };
        if received == 0 {
            stream.close().await?;
            return Ok(echoed);
        }
        stream.write_all(&buffer[..received]).await?;
        stream.flush().await?;
        echoed += received as u64;
    }
}

/// The output of `future`, or none if the server stops first.
async fn before_stop<T>(future: impl Future<Output = T>) -> Option<T> {
    future::or(async { Some(future.await) }, async {
        stopping().await;
        None
    })
    .await
}
