//! Where lines go.

use std::fmt;
use std::io::{self, Write};

/// A writer of whole lines.
pub(super) struct Output<W> {
    writer: W,
    /// A line is gathered here, so that it is written by one call and stays whole among what
    /// others write.
    line: Vec<u8>,
    has_failed: bool,
}

impl<W: Write> Output<W> {
    pub(super) fn new(writer: W) -> Self {
        Self {
            writer,
            line: Vec::new(),
            has_failed: false,
        }
    }

    /// Writes a line; returns the error if it is the first.
    pub(super) fn write_line(&mut self, line: fmt::Arguments<'_>) -> Option<io::Error> {
        self.line.clear();
        let written =
            writeln!(self.line, "{line}").and_then(|()| self.writer.write_all(&self.line));
        let error = written.err()?;
        let is_first = !std::mem::replace(&mut self.has_failed, true);
        is_first.then_some(error)
    }
}
