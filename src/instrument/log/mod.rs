//! Structured events for logs.

mod events;
#[cfg(test)]
mod tests;

/// Emits a `tracing` event at debug level for each event, with its facts as fields.
///
/// Targets: `loopscope::socket`, under it `loopscope::socket::dns` for names that are looked up,
/// `loopscope::tls`, `loopscope::queue`, `loopscope::task` and `loopscope::loop`. Fields, where they
/// apply: `task.id` and `task.name`, `socket` (its number), `peer`, `local`, `size` in bytes,
/// `immediate`, `duration` in seconds, `error` and `error.type`. Where no `tracing` subscriber is
/// set, the events reach the `log` crate's logger. Where nobody wants an event, it costs one check.
///
/// Payloads are private: their sizes are logged, and their first bytes where a
/// [`preview`](Self::preview) is asked for. An item of a queue is logged as its `Debug` shows it,
/// its beginning if it is long; items that must not be shown belong into an `opaque` queue. Whatever
/// a peer has a say in is escaped, as [`PrintInstrument`](super::PrintInstrument) does.
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::instrument::{EnterScope, LogInstrument};
///
/// let _scope = LogInstrument::new().enter();
/// EventLoop::new()?.run_until_complete(async { /* … */ });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct LogInstrument {
    preview: usize,
}

impl LogInstrument {
    /// Logs sizes only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Logs also the first `bytes` bytes of what is sent and received.
    #[must_use]
    pub fn preview(mut self, bytes: usize) -> Self {
        self.preview = bytes;
        self
    }
}
