//! Instruments: what hears the loop, and the scopes in which it does.
//!
//! An [`EventLoopInstrument`] has a hook for everything that can happen on a loop; this module
//! defines the hooks, what they are told, which instruments are in force where, and the instruments
//! that need nothing but this crate: [`PrintInstrument`], [`LogInstrument`] and
//! [`CompositeInstrument`]. It knows nothing of the loop: another one can fire the same hooks
//! through [`current_instrument`].

#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod bench;
#[cfg(test)]
mod captured;
mod command;
mod composite;
mod event_loop_instrument;
mod failure;
mod filtered;
mod hook_set;
pub(crate) mod hooks;
mod log;
mod metadata;
mod print;
mod queue;
#[cfg(any(test, feature = "testing"))]
mod recorder;
#[cfg(test)]
mod samples;
pub(crate) mod scope;
mod slots;
mod socket;
mod sync;
mod task;
mod text;
mod with_instrument;

pub use command::{Command, Resumption, TaskException};
pub use composite::CompositeInstrument;
pub use event_loop_instrument::EventLoopInstrument;
pub(crate) use failure::ClassifiedError;
pub use failure::{ErrorType, Failure};
pub use filtered::FilteredInstrument;
pub use hook_set::{Hook, HookSet};
pub use log::LogInstrument;
pub(crate) use metadata::panic_message;
pub use metadata::*;
pub use print::PrintInstrument;
pub use queue::{QueueId, QueueInfo};
#[cfg(any(test, feature = "testing"))]
pub use recorder::{Recorded, RecordingInstrument};
pub use scope::{EnterScope, Scope, current_instrument, hook_panics};
pub use slots::{SlotKey, Slots};
pub use socket::{Address, SocketHandle, SocketId, SocketRole, Transport};
pub use sync::{SyncId, SyncInfo};
pub use task::{TaskId, TaskInfo};
pub use with_instrument::{WithInstrument, WithInstrumentExt};
