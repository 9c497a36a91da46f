use crate::recorded::recorded;
use crate::table::{Outcome, check};
use crate::ways::{self, give_up};
use loopscope::instrument::RecordingInstrument;
use loopscope::sync::AsyncQueue;

/// What is recorded of the second item, the one whose put ends as the column says.
fn second(program: impl Future<Output = ()>) -> RecordingInstrument {
    recorded(program).select(|event| event.data.as_deref() == Some(b"2"))
}

/// A queue that has room for one item, which is there.
fn full() -> AsyncQueue<u32> {
    let queue = AsyncQueue::bounded(1);
    queue.try_put(1).unwrap();
    queue
}

#[test]
fn success() {
    let record = second(async {
        let queue = full();
        queue.try_get().unwrap();
        queue.put(2).await.unwrap();
    });
    check("queue_put", Outcome::Success, &record);
}

#[test]
fn error() {
    let record = second(async {
        let queue = full();
        queue.close();
        assert!(queue.put(2).await.is_err());
    });
    check("queue_put", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = second(async {
        let queue = full();
        ways::cancel(async move { queue.put(2).await }).await;
    });
    check("queue_put", Outcome::Cancel, &record);
}

#[test]
fn drop() {
    let record = second(async {
        give_up(full().put(2)).await;
    });
    check("queue_put", Outcome::Drop, &record);
}
