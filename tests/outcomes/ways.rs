//! Ways to end an operation.

pub(crate) use crate::connections::*;

use crate::recorded::recorded;
use loopscope::event_loop::{spawn, yield_now};
use loopscope::instrument::{RecordingInstrument, SocketOperation};

/// Polls a future once, and drops it.
pub(crate) async fn give_up(operation: impl Future) {
    let polled = futures_lite::future::poll_once(operation).await;
    assert!(polled.is_none(), "it was to wait");
}

/// Runs a future as a task until it waits, and cancels it.
pub(crate) async fn cancel<T: 'static>(operation: impl Future<Output = T> + 'static) {
    let task = spawn(operation);
    for _ in 0..2 {
        yield_now().await;
    }
    task.cancel();
    assert!(task.await.is_err_and(|error| error.is_cancelled()));
}

/// What is recorded of one kind of operation.
pub(crate) fn of_operation(
    operation: SocketOperation,
    program: impl Future<Output = ()>,
) -> RecordingInstrument {
    recorded(program).select(|event| event.operation == Some(operation))
}
