//! What the commands say.

use std::io::Write;

/// Says a line to whoever runs the command; in colours where these are shown.
pub(crate) fn say(line: &str) {
    // Whoever closed the pipe does not want to know.
    let _ = writeln!(anstream::stdout(), "{line}");
}

/// Says what is wrong.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
