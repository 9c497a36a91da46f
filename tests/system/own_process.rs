//! A test in a process of its own: what it changes, or suffers, is the whole process's.

use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Output};

/// Set for the process that runs the body of a test.
const IS_BODY: &str = "LOOPSCOPE_TEST_BODY";

/// Runs the test that calls this once more, alone and by a program such as `strace` with its
/// options if `wrapper` has one; what came of that. None in the process where the test's body is to
/// run.
pub(crate) fn in_own_process(wrapper: &[&str]) -> Option<Output> {
    if std::env::var_os(IS_BODY).is_some() {
        return None;
    }
    let thread = std::thread::current();
    let test = thread.name().expect("a test's thread has its name");
    let program = std::env::current_exe().expect("a test has a path");
    let mut command = match wrapper {
        [] => Command::new(program),
        [wrapper, options @ ..] => {
            let mut command = Command::new(wrapper);
            command.args(options).arg(program);
            command
        }
    };
    let output = command
        .args(["--exact", test, "--nocapture"])
        .env(IS_BODY, "1")
        .output();
    let program = wrapper.first().copied().unwrap_or("this test");
    Some(output.unwrap_or_else(|error| {
        panic!("{program} cannot be run, without which this is not tested: {error}")
    }))
}

/// Says something to the process that looks at what the body prints.
pub(crate) fn tell(name: &str, value: impl std::fmt::Display) {
    // The test runner may be in the middle of a line.
    let told = writeln!(std::io::stdout(), "\ntold {name} {value}");
    told.expect("somebody reads it");
}

/// What was [told](tell), by name.
pub(crate) fn told(output: &Output) -> HashMap<String, u64> {
    let output = passed(output);
    let told = output.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("told ")?.split_once(' ')?;
        Some((name.into(), value.parse().ok()?))
    });
    told.collect()
}

/// Checks that the body has run and found nothing wrong, and returns what it printed.
pub(crate) fn passed(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    let passed = output.status.success() && said.contains("1 passed");
    assert!(passed, "{said}\n{complained}");
    said
}
