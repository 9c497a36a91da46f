//! A server's process.

use crate::{BackendError, Server, locate};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
/// How many lines of its log tell what is wrong.
const TAIL: usize = 15;

/// A server that runs; killed where it is dropped before it has ended.
#[derive(Debug)]
pub(crate) struct Process {
    server: Server,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a server that writes what it says to a file in `folder`.
    pub(crate) fn start(
        server: Server,
        arguments: &[OsString],
        environment: &[(&str, String)],
        folder: &Path,
    ) -> Result<Self, BackendError> {
        let program = locate(server, server.programs()[0].0)?;
        let log = folder.join(format!("{server}.log"));
        let output = File::create(&log).and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = output.map_err(|error| BackendError::Io(log.clone(), error))?;
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        // Ctrl-C in a terminal is meant for who started the servers, who ends them in order.
        command.process_group(0);
        let child = command
            .spawn()
            .map_err(|error| BackendError::Io(program, error))?;
        Ok(Self { server, child, log })
    }

    /// The number by which the system knows it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the server answers a request for `path` with success.
    pub(crate) fn wait_until_ready(
        &mut self,
        address: SocketAddr,
        path: &str,
    ) -> Result<(), BackendError> {
        let start = now();
        loop {
            if let Some(complaint) = self.has_ended() {
                return Err(complaint);
            }
            match answers(address, path) {
                Ok(true) => return Ok(()),
                _ if start.elapsed() > PATIENCE => {
                    let problem = format!("it is not ready after {PATIENCE:?}");
                    return Err(self.complaint(&problem));
                }
                _ => pause(),
            }
        }
    }

    /// What is wrong if the server has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Option<BackendError> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(self.complaint(&format!("it has ended ({status})"))),
            Err(error) => Some(BackendError::Io(self.log.clone(), error)),
        }
    }

    /// Has the server end in order, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<(), BackendError> {
        if let Some(complaint) = self.has_ended() {
            return Err(complaint);
        }
        self.terminate()
            .map_err(|error| self.complaint(&format!("it cannot be stopped: {error}")))?;
        let start = now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() || by_termination(status) => return Ok(()),
                Ok(Some(status)) => return Err(self.complaint(&format!("it failed ({status})"))),
                Ok(None) if start.elapsed() > PATIENCE => {
                    let problem = format!("it has not ended after {PATIENCE:?} and was killed");
                    return Err(self.complaint(&problem));
                }
                Ok(None) => pause(),
                Err(error) => return Err(BackendError::Io(self.log.clone(), error)),
            }
        }
    }

    fn terminate(&self) -> io::Result<()> {
        let id = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        Ok(kill(Pid::from_raw(id), Signal::SIGTERM)?)
    }

    fn complaint(&self, problem: &str) -> BackendError {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = said.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
        BackendError::Run(self.server, format!("{problem}; it said:\n{tail}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a process ended because it was asked to: not every server makes that a success.
fn by_termination(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::SIGTERM as i32)
}

/// Whether a server answers a request with success.
fn answers(address: SocketAddr, path: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut status = [0; b"HTTP/1.0 200".len()];
    stream.read_exact(&mut status)?;
    Ok(status.ends_with(b" 200"))
}

/// Ports that nobody uses now. Another process may take one before the server does: the server's
/// start fails then, and says so.
///
/// # Errors
///
/// Where the system has no free port.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut listeners = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        // All are held until the last is known, so that they differ.
        let listener = TcpListener::bind("127.0.0.1:0")?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}

#[expect(clippy::disallowed_methods, reason = "a real server keeps real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "there is no event loop here")]
fn pause() {
    std::thread::sleep(PAUSE);
}
