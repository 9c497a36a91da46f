//! What was fired, for tests.

use super::EventLoopInstrument;

/// Records every event.
#[derive(Debug, Default)]
pub struct RecordingInstrument {}

/// One event.
#[derive(Debug)]
pub struct Recorded {}

impl EventLoopInstrument for RecordingInstrument {}
