//! An instrument that was put in force, and what is known of it.

use super::super::text::Escape;
use super::super::{EventLoopInstrument, Hook, HookSet};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    /// How many entries have ended for all and are still on some stack.
    static ENDED: Cell<usize> = const { Cell::new(0) };
}

/// An instrument that was entered once; whatever stands for the same entry shares it.
pub(in crate::instrument) struct Entry {
    instrument: Rc<dyn EventLoopInstrument>,
    wanted: HookSet,
    /// The scope has ended on every stack, also on those that its guard could not reach.
    has_ended: Cell<bool>,
    has_panicked: Cell<bool>,
}

impl Entry {
    pub(in crate::instrument) fn new(instrument: Rc<dyn EventLoopInstrument>) -> Rc<Self> {
        Rc::new(Self {
            wanted: instrument.wanted_hooks(),
            instrument,
            has_ended: Cell::new(false),
            has_panicked: Cell::new(false),
        })
    }

    pub(super) fn instrument(&self) -> &Rc<dyn EventLoopInstrument> {
        &self.instrument
    }

    /// The hooks that the instrument wants to hear.
    pub(in crate::instrument) fn wanted(&self) -> HookSet {
        self.wanted
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }

    /// Ends the scope on every stack.
    pub(super) fn end(&self) {
        if !self.has_ended.replace(true) {
            ENDED.set(ENDED.get() + 1);
        }
    }

    /// Whether a stack may hold entries that have ended.
    #[inline]
    pub(super) fn any_has_ended() -> bool {
        ENDED.get() > 0
    }

    /// Calls a hook of the instrument, if it wants to hear it; a panic in it stays in it.
    #[inline]
    pub(in crate::instrument) fn call(
        &self,
        hook: Hook,
        call: impl FnOnce(&dyn EventLoopInstrument),
    ) {
        if !self.wanted.contains(hook) {
            return;
        }
        let call = AssertUnwindSafe(|| call(&*self.instrument));
        if let Err(payload) = catch_unwind(call) {
            PANICS.fetch_add(1, Ordering::Relaxed);
            if !self.has_panicked.replace(true) {
                tracing::error!(
                    target: "loopscope::instrument",
                    hook = hook.name(),
                    "an instrument panicked in its hook: {}. Its event is lost, the program goes \
                     on; further panics of this instrument are counted, not reported",
                    Escape(super::super::metadata::panic_message(&*payload))
                );
            }
            // A payload may panic when it is dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.has_ended.get() {
            ENDED.set(ENDED.get() - 1);
        }
    }
}

static PANICS: AtomicU64 = AtomicU64::new(0);

/// How many hooks have panicked in this process.
pub fn hook_panics() -> u64 {
    PANICS.load(Ordering::Relaxed)
}
