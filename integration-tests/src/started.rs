//! Starting a server for a test, which fails where that does.

use backends::Process;
use std::ffi::OsStr;
use std::path::Path;
use tempfile::TempDir;

/// A folder for a server's files.
pub(crate) fn folder() -> TempDir {
    TempDir::new().unwrap_or_else(|error| panic!("no folder for a server's files: {error}"))
}

/// Ports that nobody uses now.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    backends::free_ports().unwrap_or_else(|error| panic!("no free port: {error}"))
}

/// Starts a server in its folder and waits until `ready` is answered with success.
pub(crate) fn start<A: AsRef<OsStr>>(
    name: &str,
    program: &Path,
    arguments: impl IntoIterator<Item = A>,
    folder: &TempDir,
    ready: &str,
) -> Process {
    let started = Process::start(name, program, arguments, &[], folder.path());
    let mut process = started.unwrap_or_else(|error| panic!("{error}"));
    let answered = process.wait_until(|| crate::http::get(ready).is_ok());
    answered.unwrap_or_else(|error| panic!("{error}"));
    process
}
