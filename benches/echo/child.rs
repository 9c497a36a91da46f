//! A server in a process of its own, and what the kernel accounts to it.

use crate::cpu::CpuTime;
use crate::pipeline::Pipeline;
use crate::servers::{any_port, run};
use crate::service::Service;
use crate::{CORES, cores};
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// A server that runs until this is dropped.
///
/// It says its address in its first line, and then its CPU time, in microseconds, whenever it is
/// sent a line, once all spans that it has made have arrived; it ends when its input does.
pub(crate) struct Child {
    process: process::Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Child {
    pub(crate) fn start(service: &Service) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(service.arguments())
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
pub(crate) fn serve(service: Service) -> io::Result<()> {
    let pipeline = service.collector.as_deref();
    let pipeline = pipeline.map(|collector| Pipeline::start(service.server, collector));
    let pipeline = pipeline.transpose().map_err(io::Error::other)?;
    let pipeline = pipeline.map(Arc::new);
    let draining = pipeline.clone();
    thread::spawn(move || {
        let answered = io::stdin().lines().try_for_each(|_| {
            draining.as_deref().map_or(Ok(()), Pipeline::drain)?;
            answer()
        });
        process::exit(i32::from(answered.is_err()));
    });
    let mut address = any_port();
    let mut threads = Vec::new();
    for core in &CORES[..service.loops] {
        let (listening, listens) = mpsc::channel();
        let (service, pipeline) = (service.clone(), pipeline.clone());
        let thread = thread::spawn(move || {
            cores::pin(*core);
            run(&service, address, pipeline.as_deref(), &|address| {
                listening.send(address).map_err(io::Error::other)
            })
        });
        // The first one's port is for all of them.
        match listens.recv() {
            Ok(bound) => address = bound,
            Err(_) => return join(thread),
        }
        threads.push(thread);
    }
    writeln!(io::stdout(), "{address}")?;
    threads.into_iter().try_for_each(join)
}

fn join(thread: thread::JoinHandle<io::Result<()>>) -> io::Result<()> {
    let panicked = |_| Err(io::Error::other("the server has panicked"));
    thread.join().unwrap_or_else(panicked)
}

fn answer() -> io::Result<()> {
    let CpuTime { user, system } = CpuTime::of_process()?;
    let mut output = io::stdout().lock();
    writeln!(output, "{} {}", user.as_micros(), system.as_micros())?;
    output.flush()
}
