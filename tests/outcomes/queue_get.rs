use crate::recorded::recorded;
use crate::table::{Outcome, check};
use crate::ways::{self, give_up};
use loopscope::sync::AsyncQueue;

#[test]
fn success() {
    let record = recorded(async {
        let queue = AsyncQueue::<u32>::bounded(1);
        queue.try_put(1).unwrap();
        assert_eq!(queue.get().await, Ok(1));
    });
    check("queue_get", Outcome::Success, &record);
}

#[test]
fn error() {
    let record = recorded(async {
        let queue = AsyncQueue::<u32>::bounded(1);
        queue.close();
        assert!(queue.get().await.is_err());
    });
    check("queue_get", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = recorded(async {
        let queue = AsyncQueue::<u32>::bounded(1);
        ways::cancel(async move { queue.get().await }).await;
    });
    check("queue_get", Outcome::Cancel, &record);
}

#[test]
fn drop() {
    let record = recorded(async {
        let queue = AsyncQueue::<u32>::bounded(1);
        give_up(queue.get()).await;
    });
    check("queue_get", Outcome::Drop, &record);
}
