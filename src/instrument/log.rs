//! Structured events.

use super::EventLoopInstrument;

/// Emits a `tracing` event for each event.
#[derive(Debug, Default)]
pub struct LogInstrument {}

impl LogInstrument {
    /// Logs sizes only.
    pub fn new() -> Self {
        Self {}
    }
}

impl EventLoopInstrument for LogInstrument {}
