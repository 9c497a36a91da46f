//! This crate, without a scope.

use super::{Listening, Runtime};
use crate::what::{HOUR, IDLE, What, groups, half_cancelled};
use loopscope::event_loop::{EventLoop, sleep, spawn, yield_now};
use loopscope::net::TcpListener;
use std::io;

pub(crate) struct Loopscope(EventLoop);

impl Runtime for Loopscope {
    fn new() -> io::Result<Self> {
        EventLoop::new().map(Self)
    }

    fn make(&self, what: What, count: usize, listening: Listening) -> io::Result<()> {
        self.0.run_until_complete(async {
            match what {
                What::Connections => accept(count, listening).await?,
                What::SleepingTasks => (0..count).for_each(|_| spawn(sleep(HOUR)).detach()),
                What::Timers => {
                    for (count, deadline) in groups(count) {
                        spawn(half_cancelled(count, move || sleep(deadline))).detach();
                    }
                }
            }
            yield_now().await;
            Ok(())
        })
    }

    fn idle(&self) {
        self.0.run_until_complete(sleep(IDLE));
    }
}

async fn accept(count: usize, listening: Listening) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listening(listener.local_addr()?)?;
    for _ in 0..count {
        let (connection, _) = listener.accept().await?;
        // A block, since an `async fn` has its arguments twice.
        let greet = async move {
            connection.write_all(b"!").await?;
            connection.read(&mut [0; 64]).await
        };
        spawn(greet).detach();
    }
    Ok(())
}
