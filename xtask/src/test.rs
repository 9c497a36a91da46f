//! All tests, and the servers that they need.

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
    steps.cargo(&["test", "--workspace", "--all-features"])?;
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
