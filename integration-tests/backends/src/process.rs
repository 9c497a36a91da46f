//! A server's process.

use crate::BackendError;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
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
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program in `folder`, where what it says is appended to a file `NAME.log`.
    ///
    /// # Errors
    ///
    /// [`BackendError::Io`] where it cannot be started.
    pub fn start<A: AsRef<OsStr>>(
        name: &str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        environment: &[(&str, String)],
        folder: &Path,
    ) -> Result<Self, BackendError> {
        let log = folder.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log);
        let output = output.and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = output.map_err(|error| BackendError::Io(log.clone(), error))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        // Ctrl-C in a terminal is meant for who started the servers, who ends them in order.
        command.process_group(0);
        let child = command
            .spawn()
            .map_err(|error| BackendError::Io(program.into(), error))?;
        let name = name.into();
        Ok(Self { name, child, log })
    }

    /// The number by which the system knows it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the server answers a request for `path` with success.
    ///
    /// # Errors
    ///
    /// [`BackendError::Run`] where it ends before, or does not within a minute.
    pub fn wait_until_ready(
        &mut self,
        address: SocketAddr,
        path: &str,
    ) -> Result<(), BackendError> {
        self.wait_until(|| answers(address, path).unwrap_or(false))
    }

    /// Waits until it is ready, whatever shows that.
    ///
    /// # Errors
    ///
    /// [`BackendError::Run`] where it ends before, or is not within a minute.
    pub fn wait_until(&mut self, mut is_ready: impl FnMut() -> bool) -> Result<(), BackendError> {
        let start = now();
        loop {
            if let Some(complaint) = self.has_ended() {
                return Err(complaint);
            }
            if is_ready() {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                let problem = format!("it is not ready after {PATIENCE:?}");
                return Err(self.complaint(&problem));
            }
            pause();
        }
    }

    /// What is wrong if the server has ended by itself.
    pub fn has_ended(&mut self) -> Option<BackendError> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(self.complaint(&format!("it has ended ({status})"))),
            Err(error) => Some(BackendError::Io(self.log.clone(), error)),
        }
    }

    /// Has the server end in order, and waits until it has.
    ///
    /// # Errors
    ///
    /// [`BackendError::Run`] where it had ended by itself, fails, or does not end within a minute.
    pub fn stop(mut self) -> Result<(), BackendError> {
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

    /// Ends the process at once, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn terminate(&self) -> io::Result<()> {
        let id = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        Ok(kill(Pid::from_raw(id), Signal::SIGTERM)?)
    }

    fn complaint(&self, problem: &str) -> BackendError {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = said.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
        BackendError::Run(self.name.clone(), format!("{problem}; it said:\n{tail}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether several servers run, and what is wrong if one of them has ended by itself.
pub(crate) fn all_run(processes: &mut [Process]) -> Result<(), BackendError> {
    let mut ended = processes.iter_mut().filter_map(Process::has_ended);
    ended.next().map_or(Ok(()), Err)
}

/// Has servers end one after the other.
pub(crate) fn stop_all(processes: Vec<Process>) -> Result<(), BackendError> {
    let results: Vec<_> = processes.into_iter().map(Process::stop).collect();
    results.into_iter().collect()
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

pub(crate) fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[expect(clippy::disallowed_methods, reason = "a real server keeps real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "there is no event loop here")]
fn pause() {
    std::thread::sleep(PAUSE);
}
