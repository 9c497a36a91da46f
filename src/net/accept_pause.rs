//! Not trying to accept again at once what there is no descriptor or memory for.

use crate::clock::Timestamp;
use crate::event_loop::{Sleep, sleep_until};
use crate::instrument::ErrorType;
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_secs(1);

/// A listener's pause after an accept that failed for want of descriptors or memory: the connection
/// waits on, so that another try would fail at once, and a loop of tries would take all of a core.
#[derive(Debug, Default)]
pub(super) struct AcceptPause {
    /// How long the last pause was, and when it ends.
    last: Cell<Option<(Duration, Timestamp)>>,
}

impl AcceptPause {
    /// Notes how an accept went: the pauses double until one succeeds.
    pub(super) fn note<T>(&self, result: &io::Result<T>) {
        let exhausted = result.as_ref().is_err_and(is_exhaustion);
        if !exhausted && self.last.get().is_none() {
            return;
        }
        self.last.set(exhausted.then(|| {
            let pause = match self.last.get() {
                Some((last, _)) => (last * 2).min(LONGEST),
                None => SHORTEST,
            };
            (pause, Timestamp::now() + pause)
        }));
    }

    /// Waits for the end of the pause, if there is one, with a timer in `sleep`.
    pub(super) fn poll(&self, cx: &mut Context<'_>, sleep: &mut Option<Sleep>) -> Poll<()> {
        let Some((_, until)) = self.last.get() else {
            return Poll::Ready(());
        };
        let timer = sleep.get_or_insert_with(|| sleep_until(until));
        let polled = Pin::new(timer).poll(cx);
        if polled.is_ready() {
            *sleep = None;
        }
        polled.map(|_| ())
    }
}

fn is_exhaustion(error: &io::Error) -> bool {
    matches!(
        ErrorType::from_io(error),
        ErrorType::TooManyOpenFiles | ErrorType::OutOfMemory
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second_until_an_accept_succeeds() {
        const EMFILE: i32 = 24;
        let pause = AcceptPause::default();
        let length = || pause.last.get().map(|(length, _)| length.as_millis());
        let fail = || pause.note::<()>(&Err(io::Error::from_raw_os_error(EMFILE)));

        pause.note::<()>(&Err(io::ErrorKind::ConnectionAborted.into()));
        assert_eq!(
            length(),
            None,
            "such an error says nothing of the next accept"
        );
        let lengths: Vec<_> = (0..10)
            .map(|_| fail())
            .map(|()| length().unwrap())
            .collect();
        assert_eq!(lengths, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        pause.note(&Ok(()));
        assert_eq!(length(), None);
        fail();
        assert_eq!(length(), Some(5));
    }
}
