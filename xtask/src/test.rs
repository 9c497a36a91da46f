//! All tests, and the servers that they need.

use crate::output::say;
use crate::step::{Steps, now};
use backends::Server;
use std::process::{Command, Stdio};

/// Builds the real servers, unless that was done before.
pub(crate) fn backends() -> Result<(), String> {
    for server in Server::ALL {
        let start = now();
        let programs = backends::build(server, |news| say(&format!("{server}: {news}")))
            .map_err(|error| error.to_string())?;
        let seconds = start.elapsed().as_secs_f64();
        for program in programs {
            say(&format!("{server}: {} ({seconds:.1} s)", program.display()));
        }
    }
    Ok(())
}

/// Sees to the programs that tests are run by.
fn tools() -> Result<(), String> {
    let runs = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let strace = || runs("strace", &["--version"]);
    // On a machine that is there for this, such as a container, the packages are its own.
    if strace() || runs("apt-get", &["install", "--yes", "strace"]) && strace() {
        return Ok(());
    }
    Err(
        "tests hold the loop against the system's calls with strace: install it, as with \
         `sudo apt-get install strace`"
            .into(),
    )
}

/// Runs all tests.
pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::default();
    all(&mut steps)?;
    steps.summarize();
    Ok(())
}

/// All tests as steps of something longer.
pub(crate) fn all(steps: &mut Steps) -> Result<(), String> {
    backends()?;
    tools()?;
    steps.run(
        "cargo",
        &["test", "--workspace", "--all-features"],
        &[("LOOPSCOPE_SOAK_SECONDS", "60")],
    )?;
    // What remains without any feature is tested too.
    steps.cargo(&[
        "test",
        "--package",
        "loopscope",
        "--no-default-features",
        "--features",
        "testing",
    ])
}
