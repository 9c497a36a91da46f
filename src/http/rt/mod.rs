//! hyper's runtime traits on this loop, for programs that drive hyper themselves.
//!
//! [`Server`](super::Server) and [`Client`](super::Client) are built on these.

mod executor;
mod io;
mod sleeps;
mod stall;
mod timer;

pub use executor::LoopExecutor;
pub use io::LoopIo;
pub use timer::LoopTimer;

pub(super) use stall::Stall;
