//! What each hook is told: one struct a hook, borrowed for the call.
//!
//! All fields are public; a loop that fires hooks makes a value with `new` and sets the optional
//! fields afterwards.

mod event_loop;
mod queue;
mod socket;
mod task;
mod tls;

pub use event_loop::{LoopInfo, LoopParkMetadata, LoopUnparkMetadata, TimerFiredMetadata};
pub use queue::QueueMetadata;
pub use socket::{
    DnsLookupReadyMetadata, DnsLookupStartMetadata, InstrumentationMetadata,
    ReadySocketInstrumentationMetadata, SocketConnectReadyMetadata, SocketConnectStartMetadata,
    SocketErrorMetadata, SocketOperation, SocketRecvDataMetadata, SocketSendDataMetadata,
};
pub(crate) use task::panic_message;
pub use task::{
    TaskAfterSendMetadata, TaskAfterThrowMetadata, TaskEndMetadata, TaskErrorMetadata, TaskFailure,
    TaskSendMetadata, TaskSpawnedMetadata, TaskThrowMetadata,
};
pub use tls::{TlsHandshakeErrorMetadata, TlsHandshakeMetadata, TlsSession};
