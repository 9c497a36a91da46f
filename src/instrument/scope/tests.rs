use super::*;
use crate::instrument::hooks::{QueueOperation, swap_task};
use crate::instrument::{QueueInfo, QueueMetadata, TaskId, TaskInfo};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Weak;

/// Who heard what was fired, in order.
#[derive(Clone, Default)]
pub(super) struct Heard(Rc<RefCell<Vec<usize>>>);

impl Heard {
    /// An instrument that hears under a number.
    pub(super) fn listener(&self, number: usize) -> Listener {
        Listener {
            number,
            heard: self.clone(),
        }
    }

    pub(super) fn take(&self) -> Vec<usize> {
        self.0.take()
    }

    /// Who hears an event now.
    pub(super) fn now(&self) -> Vec<usize> {
        fire();
        self.take()
    }
}

pub(super) struct Listener {
    number: usize,
    heard: Heard,
}

impl EventLoopInstrument for Listener {
    fn on_queue_put(&self, _: &QueueMetadata<'_>) {
        self.heard.0.borrow_mut().push(self.number);
    }
}

/// Fires a hook.
fn fire() {
    end(QueueOperation::start());
}

/// Fires the hook of an operation that was started before.
pub(super) fn end(operation: QueueOperation) {
    let queue = Rc::new(QueueInfo::new(None, None));
    operation.put(&queue, &"item", 1, None);
}

/// A task that is not on a loop: its scopes, and who it is.
pub(super) struct Task {
    stack: Option<Stack>,
    info: Rc<TaskInfo>,
}

impl Task {
    /// Spawned here, it inherits what is in force.
    pub(super) fn spawn() -> Self {
        Self {
            stack: current(),
            info: Rc::new(TaskInfo::new(TaskId::new(), None, None, None)),
        }
    }

    /// Runs `f` as a poll of the task.
    pub(super) fn run<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let outer_stack = swap(self.stack.take());
        let outer_task = swap_task(Some(self.info.clone()));
        let result = f();
        swap_task(outer_task);
        self.stack = swap(outer_stack);
        result
    }
}

#[test]
fn the_innermost_hears_first() {
    let heard = Heard::default();
    let _outer = heard.listener(1).enter();
    let _middle = heard.listener(2).enter();
    heard
        .listener(3)
        .in_scope(|| assert_eq!(heard.now(), [3, 2, 1]));
    assert_eq!(heard.now(), [2, 1]);
}

#[test]
fn guards_dropped_out_of_order_take_away_their_own() {
    let heard = Heard::default();
    let outer = heard.listener(1).enter();
    let middle = heard.listener(2).enter();
    let inner = heard.listener(3).enter();
    drop(middle);
    assert_eq!(heard.now(), [3, 1]);
    drop(outer);
    assert_eq!(heard.now(), [3]);
    drop(inner);
    assert!(heard.now().is_empty());
    assert!(
        !in_force(),
        "with nothing in force a hook site costs one check"
    );
}

#[test]
fn one_instrument_entered_twice_hears_twice_and_leaves_once() {
    let heard = Heard::default();
    let listener = Rc::new(heard.listener(1));
    let outer = listener.clone().enter();
    let inner = listener.enter();
    assert_eq!(heard.now(), [1, 1]);
    drop(outer);
    assert_eq!(heard.now(), [1]);
    drop(inner);
    assert!(heard.now().is_empty());
}

#[test]
fn a_scope_is_left_when_its_code_panics() {
    let heard = Heard::default();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        heard.listener(1).in_scope(|| panic!("on purpose"));
    }));
    assert!(unwound.is_err() && heard.now().is_empty());
}

#[test]
fn a_task_has_scopes_of_its_own_and_inherits_those_of_its_spawner() {
    let heard = Heard::default();
    let outside = heard.listener(1).enter();
    let mut first = Task::spawn();
    let mut second = Task::spawn();
    let inside = first.run(|| heard.listener(2).enter());
    assert_eq!(first.run(|| heard.now()), [2, 1]);
    assert_eq!(second.run(|| heard.now()), [1]);
    assert_eq!(heard.now(), [1]);

    drop(outside);
    assert!(heard.now().is_empty());
    assert_eq!(
        second.run(|| heard.now()),
        [1],
        "what is inherited is for life"
    );
    first.run(|| drop(inside));
    assert_eq!(first.run(|| heard.now()), [1]);
}

#[test]
fn a_guard_dropped_out_of_its_task_ends_its_scope_for_all() {
    let heard = Heard::default();
    let mut spawner = Task::spawn();
    let (guard, mut spawned) = spawner.run(|| (heard.listener(1).enter(), Task::spawn()));
    drop(guard);
    assert!(spawner.run(|| heard.now()).is_empty());
    assert!(spawned.run(|| heard.now()).is_empty());
}

#[test]
fn a_guard_dropped_by_a_task_that_inherited_its_scope_ends_it_for_all() {
    let heard = Heard::default();
    let guard = heard.listener(1).enter();
    let (mut first, mut second) = (Task::spawn(), Task::spawn());
    first.run(|| drop(guard));
    assert!(first.run(|| heard.now()).is_empty());
    assert!(heard.now().is_empty(), "where it was entered");
    assert!(second.run(|| heard.now()).is_empty());
}

#[test]
fn who_heard_a_start_hears_its_end_wherever_the_guard_is_dropped() {
    let heard = Heard::default();
    let mut task = Task::spawn();
    let (guard, operation) = task.run(|| (heard.listener(1).enter(), QueueOperation::start()));
    drop(guard);
    task.run(|| end(operation));
    assert_eq!(heard.take(), [1]);
    assert!(task.run(|| heard.now()).is_empty());
}

#[test]
fn a_scope_that_has_ended_for_all_lets_its_instrument_go() {
    let listener = Rc::new(Heard::default().listener(1));
    let watched: Weak<Listener> = Rc::downgrade(&listener);
    let mut task = Task::spawn();
    let guard = task.run(|| listener.enter());
    drop(guard);
    task.run(|| assert!(current().is_none()));
    assert!(watched.upgrade().is_none());
}

/// Does something in its hook.
struct InHook<F>(F);

impl<F: Fn()> EventLoopInstrument for InHook<F> {
    fn on_queue_put(&self, _: &QueueMetadata<'_>) {
        self.0();
    }
}

#[test]
fn what_a_hook_does_is_not_heard() {
    let heard = Heard::default();
    let _outer = heard.listener(1).enter();
    let _inner = InHook(fire).enter();
    assert_eq!(heard.now(), [1]);
    assert_eq!(heard.now(), [1], "and the silence ends with the hook");
}

#[test]
fn a_guard_may_be_dropped_in_a_hook() {
    let heard = Heard::default();
    let guard = Rc::new(RefCell::new(Some(heard.listener(1).enter())));
    let _inner = InHook(move || drop(guard.take())).enter();
    assert_eq!(
        heard.now(),
        [1],
        "who was told of the event so far, is told of it"
    );
    assert!(heard.now().is_empty());
}

#[test]
fn a_scope_may_be_entered_in_a_hook() {
    let heard = Heard::default();
    let entered = Rc::new(RefCell::new(None));
    let (slot, listener) = (entered.clone(), heard.clone());
    let _outer = InHook(move || {
        slot.borrow_mut()
            .get_or_insert_with(|| listener.listener(1).enter());
    })
    .enter();
    assert!(
        heard.now().is_empty(),
        "it has not heard the event in which it was entered"
    );
    assert_eq!(heard.now(), [1]);
    entered.take();
    assert!(heard.now().is_empty());
}

#[test]
fn an_instrument_that_panics_is_reported_once_and_heard_by_nobody_else() {
    let heard = Heard::default();
    let events = crate::instrument::captured::Events::default();
    let before = hook_panics();
    tracing::subscriber::with_default(events.subscriber(), || {
        let _outer = heard.listener(1).enter();
        let _panics = InHook(|| panic!("on\x1b purpose")).enter();
        let _inner = heard.listener(2).enter();
        assert_eq!(heard.now(), [2, 1]);
        assert_eq!(heard.now(), [2, 1]);
    });
    assert!(hook_panics() >= before + 2, "other tests may count too");
    let reported = events.take();
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!(reported[0].level, tracing::Level::ERROR);
    assert_eq!(reported[0].field("hook"), "on_queue_put");
    let message = reported[0].field("message");
    assert!(message.contains("on\\u{1b} purpose"), "{message:?}");
}

#[test]
fn a_panic_payload_that_panics_when_dropped_does_no_harm() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the payload's own");
        }
    }
    let heard = Heard::default();
    let _outer = heard.listener(1).enter();
    let _panics = InHook(|| std::panic::panic_any(Bomb)).enter();
    assert_eq!(heard.now(), [1]);
}

#[test]
fn what_is_in_force_is_nothing_one_or_the_composite() {
    let heard = Heard::default();
    let told = |instrument: Rc<dyn EventLoopInstrument>| {
        let samples = crate::instrument::samples::Samples::new();
        instrument.on_queue_put(&samples.on_queue_put());
        heard.take()
    };
    assert!(current_instrument().is_none());
    let outer: Rc<dyn EventLoopInstrument> = Rc::new(heard.listener(1));
    let _outer = outer.clone().enter();
    assert_eq!(told(current_instrument().expect("one")), [1]);
    let inner = heard.listener(2).enter();
    assert_eq!(told(current_instrument().expect("two")), [2, 1]);
    drop(inner);
    assert_eq!(told(current_instrument().expect("one")), [1]);
}

#[test]
fn an_instrument_that_panics_is_reported_once_through_composites_too() {
    let events = crate::instrument::captured::Events::default();
    let samples = crate::instrument::samples::Samples::new();
    tracing::subscriber::with_default(events.subscriber(), || {
        let _outer = InHook(|| panic!("on purpose")).enter();
        let _inner = Heard::default().listener(1).enter();
        for _ in 0..3 {
            let both = current_instrument().expect("two");
            both.on_queue_put(&samples.on_queue_put());
        }
    });
    assert_eq!(events.take().len(), 1);
}
