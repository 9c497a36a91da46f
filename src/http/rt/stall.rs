//! A limit of the time in which nothing moves.

use super::sleeps::SharedSleep;
use crate::clock::Timestamp;
use crate::event_loop::park;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Tells when something has been pending for too long.
#[derive(Debug, Default)]
pub(in crate::http) struct Stall {
    limit: Option<Duration>,
    sleep: Option<SharedSleep>,
}

impl Stall {
    /// One of this limit; none where there is none.
    pub(in crate::http) fn new(limit: Option<Duration>) -> Self {
        Self { limit, sleep: None }
    }

    /// Watches the result of a poll: ready with `Err` once it has been pending for the limit.
    pub(in crate::http) fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<T>,
    ) -> Poll<Result<T, Stalled>> {
        let (Poll::Pending, Some(limit)) = (&polled, self.limit) else {
            self.sleep = None;
            return polled.map(Ok);
        };
        let sleep = self
            .sleep
            .get_or_insert_with(|| SharedSleep::until(Timestamp::now() + limit));
        // What is waited for says more than that there is a limit.
        park::beside(|| Pin::new(sleep).poll(cx)).map(|()| Err(Stalled))
    }
}

/// Nothing has moved for too long.
#[derive(Debug)]
pub(in crate::http) struct Stalled;
