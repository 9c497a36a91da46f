//! One step of a longer command: a program that is run and has to succeed.

use crate::output::say;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or_else(|| Path::new("."))
}

/// Steps that are run one after the other, with what each took.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(String, f64)>,
}

impl Steps {
    /// Runs `cargo` with these arguments.
    pub(crate) fn cargo(&mut self, arguments: &[&str]) -> Result<(), String> {
        self.run("cargo", arguments, &[])
    }

    /// Runs a program in the workspace's root.
    pub(crate) fn run(
        &mut self,
        program: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<(), String> {
        let variables: String = environment
            .iter()
            .map(|(name, value)| format!("{name}='{value}' "))
            .collect();
        let line = format!("{variables}{program} {}", arguments.join(" "));
        say(&format!("\n$ {line}"));
        let start = now();
        let status = Command::new(program)
            .args(arguments)
            .envs(environment.iter().copied())
            .current_dir(root())
            .stdin(Stdio::null())
            .status()
            .map_err(|error| format!("`{program}` cannot be run: {error}"))?;
        if !status.success() {
            return Err(format!("`{line}` failed ({status})"));
        }
        self.done.push((line, start.elapsed().as_secs_f64()));
        Ok(())
    }

    /// Says what was done and how long each step took.
    pub(crate) fn summarize(&self) {
        say("");
        for (line, seconds) in &self.done {
            say(&format!("{seconds:7.1} s  {line}"));
        }
        let total: f64 = self
            .done
            .iter()
            .fold(0.0, |sum, (_, seconds)| sum + seconds);
        say(&format!("{total:7.1} s  in all: every step succeeded"));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "no event loop and no manual clock here"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
