//! Which instruments are in force: a stack that belongs to the task.
//!
//! The stack is a persistent linked list, so that a task can share its spawner's for the price of
//! one pointer, and so that switching tasks swaps one pointer. The thread holds the stack of the
//! task that runs; outside of tasks it is the thread's own.

use super::{CompositeInstrument, EventLoopInstrument};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The stack of instruments in force at some moment; never empty.
#[derive(Clone)]
pub(crate) struct Stack(Rc<Node>);

struct Node {
    entry: Rc<Entry>,
    outer: Option<Stack>,
}

/// An instrument that was entered once; nodes that stand for the same entry share it.
struct Entry {
    instrument: Rc<dyn EventLoopInstrument>,
    /// The guard was dropped where this stack was out of its reach.
    left: Cell<bool>,
    panicked: Cell<bool>,
}

/// Nothing in force.
const IDLE: u8 = 0;
/// Instruments are in force.
const IN_FORCE: u8 = 1;
/// A hook runs; whatever it does is not heard.
const IN_HOOK: u8 = 2;

thread_local! {
    static CURRENT: RefCell<Option<Stack>> = const { RefCell::new(None) };
    // Apart from CURRENT, since a thread-local without a destructor is read without a check.
    static STATE: Cell<u8> = const { Cell::new(IDLE) };
}

/// Whether anyone listens: the one check that a hook site costs when nobody does.
#[inline]
pub(crate) fn in_force() -> bool {
    STATE.get() == IN_FORCE
}

/// The stack in force, where anyone listens.
#[inline]
pub(crate) fn current() -> Option<Stack> {
    if in_force() {
        CURRENT.with_borrow(Clone::clone)
    } else {
        None
    }
}

/// Puts a task's stack in force and returns the one that was.
#[inline]
pub(crate) fn swap(stack: Option<Stack>) -> Option<Stack> {
    set_in_force(stack.is_some());
    CURRENT.replace(stack)
}

fn set_in_force(yes: bool) {
    STATE.set(STATE.get() & IN_HOOK | if yes { IN_FORCE } else { IDLE });
}

impl Stack {
    pub(crate) fn push(instrument: Rc<dyn EventLoopInstrument>, outer: Option<Self>) -> Self {
        let entry = Entry {
            instrument,
            left: Cell::new(false),
            panicked: Cell::new(false),
        };
        Self(Rc::new(Node {
            entry: Rc::new(entry),
            outer,
        }))
    }

    /// `instrument` on top of the stack in force.
    pub(crate) fn on_current(instrument: Rc<dyn EventLoopInstrument>) -> Self {
        Self::push(instrument, current())
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        std::iter::successors(Some(&*self.0), |node| {
            node.outer.as_ref().map(|stack| &*stack.0)
        })
    }

    /// Calls a hook of every instrument, the innermost first. A panic stays with its instrument.
    #[inline]
    pub(crate) fn fire(&self, hook: &'static str, call: impl Fn(&dyn EventLoopInstrument)) {
        self.fire_since(None, hook, |instrument, _| call(instrument));
    }

    /// As [`fire`](Self::fire), telling each call also whether its instrument is part of `base`.
    pub(crate) fn fire_since(
        &self,
        base: Option<&Self>,
        hook: &'static str,
        call: impl Fn(&dyn EventLoopInstrument, bool),
    ) {
        let _silence = Silence::begin();
        for node in self.nodes() {
            let entry = &node.entry;
            if entry.left.get() {
                continue;
            }
            isolate(hook, &entry.panicked, || {
                let since = base.is_some_and(|base| base.contains(entry));
                call(&*entry.instrument, since);
            });
        }
    }

    fn contains(&self, entry: &Rc<Entry>) -> bool {
        self.nodes().any(|node| Rc::ptr_eq(&node.entry, entry))
    }

    /// The part of this stack that `other` lacks; none where `other` lies on top of it.
    pub(super) fn not_in(&self, other: Option<&Self>) -> Option<Self> {
        let lies_on = |other: &Self| other.nodes().any(|node| std::ptr::eq(node, &*self.0));
        if other.is_some_and(lies_on) {
            return None;
        }
        let outer = self.0.outer.as_ref().and_then(|outer| outer.not_in(other));
        if other.is_some_and(|other| other.contains(&self.0.entry)) {
            return outer;
        }
        Some(Self(Rc::new(Node {
            entry: self.0.entry.clone(),
            outer,
        })))
    }

    /// This stack without one entry, wherever it is in it.
    fn without(&self, entry: &Rc<Entry>) -> Option<Self> {
        let outer = self.0.outer.as_ref();
        if Rc::ptr_eq(&self.0.entry, entry) {
            return outer.cloned();
        }
        let outer = outer.and_then(|outer| outer.without(entry));
        Some(Self(Rc::new(Node {
            entry: self.0.entry.clone(),
            outer,
        })))
    }
}

/// Calls a hook so that a panic in it stays in it.
pub(super) fn isolate(hook: &'static str, reported: &Cell<bool>, call: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(call)) {
        PANICS.fetch_add(1, Ordering::Relaxed);
        if !reported.replace(true) {
            tracing::error!(
                target: "loopscope::instrument",
                hook,
                "an instrument panicked in its hook: {}. Its event is lost, the program goes on; \
                 further panics of this instrument are counted, not reported",
                super::metadata::panic_message(&*payload)
            );
        }
        // A payload may panic when it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    }
}

static PANICS: AtomicU64 = AtomicU64::new(0);

/// How many hooks have panicked in this process.
pub fn hook_panics() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

/// While it lives, hooks fire nothing.
struct Silence(u8);

impl Silence {
    #[inline]
    fn begin() -> Self {
        let before = STATE.get();
        STATE.set(before | IN_HOOK);
        Self(before & IN_HOOK)
    }
}

impl Drop for Silence {
    #[inline]
    fn drop(&mut self) {
        // The hook may have entered or left a scope: that bit stays as it is.
        STATE.set(STATE.get() & !IN_HOOK | self.0);
    }
}

/// What is in force here: nothing, the one instrument, or the composite of several.
///
/// ```
/// use loopscope::instrument::{EnterScope, PrintInstrument, current_instrument};
///
/// assert!(current_instrument().is_none());
/// let _scope = PrintInstrument::new().enter();
/// assert!(current_instrument().is_some());
/// ```
pub fn current_instrument() -> Option<Rc<dyn EventLoopInstrument>> {
    let stack = CURRENT.with_borrow(Clone::clone)?;
    let mut in_force = stack
        .nodes()
        .map(|node| &node.entry)
        .filter(|entry| !entry.left.get());
    let first = in_force.next()?.instrument.clone();
    let others: Vec<_> = in_force.map(|entry| entry.instrument.clone()).collect();
    if others.is_empty() {
        return Some(first);
    }
    Some(Rc::new(CompositeInstrument::new(
        std::iter::once(first).chain(others),
    )))
}

/// Ways to put an instrument in force; every instrument has them.
pub trait EnterScope: EventLoopInstrument + Sized + 'static {
    /// Puts the instrument in force until the guard is dropped.
    ///
    /// The scope is that of the task that runs, or of the thread outside of tasks. Held across an
    /// `.await` it is in force in that task alone; tasks spawned meanwhile inherit it for their
    /// whole life.
    #[must_use = "the scope ends when the guard is dropped: bind it to a variable"]
    fn enter(self) -> Scope {
        let instrument: Rc<dyn EventLoopInstrument> = Rc::new(self);
        let outer = CURRENT.take();
        let stack = Stack::push(instrument, outer);
        let entry = stack.0.entry.clone();
        swap(Some(stack));
        Scope {
            entry,
            _not_send: PhantomData,
        }
    }

    /// Runs `f` with the instrument in force.
    fn in_scope<R>(self, f: impl FnOnce() -> R) -> R {
        let _scope = self.enter();
        f()
    }
}

impl<T: EventLoopInstrument + 'static> EnterScope for T {}

/// The scope in which an instrument is in force; it ends when this is dropped.
///
/// Scopes may be dropped in any order: each takes away its own instrument and no other. One that
/// is dropped outside of the task that entered it ends for the tasks spawned under it as well.
#[must_use = "the scope ends when the guard is dropped: bind it to a variable"]
pub struct Scope {
    entry: Rc<Entry>,
    /// The scope is the thread's, so the guard stays on it.
    _not_send: PhantomData<*const ()>,
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let current = CURRENT.try_with(|current| current.try_borrow().ok()?.clone());
        match current {
            Ok(Some(stack)) if stack.contains(&self.entry) => {
                // The old stack is dropped after the new one is in place: an instrument's own
                // drop may do anything.
                let _old = swap(stack.without(&self.entry));
            }
            _ => self.entry.left.set(true),
        }
    }
}
