//! smol's local executor inside of its reactor.

use super::{Listening, Runtime};
use crate::what::{HOUR, IDLE, What, groups, half_cancelled};
use async_executor::LocalExecutor;
use async_io::{Async, Timer, block_on};
use futures_lite::future::yield_now;
use futures_lite::io::{AsyncReadExt, AsyncWriteExt};
use std::io;
use std::net::TcpListener;

pub(crate) struct Smol(LocalExecutor<'static>);

impl Runtime for Smol {
    fn new() -> io::Result<Self> {
        Ok(Self(LocalExecutor::new()))
    }

    fn make(&self, what: What, count: usize, listening: Listening) -> io::Result<()> {
        block_on(self.0.run(async {
            match what {
                What::Connections => accept(&self.0, count, listening).await?,
                What::SleepingTasks => {
                    (0..count).for_each(|_| self.0.spawn(Timer::after(HOUR)).detach());
                }
                What::Timers => {
                    for (count, deadline) in groups(count) {
                        let timers = half_cancelled(count, move || Timer::after(deadline));
                        self.0.spawn(timers).detach();
                    }
                }
            }
            // It lets a part of them run before its main future goes on.
            for _ in 0..=count / 32 {
                yield_now().await;
            }
            Ok(())
        }))
    }

    fn idle(&self) {
        block_on(self.0.run(Timer::after(IDLE)));
    }
}

async fn accept(
    executor: &LocalExecutor<'static>,
    count: usize,
    listening: Listening,
) -> io::Result<()> {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
    listening(listener.get_ref().local_addr()?)?;
    for _ in 0..count {
        let (mut connection, _) = listener.accept().await?;
        // A block, since an `async fn` has its arguments twice.
        let greet = async move {
            connection.write_all(b"!").await?;
            connection.read(&mut [0; 64]).await
        };
        executor.spawn(greet).detach();
    }
    Ok(())
}
