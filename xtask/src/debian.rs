//! Programs of the system that some checks are made with.

use std::process::{Command, Stdio};

/// Whether a program is there, or could be installed: on a machine that is there for this, such as
/// a container, the packages are its own. The package has the program's name.
pub(crate) fn has(program: &str) -> bool {
    let is_there = || runs(program, &["--version"]);
    let install = || runs("apt-get", &["install", "--yes", program]);
    // Of a fresh machine the lists of packages may be missing.
    is_there() || (install() || runs("apt-get", &["update"]) && install()) && is_there()
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
