//! An instrument that hears less.

use super::event_loop_instrument::for_each_hook;
use super::metadata::*;
use super::{EventLoopInstrument, Hook, HookSet};

/// An instrument that hears only some of the hooks that it wants.
///
/// The others cost what they cost where nobody listens, unless another instrument wants them.
///
/// ```
/// use loopscope::instrument::{EnterScope, FilteredInstrument, Hook, HookSet, PrintInstrument};
///
/// let connections = HookSet::of(&[Hook::SocketOpen, Hook::SocketClose]);
/// let _scope = FilteredInstrument::new(PrintInstrument::new(), connections).enter();
/// ```
#[derive(Debug, Clone)]
pub struct FilteredInstrument<I> {
    instrument: I,
    hooks: HookSet,
}

impl<I: EventLoopInstrument> FilteredInstrument<I> {
    /// `instrument`, but for all that is not among `hooks`.
    pub fn new(instrument: I, hooks: HookSet) -> Self {
        Self { instrument, hooks }
    }
}

macro_rules! forward_wanted_hooks {
    ($($hook:ident = $name:ident: $metadata:ty,)*) => {
        $(fn $hook(&self, metadata: &$metadata) {
            if self.hooks.contains(Hook::$name) {
                self.instrument.$hook(metadata);
            }
        })*
    };
}

impl<I: EventLoopInstrument> EventLoopInstrument for FilteredInstrument<I> {
    fn wanted_hooks(&self) -> HookSet {
        self.instrument.wanted_hooks().intersection(self.hooks)
    }

    for_each_hook!(forward_wanted_hooks);
}
