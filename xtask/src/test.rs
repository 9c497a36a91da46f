//! All tests, and the servers that they need.

use crate::debian;
use crate::output::say;
use crate::step::{Steps, now};
use backends::Server;

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

/// Sees to strace, by which some tests are run.
fn strace() {
    if !debian::has("strace") {
        say(
            "\nstrace is not there: what the loop's system calls did is not tested. \
             `sudo apt-get install strace` enables that",
        );
    }
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
    strace();
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
