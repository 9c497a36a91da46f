//! The commands of a page, and how they are run.

use backends::configuration_folder;
use integration_tests::wait_for_at_most;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What cargo compiles for a command takes its time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(900);

pub(crate) fn root() -> PathBuf {
    configuration_folder().join("..").canonicalize().unwrap()
}

/// A page below `docs/`.
pub(crate) fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// The commands of the blocks that are a console's.
pub(crate) fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    for block in page.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let lines = block.lines().filter_map(|line| line.strip_prefix("$ "));
        commands.extend(lines.map(String::from));
    }
    commands
}

fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    // What it starts is a group, of which Ctrl-C in a terminal would reach all.
    shell
        .args(["-c", &format!("exec env {command}")])
        .current_dir(root())
        .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
        .stdin(Stdio::null());
    shell
}

/// Runs a command that ends by itself, and returns what it prints.
pub(crate) fn run(command: &str) -> Result<String, String> {
    let output = shell(command).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {said}\n{complaint}", output.status))
}

/// A command that runs until it is told to end; it is when dropped.
pub(crate) struct Running {
    command: String,
    child: Child,
    output: PathBuf,
    _folder: tempfile::TempDir,
}

impl Running {
    /// Starts it and waits until it prints `ready`.
    pub(crate) fn start(command: &str, ready: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("output");
        let file = fs::File::create(&output).unwrap();
        let child = shell(command)
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let mut running = Self {
            command: command.into(),
            child,
            output,
            _folder: folder,
        };
        wait_for_at_most(PATIENCE, ready, || {
            let said = running.said();
            let ended = running.child.try_wait().unwrap();
            assert!(ended.is_none(), "{command} has ended: {said}");
            if said.contains(ready) {
                Ok(())
            } else {
                Err(said)
            }
        });
        running
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.output).unwrap()
    }

    /// Ends it as Ctrl-C does, and returns what it has printed.
    pub(crate) fn interrupt(mut self) -> String {
        self.send_interrupt();
        let status = self.child.wait().unwrap();
        let said = self.said();
        assert!(status.success(), "{}: {said}", self.command);
        said
    }

    fn send_interrupt(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "INT", &id]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Killed, it would leave running what it has started.
        if let Ok(None) = self.child.try_wait() {
            self.send_interrupt();
            let _ = self.child.wait();
        }
    }
}
