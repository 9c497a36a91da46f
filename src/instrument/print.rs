//! Lines for people.

use super::EventLoopInstrument;
use std::io::{Stdout, Write};

/// Prints a line for each event.
#[derive(Debug)]
pub struct PrintInstrument<W = Stdout> {
    writer: std::cell::RefCell<W>,
}

impl PrintInstrument {
    /// Prints to stdout.
    #[expect(clippy::new_without_default, reason = "stub")]
    pub fn new() -> Self {
        Self {
            writer: std::cell::RefCell::new(std::io::stdout()),
        }
    }
}

impl<W: Write> EventLoopInstrument for PrintInstrument<W> {}
