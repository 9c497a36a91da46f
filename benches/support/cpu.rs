//! What the kernel accounts to this process.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use std::io;
use std::ops::{AddAssign, Sub};
use std::time::Duration;

/// Time on the processor.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CpuTime {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
}

impl CpuTime {
    /// What this process has spent since its start.
    pub(crate) fn of_process() -> io::Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        Ok(Self {
            user: duration(usage.user_time()),
            system: duration(usage.system_time()),
        })
    }

    pub(crate) fn total(self) -> Duration {
        self.user + self.system
    }
}

impl AddAssign for CpuTime {
    fn add_assign(&mut self, more: Self) {
        self.user += more.user;
        self.system += more.system;
    }
}

impl Sub for CpuTime {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

fn duration(time: TimeVal) -> Duration {
    let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
