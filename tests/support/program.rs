//! An example that is run and driven as its user does: from the outside.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

/// A program that runs; killed when dropped.
pub(crate) struct Program {
    child: Child,
    output: BufReader<ChildStdout>,
    errors: BufReader<ChildStderr>,
}

impl Program {
    pub(crate) fn start(example: &str, arguments: &[&str], environment: &[(&str, String)]) -> Self {
        let mut child = Command::new(path(example))
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example is built: cargo build --examples --all-features");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let errors = BufReader::new(child.stderr.take().expect("it is piped"));
        Self {
            child,
            output,
            errors,
        }
    }

    /// The next line that it prints, which begins with `prefix`, without that.
    pub(crate) fn says(&mut self, prefix: &str) -> String {
        let line = read_line(&mut self.output);
        match line.strip_prefix(prefix) {
            Some(rest) => rest.into(),
            None => panic!(
                "{line:?} instead of {prefix:?}; it complains: {}",
                self.complaints()
            ),
        }
    }

    /// The next line that it prints to stderr; empty when it has ended.
    pub(crate) fn complains(&mut self) -> String {
        read_line(&mut self.errors)
    }

    /// Sends it a signal: `TERM`, `USR1`.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("there is kill").success());
    }

    /// What it prints until it ends, and how it ends.
    pub(crate) fn end(mut self) -> (String, ExitStatus) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("it is text");
        (rest, self.child.wait().expect("it ends"))
    }

    fn complaints(&mut self) -> String {
        let _ = self.child.kill();
        let mut complaints = String::new();
        self.errors
            .read_to_string(&mut complaints)
            .expect("it is text");
        complaints
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_line(output: &mut impl BufRead) -> String {
    let mut line = String::new();
    output.read_line(&mut line).expect("it is text");
    line.trim_end().into()
}

/// Examples are beside the folder of the tests.
pub(crate) fn path(example: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let target = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    target.join("examples").join(example)
}
