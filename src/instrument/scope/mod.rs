//! Which instruments are in force: a stack that belongs to the task.
//!
//! The stack is a persistent linked list, so that a task can share its spawner's for the price of
//! one pointer, and so that switching tasks swaps one pointer. The thread holds the stack of the
//! task that runs; outside of tasks it is the thread's own.

use super::hooks::current_task;
use super::{CompositeInstrument, EventLoopInstrument, Hook, HookSet, TaskId};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::rc::Rc;

mod entry;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

pub(super) use entry::Entry;
pub use entry::hook_panics;

/// The stack of instruments in force at some moment; never empty.
#[derive(Clone)]
pub(crate) struct Stack(Rc<Node>);

struct Node {
    entry: Rc<Entry>,
    /// What this entry and those below it want to hear.
    wanted: HookSet,
    outer: Option<Stack>,
}

/// What is in force, as hook sites ask it, in one word: which hooks the instruments want to hear, and
/// these two.
type Heard = u32;
/// Instruments listen, to whatever. While a hook runs they do not, nor want any: what it does is not
/// heard.
const LISTENING: Heard = 1 << 30;
/// There is a stack.
const STACKED: Heard = 1 << 31;

thread_local! {
    // Without destructors, so that they are read without a check: who enters a scope leaves it.
    static CURRENT: RefCell<ManuallyDrop<Option<Stack>>> =
        const { RefCell::new(ManuallyDrop::new(None)) };
    static HEARD: Cell<Heard> = const { Cell::new(0) };
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
    // How many futures with an instrument are being polled, one inside of the other.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Whether anyone listens.
#[inline]
pub(crate) fn in_force() -> bool {
    HEARD.get() & LISTENING != 0
}

/// Whether anyone listens to one of these hooks: the one check that a hook site costs when nobody
/// does.
#[inline]
pub(crate) fn is_wanted(hooks: HookSet) -> bool {
    HEARD.get() & hooks.bits() != 0
}

/// The stack in force, where anyone listens.
#[inline]
pub(crate) fn current() -> Option<Stack> {
    if in_force() { top() } else { None }
}

/// The stack in force, also in a hook.
#[inline]
pub(super) fn top() -> Option<Stack> {
    if Entry::any_has_ended() {
        forget_ended();
    }
    CURRENT.with_borrow(|current| Option::clone(current))
}

/// Takes what has ended out of the stack in force.
#[cold]
fn forget_ended() {
    let stack = CURRENT.with_borrow(|current| Option::clone(current));
    if let Some(stack) = stack
        && stack.nodes().any(|node| node.entry.has_ended())
    {
        // The old stack is dropped after the new one is in place: an instrument's own drop may do
        // anything.
        let _old = swap(stack.without(&Entry::has_ended));
    }
}

/// Puts a task's stack in force and returns the one that was.
#[inline]
pub(crate) fn swap(stack: Option<Stack>) -> Option<Stack> {
    // Most often nothing takes the place of nothing.
    if stack.is_none() && HEARD.get() & STACKED == 0 {
        return None;
    }
    swap_some(stack)
}

fn swap_some(stack: Option<Stack>) -> Option<Stack> {
    HEARD.set(heard_by(stack.as_ref()));
    ManuallyDrop::into_inner(CURRENT.replace(ManuallyDrop::new(stack)))
}

/// What is heard where this stack is in force.
#[inline]
fn heard_by(stack: Option<&Stack>) -> Heard {
    match stack {
        Some(_) if IN_HOOK.get() => STACKED,
        Some(stack) => STACKED | LISTENING | stack.0.wanted.bits(),
        None => 0,
    }
}

/// Notes that a future with scopes of its own is polled.
pub(super) fn enter_future() {
    DEPTH.set(DEPTH.get() + 1);
}

/// Notes that the poll of such a future has ended.
pub(super) fn leave_future() {
    DEPTH.set(DEPTH.get() - 1);
}

impl Node {
    fn new(entry: Rc<Entry>, outer: Option<Stack>) -> Rc<Self> {
        let below = outer.as_ref().map_or(HookSet::NONE, |outer| outer.0.wanted);
        let wanted = entry.wanted().union(below);
        Rc::new(Self {
            entry,
            wanted,
            outer,
        })
    }
}

impl Stack {
    pub(crate) fn push(instrument: Rc<dyn EventLoopInstrument>, outer: Option<Self>) -> Self {
        Self(Node::new(Entry::new(instrument), outer))
    }

    /// `instrument` on top of the stack in force.
    pub(crate) fn on_current(instrument: Rc<dyn EventLoopInstrument>) -> Self {
        Self::push(instrument, top())
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        std::iter::successors(Some(&*self.0), |node| {
            node.outer.as_ref().map(|stack| &*stack.0)
        })
    }

    /// Calls a hook of every instrument, the innermost first. A panic stays with its instrument.
    #[inline]
    pub(crate) fn fire(&self, hook: Hook, call: impl Fn(&dyn EventLoopInstrument)) {
        if self.0.wanted.contains(hook) {
            self.fire_wanted(hook, call);
        }
    }

    fn fire_wanted(&self, hook: Hook, call: impl Fn(&dyn EventLoopInstrument)) {
        let _silence = Silence::begin();
        let mut node = &*self.0;
        loop {
            node.entry.call(hook, &call);
            match &node.outer {
                Some(outer) => node = &outer.0,
                None => return,
            }
        }
    }

    /// As [`fire`](Self::fire), telling each call also whether its instrument is part of `base`.
    pub(crate) fn fire_since(
        &self,
        base: Option<&Self>,
        hook: Hook,
        call: impl Fn(&dyn EventLoopInstrument, bool),
    ) {
        if !self.0.wanted.contains(hook) {
            return;
        }
        let _silence = Silence::begin();
        for node in self.nodes() {
            let entry = &node.entry;
            entry.call(hook, |instrument| {
                let since = base.is_some_and(|base| base.contains(entry));
                call(instrument, since);
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
        Some(Self(Node::new(self.0.entry.clone(), outer)))
    }

    /// This stack without the entries that are `unwanted`, wherever they are in it.
    fn without(&self, unwanted: &dyn Fn(&Entry) -> bool) -> Option<Self> {
        let outer = self.0.outer.as_ref();
        let kept = outer.and_then(|outer| outer.without(unwanted));
        if unwanted(&self.0.entry) {
            return kept;
        }
        // What is below stays shared where nothing was taken out of it.
        let is_same = match (&kept, outer) {
            (Some(kept), Some(outer)) => Rc::ptr_eq(&kept.0, &outer.0),
            (kept, outer) => kept.is_none() && outer.is_none(),
        };
        if is_same {
            return Some(self.clone());
        }
        Some(Self(Node::new(self.0.entry.clone(), kept)))
    }
}

/// While it lives, hooks fire nothing.
struct Silence {
    is_outermost: bool,
}

impl Silence {
    #[inline]
    fn begin() -> Self {
        HEARD.set(HEARD.get() & STACKED);
        Self {
            is_outermost: !IN_HOOK.replace(true),
        }
    }
}

impl Drop for Silence {
    #[inline]
    fn drop(&mut self) {
        if self.is_outermost {
            IN_HOOK.set(false);
            // The hook may have entered or left a scope.
            HEARD.set(CURRENT.with_borrow(|current| heard_by(current.as_ref())));
        }
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
    let stack = top()?;
    if stack.0.outer.is_none() {
        return Some(stack.0.entry.instrument().clone());
    }
    let entries = stack.nodes().map(|node| node.entry.clone());
    Some(Rc::new(CompositeInstrument::of(entries.collect())))
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
        let outer = ManuallyDrop::into_inner(CURRENT.take());
        let stack = Stack::push(instrument, outer);
        let entry = stack.0.entry.clone();
        swap(Some(stack));
        Scope {
            entry,
            home: Home::here(),
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
/// Scopes may be dropped in any order: each takes away its own instrument and no other. Dropped
/// where it was entered, in the same task and future, it leaves the scope to the tasks that have
/// inherited it. Dropped anywhere else it ends the scope for all of them.
///
/// An instrument that was told of a start is told of its end, also where its scope has ended
/// meanwhile: of an operation under way, a socket that is open, a task that it saw spawned.
#[must_use = "the scope ends when the guard is dropped: bind it to a variable"]
pub struct Scope {
    entry: Rc<Entry>,
    home: Home,
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
        // Elsewhere, or at the end of the thread, the stack that holds the entry is out of reach.
        if Home::here() != self.home {
            self.entry.end();
        }
        let Some(stack) = CURRENT.with_borrow(|current| Option::clone(current)) else {
            return self.entry.end();
        };
        if stack.contains(&self.entry) {
            let is_own = |entry: &Entry| std::ptr::eq(entry, &*self.entry);
            // As above, the old stack is dropped last.
            let _old = swap(stack.without(&is_own));
        } else {
            self.entry.end();
        }
    }
}

/// Where a scope was entered: in which task, and how deep in futures with scopes of their own.
#[derive(PartialEq, Eq)]
struct Home {
    task: Option<TaskId>,
    depth: usize,
}

impl Home {
    fn here() -> Self {
        Self {
            task: current_task().map(|task| task.id()),
            depth: DEPTH.get(),
        }
    }
}
