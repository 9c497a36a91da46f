//! Which hooks there are, and sets of them.

use super::event_loop_instrument::for_each_hook;
use std::fmt;

macro_rules! define_hook {
    ($($hook:ident = $name:ident: $metadata:ty,)*) => {
        /// A hook of [`EventLoopInstrument`](super::EventLoopInstrument).
        #[non_exhaustive]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Hook {
            $(
                #[doc = concat!(
                    "[`", stringify!($hook), "`](super::EventLoopInstrument::", stringify!($hook), ")"
                )]
                $name,
            )*
        }

        impl Hook {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name of its method.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($hook),)*
                }
            }
        }
    };
}

for_each_hook!(define_hook);

/// A set of hooks: those that an instrument [wants](super::EventLoopInstrument::wanted_hooks) to hear.
///
/// ```
/// use loopscope::instrument::{Hook, HookSet};
///
/// const QUEUES: HookSet = HookSet::of(&[Hook::QueueGet, Hook::QueuePut]);
/// assert!(QUEUES.contains(Hook::QueueGet));
/// assert!(!QUEUES.contains(Hook::SocketClose));
/// assert!(HookSet::ALL.difference(QUEUES).contains(Hook::SocketClose));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HookSet(u32);

impl HookSet {
    /// Every hook.
    pub const ALL: Self = Self::of(Hook::ALL);

    /// No hook.
    pub const NONE: Self = Self(0);

    /// These hooks.
    pub const fn of(hooks: &[Hook]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < hooks.len() {
            bits |= 1 << hooks[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// Whether a hook is among them.
    #[inline]
    pub const fn contains(self, hook: Hook) -> bool {
        self.0 & (1 << hook as u32) != 0
    }

    /// These and those.
    #[must_use]
    pub const fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those that are in both.
    #[must_use]
    pub const fn intersection(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// These, but for those.
    #[must_use]
    pub const fn difference(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// A bit for each, the highest two unused.
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }
}

const _: () = assert!(Hook::ALL.len() <= 30, "scopes use two bits of their own");

impl fmt::Debug for HookSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hooks = Hook::ALL.iter().filter(|hook| self.contains(**hook));
        f.debug_set().entries(hooks).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hook_has_a_place_of_its_own() {
        let mut seen = HookSet::NONE;
        for hook in Hook::ALL {
            assert!(!seen.contains(*hook));
            seen = seen.union(HookSet::of(&[*hook]));
        }
        assert_eq!(seen, HookSet::ALL);
        assert!(HookSet::ALL.difference(seen).is_empty());
    }

    #[test]
    fn a_set_shows_its_hooks() {
        let set = HookSet::of(&[Hook::TimerFired, Hook::QueueGet]);
        assert_eq!(format!("{set:?}"), "{QueueGet, TimerFired}");
        assert_eq!(Hook::TimerFired.name(), "on_timer_fired");
    }
}
