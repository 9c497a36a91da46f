//! On which core a program runs.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Keeps this thread, and what it starts, on one core; false where it may not run there.
pub(crate) fn pin(core: usize) -> bool {
    let mut only = CpuSet::new();
    only.set(core).is_ok() && sched_setaffinity(Pid::from_raw(0), &only).is_ok()
}

/// Whether threads like this one may be kept on a core.
pub(crate) fn can_pin(core: usize) -> bool {
    let allowed = sched_getaffinity(Pid::from_raw(0));
    allowed.is_ok_and(|allowed| allowed.is_set(core).unwrap_or(false))
}
