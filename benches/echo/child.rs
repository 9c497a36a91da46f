//! A server in a process of its own, and what the kernel accounts to it.

use crate::cores;
use crate::cpu::CpuTime;
use crate::options::{SERVE, TASKS};
use crate::servers::{self, Server};
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// A server that runs until this is dropped.
///
/// It says its address in its first line, and then its CPU time, in microseconds, whenever it is
/// sent a line; it ends when its input does.
pub(crate) struct Child {
    process: process::Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Child {
    /// Starts it, with so many tasks beside those that serve.
    pub(crate) fn start(server: Server, tasks: usize) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([SERVE, server.name(), TASKS, &tasks.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take();
        let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut output = BufReader::new(output);
        let address = read_line(&mut output)?.parse().map_err(io::Error::other)?;
        Ok(Self {
            process,
            input,
            output,
            address,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has spent since its start.
    pub(crate) fn cpu_time(&mut self) -> io::Result<CpuTime> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(b"\n")?;
        let line = read_line(&mut self.output)?;
        let mut times = line.split(' ').map(|time| time.parse().ok());
        match (times.next().flatten(), times.next().flatten()) {
            (Some(user), Some(system)) => Ok(CpuTime {
                user: Duration::from_micros(user),
                system: Duration::from_micros(system),
            }),
            _ => Err(io::Error::other(format!("is no CPU time: {line:?}"))),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err(io::Error::other("the server has ended"));
    }
    Ok(line.trim_end().into())
}

/// Is the server that the parent process asked for.
pub(crate) fn serve(server: Server, tasks: usize) -> io::Result<()> {
    cores::pin(crate::SERVER_CORE);
    std::thread::spawn(|| {
        let answered = io::stdin().lines().try_for_each(|_| answer());
        process::exit(i32::from(answered.is_err()));
    });
    servers::run(server, tasks, |address| {
        let mut output = io::stdout().lock();
        writeln!(output, "{address}")?;
        output.flush()
    })
}

fn answer() -> io::Result<()> {
    let CpuTime { user, system } = CpuTime::of_process()?;
    let mut output = io::stdout().lock();
    writeln!(output, "{} {}", user.as_micros(), system.as_micros())?;
    output.flush()
}
