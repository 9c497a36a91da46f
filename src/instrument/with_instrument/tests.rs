use super::*;
use crate::instrument::hooks::{QueueOperation, SocketOp};
use crate::instrument::{
    EnterScope, QueueInfo, RecordingInstrument, Scope, SocketHandle, SocketOperation, SocketRole,
    Transport, current_instrument,
};
use futures_lite::future::{block_on, poll_once, yield_now};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

/// Fires a hook.
fn fire() {
    QueueOperation::start().put(&Rc::new(QueueInfo::new(None, None)), &"item", 1, None);
}

/// How many events were recorded since it was asked last.
fn heard(recorder: &RecordingInstrument) -> usize {
    let count = recorder.events().len();
    recorder.clear();
    count
}

/// Polls once.
fn poll<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    block_on(poll_once(future))
}

async fn fire_in_two_polls() {
    fire();
    yield_now().await;
    fire();
}

#[test]
fn the_instrument_is_in_force_in_each_poll_and_not_between() {
    let recorder = RecordingInstrument::new();
    let mut future = pin!(fire_in_two_polls().with_instrument(recorder.clone()));
    assert!(poll(future.as_mut()).is_none());
    assert_eq!(heard(&recorder), 1);
    fire();
    assert!(current_instrument().is_none());
    assert_eq!(heard(&recorder), 0);
    assert!(poll(future.as_mut()).is_some());
    assert_eq!(heard(&recorder), 1);
}

#[test]
fn it_lies_on_top_of_what_is_in_force_at_the_first_poll() {
    let (outer, inner) = (RecordingInstrument::new(), RecordingInstrument::new());
    let mut future = pin!(fire_in_two_polls().with_instrument(inner.clone()));
    let scope = outer.clone().enter();
    assert!(poll(future.as_mut()).is_none());
    drop(scope);
    assert_eq!((heard(&outer), heard(&inner)), (1, 1));
    assert!(poll(future.as_mut()).is_some());
    assert_eq!(
        (heard(&outer), heard(&inner)),
        (1, 1),
        "like a task it has inherited"
    );
}

#[test]
fn a_guard_held_across_polls_is_in_force_in_the_future_alone() {
    let (around, held) = (RecordingInstrument::new(), RecordingInstrument::new());
    let guarded = held.clone();
    let future = async move {
        let scope = guarded.enter();
        fire_in_two_polls().await;
        drop(scope);
        fire();
    };
    let mut future = pin!(future.with_instrument(around.clone()));
    assert!(poll(future.as_mut()).is_none());
    fire();
    assert_eq!((heard(&around), heard(&held)), (1, 1));
    assert!(poll(future.as_mut()).is_some());
    assert_eq!((heard(&around), heard(&held)), (2, 1));
}

#[test]
fn what_a_future_does_when_it_is_dropped_is_heard() {
    struct FiresWhenDropped;
    impl Drop for FiresWhenDropped {
        fn drop(&mut self) {
            fire();
        }
    }
    let recorder = RecordingInstrument::new();
    let future = || {
        let fires = FiresWhenDropped;
        async move {
            let _fires = fires;
            yield_now().await;
        }
    };
    drop(future().with_instrument(recorder.clone()));
    assert_eq!(heard(&recorder), 1, "before its first poll");

    let mut polled = Box::pin(future().with_instrument(recorder.clone()));
    assert!(poll(polled.as_mut()).is_none());
    drop(polled);
    assert_eq!(heard(&recorder), 1, "half way");

    block_on(future().with_instrument(recorder.clone()));
    assert_eq!(heard(&recorder), 1, "at its end");
    assert!(current_instrument().is_none());
}

#[test]
fn an_operation_under_way_is_cancelled_with_its_future() {
    let recorder = RecordingInstrument::new();
    let socket = Rc::new(SocketHandle::new(Transport::Tcp, SocketRole::Client));
    let future = async move {
        let _operation = SocketOp::start(SocketOperation::Recv, &socket);
        std::future::pending::<()>().await;
    };
    let mut future = Box::pin(future.with_instrument(recorder.clone()));
    assert!(poll(future.as_mut()).is_none());
    recorder.assert_hooks(&["on_socket_recv_start"]);
    drop(future);
    recorder.assert_hooks(&["on_socket_recv_start", "on_socket_error"]);
    recorder.assert_paired();
}

#[test]
fn a_guard_from_outside_that_is_dropped_inside_ends_outside_too() {
    let recorder = RecordingInstrument::new();
    let slot = Rc::new(RefCell::new(None::<Scope>));
    slot.replace(Some(recorder.clone().enter()));
    let inner = slot.clone();
    block_on(async move { drop(inner.take()) }.with_instrument(RecordingInstrument::new()));
    fire();
    assert_eq!(heard(&recorder), 0);
    assert!(current_instrument().is_none());
}

#[test]
fn a_panic_leaves_the_scope() {
    let recorder = RecordingInstrument::new();
    let mut future = pin!(async { panic!("on purpose") }.with_instrument(recorder));
    assert!(catch_unwind(AssertUnwindSafe(|| poll::<_>(future.as_mut()))).is_err());
    assert!(current_instrument().is_none());
}

#[test]
#[should_panic(expected = "polled after it had ended")]
fn polling_after_the_end_says_so() {
    let mut future = pin!(async {}.with_instrument(RecordingInstrument::new()));
    assert!(poll(future.as_mut()).is_some());
    poll(future.as_mut());
}
