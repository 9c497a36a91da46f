//! A server's process.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A process with a folder of its own for its files, killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    folder: TempDir,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("id", &self.child.id())
            .finish_non_exhaustive()
    }
}

/// A folder for a server's files.
pub(crate) fn folder() -> TempDir {
    TempDir::new().unwrap_or_else(|error| panic!("no folder for a server's files: {error}"))
}

impl Process {
    /// Starts a program in `folder`, where what it says goes as well.
    pub(crate) fn start<A: AsRef<OsStr>>(
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        folder: TempDir,
        environment: &[(&str, String)],
    ) -> Self {
        let log = folder.path().join("log.txt");
        let child = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .and_then(|file| Ok((file.try_clone()?, file)))
            .and_then(|(out, err)| {
                Command::new(program)
                    .args(arguments)
                    .envs(environment.iter().map(|(name, value)| (name, value)))
                    .current_dir(folder.path())
                    .stdin(Stdio::null())
                    .stdout(out)
                    .stderr(err)
                    .spawn()
            })
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
        Self { child, log, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends the process at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What is wrong, with the last lines of what the process said.
    pub(crate) fn complaint(&mut self, what: &str) -> String {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = said.lines().collect();
        let tail = lines[lines.len().saturating_sub(15)..].join("\n");
        let state = match self.child.try_wait() {
            Ok(Some(status)) => format!("it has ended ({status})"),
            _ => String::from("it runs"),
        };
        format!("{what}; {state} and said:\n{tail}")
    }

    /// Gives the folder back for another process.
    pub(crate) fn into_folder(mut self) -> TempDir {
        self.kill();
        std::mem::replace(&mut self.folder, folder())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ports that nobody uses now.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    backends::free_ports().unwrap_or_else(|error| panic!("no free port: {error}"))
}

/// Asks a server and reads its answer as text.
pub(crate) fn get(url: &str) -> Result<String, String> {
    let mut response = ureq::get(url)
        .call()
        .map_err(|error| format!("{url}: {error}"))?;
    response
        .body_mut()
        .read_to_string()
        .map_err(|error| format!("{url}: {error}"))
}

/// Asks a server and reads its answer as JSON.
pub(crate) fn get_json(url: &str) -> Result<serde_json::Value, String> {
    let text = get(url)?;
    serde_json::from_str(&text).map_err(|error| format!("{url}: {error} in {text}"))
}
