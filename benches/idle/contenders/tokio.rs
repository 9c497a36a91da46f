//! tokio's current-thread runtime, with all drivers.

use super::{Listening, Runtime};
use crate::what::{HOUR, IDLE, What, groups, half_cancelled};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::{self, Builder};
use tokio::task::yield_now;
use tokio::time::sleep;

pub(crate) struct Tokio(runtime::Runtime);

impl Runtime for Tokio {
    fn new() -> io::Result<Self> {
        Builder::new_current_thread().enable_all().build().map(Self)
    }

    fn make(&self, what: What, count: usize, listening: Listening) -> io::Result<()> {
        self.0.block_on(async {
            match what {
                What::Connections => accept(count, listening).await?,
                What::SleepingTasks => {
                    (0..count).for_each(|_| drop(tokio::spawn(sleep(HOUR))));
                }
                What::Timers => {
                    for (count, deadline) in groups(count) {
                        drop(tokio::spawn(half_cancelled(count, move || sleep(deadline))));
                    }
                }
            }
            // It lets a part of them run before it looks for what else there is.
            for _ in 0..=count / 32 {
                yield_now().await;
            }
            Ok(())
        })
    }

    fn idle(&self) {
        self.0.block_on(async { sleep(IDLE).await });
    }
}

async fn accept(count: usize, listening: Listening) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    listening(listener.local_addr()?)?;
    for _ in 0..count {
        let (mut connection, _) = listener.accept().await?;
        // A block, since an `async fn` has its arguments twice.
        let greet = async move {
            connection.write_all(b"!").await?;
            connection.read(&mut [0; 64]).await
        };
        drop(tokio::spawn(greet));
    }
    Ok(())
}
