//! Several instruments as one.

use super::event_loop_instrument::for_each_hook;
use super::metadata::*;
use super::scope::Entry;
use super::{EventLoopInstrument, Hook, HookSet};
use std::fmt;
use std::rc::Rc;

/// Several instruments as one: each hears every event, in the order given.
///
/// Nested scopes need none: they are dispatched to in order by themselves. This is what
/// [`current_instrument`](super::current_instrument) returns where several are in force, and what
/// puts several in force at once. As with scopes, a member that panics loses its own event only.
///
/// ```
/// use loopscope::instrument::{CompositeInstrument, EnterScope, LogInstrument, PrintInstrument};
/// use std::rc::Rc;
///
/// let both = CompositeInstrument::new([
///     Rc::new(PrintInstrument::new()) as Rc<_>,
///     Rc::new(LogInstrument::new()) as Rc<_>,
/// ]);
/// let _scope = both.enter();
/// ```
pub struct CompositeInstrument {
    members: Vec<Rc<Entry>>,
}

impl CompositeInstrument {
    /// Makes one of several; by convention the innermost comes first.
    pub fn new(members: impl IntoIterator<Item = Rc<dyn EventLoopInstrument>>) -> Self {
        Self::of(members.into_iter().map(Entry::new).collect())
    }

    /// Makes one of what is in force.
    pub(super) fn of(members: Vec<Rc<Entry>>) -> Self {
        Self { members }
    }
}

impl fmt::Debug for CompositeInstrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompositeInstrument({} members)", self.members.len())
    }
}

macro_rules! dispatch_hooks {
    ($($hook:ident = $name:ident: $metadata:ty,)*) => {
        $(fn $hook(&self, metadata: &$metadata) {
            for member in &self.members {
                member.call(Hook::$name, |instrument| instrument.$hook(metadata));
            }
        })*
    };
}

impl EventLoopInstrument for CompositeInstrument {
    fn wanted_hooks(&self) -> HookSet {
        let wanted = self.members.iter().map(|member| member.wanted());
        wanted.fold(HookSet::NONE, HookSet::union)
    }

    for_each_hook!(dispatch_hooks);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::RecordingInstrument;
    use crate::instrument::samples::{HOOKS, Samples};

    #[test]
    fn every_member_hears_every_hook() {
        let members = [RecordingInstrument::new(), RecordingInstrument::new()];
        let both = CompositeInstrument::new(
            members
                .iter()
                .map(|member| Rc::new(member.clone()) as Rc<dyn EventLoopInstrument>),
        );
        Samples::new().fire_all(&both, |_| {});
        for member in members {
            member.assert_hooks(HOOKS);
        }
    }

    #[test]
    fn pointers_forward_every_hook() {
        let recorder = RecordingInstrument::new();
        Samples::new().fire_all(&Box::new(Rc::new(recorder.clone())), |_| {});
        recorder.assert_hooks(HOOKS);
    }

    #[test]
    fn a_member_that_panics_loses_its_event_alone() {
        struct Panics;
        impl EventLoopInstrument for Panics {
            fn on_queue_put(&self, _: &QueueMetadata<'_>) {
                panic!("on purpose");
            }
        }
        let recorder = RecordingInstrument::new();
        let both = CompositeInstrument::new([
            Rc::new(Panics) as Rc<dyn EventLoopInstrument>,
            Rc::new(recorder.clone()),
        ]);
        both.on_queue_put(&Samples::new().on_queue_put());
        recorder.assert_hooks(&["on_queue_put"]);
    }
}
