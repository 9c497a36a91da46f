//! A test in a process of its own: what it changes, or suffers, is the whole process's.

use crate::skipped::skipped;
use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Output};

/// Set for the process that runs the body of a test.
const IS_BODY: &str = "LOOPSCOPE_TEST_BODY";

/// Runs `body` in a process of its own: the test that calls this is run once more there, alone and
/// by a program such as `strace` with its options if `wrapper` has one.
///
/// What came of that; none in the process of the body, and where strace cannot trace.
pub(crate) fn in_own_process(wrapper: &[&str], body: impl FnOnce()) -> Option<Output> {
    if std::env::var_os(IS_BODY).is_some() {
        body();
        return None;
    }
    let thread = std::thread::current();
    let test = thread.name().expect("a test's thread has its name");
    let program = std::env::current_exe().expect("a test has a path");
    let mut command = match wrapper {
        [] => Command::new(program),
        [wrapper, options @ ..] => {
            if !can_trace(wrapper) {
                return None;
            }
            let mut command = Command::new(wrapper);
            command.args(options).arg(program);
            command
        }
    };
    let output = command
        .args(["--exact", test, "--nocapture"])
        .env(IS_BODY, "1")
        .output();
    Some(output.expect("the test can be run again"))
}

/// Whether strace is there and this machine lets it trace; not every container does.
fn can_trace(strace: &str) -> bool {
    let tried = Command::new(strace)
        .args(["--output=/dev/null", "true"])
        .output();
    let problem = match tried {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    skipped(&format!("{strace} cannot trace: {}", problem.trim()));
    false
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
