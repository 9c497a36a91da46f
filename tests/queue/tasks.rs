//! Tasks that get and put.

use crate::turns::Log;
use loopscope::event_loop::{JoinHandle, spawn};
use loopscope::sync::AsyncQueue;

/// Tasks that each get one item and note it with their number.
pub(crate) fn getters(
    queue: &AsyncQueue<u32>,
    count: u32,
    got: &Log<(u32, u32)>,
) -> Vec<JoinHandle<()>> {
    (0..count)
        .map(|number| {
            let (queue, got) = (queue.clone(), got.clone());
            spawn(async move {
                if let Ok(item) = queue.get().await {
                    got.borrow_mut().push((number, item));
                }
            })
        })
        .collect()
}

/// Tasks that each put their number and note when it is in.
pub(crate) fn putters(
    queue: &AsyncQueue<u32>,
    numbers: std::ops::Range<u32>,
    put: &Log<u32>,
) -> Vec<JoinHandle<()>> {
    numbers
        .map(|number| {
            let (queue, put) = (queue.clone(), put.clone());
            spawn(async move {
                if queue.put(number).await.is_ok() {
                    put.borrow_mut().push(number);
                }
            })
        })
        .collect()
}
