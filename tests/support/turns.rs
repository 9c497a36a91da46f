//! Whose turn it was.

use loopscope::event_loop::yield_now;
use std::cell::RefCell;
use std::rc::Rc;

/// What happened, in order.
pub(crate) type Log<T> = Rc<RefCell<Vec<T>>>;

/// Lets all tasks run until each of them waits, for as many turns as the longest takes.
pub(crate) async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}
