//! What one round says, taken in a process of its own.

use crate::contenders::{Contender, Loopscope, Runtime, Smol, Tokio};
use crate::cpu::CpuTime;
use crate::what::What;
use allocation_counter::measure;
use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::str::FromStr;

/// What one of many costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Bytes that were allocated for it and are held.
    pub(crate) held: f64,
    /// Bytes by which the process has grown for it.
    pub(crate) resident: f64,
    pub(crate) cpu_micros: f64,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            held,
            resident,
            cpu_micros,
        } = self;
        write!(f, "{held} {resident} {cpu_micros}")
    }
}

impl FromStr for Sample {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let numbers: Vec<f64> = line
            .split(' ')
            .map(|number| number.parse().map_err(|_| ()))
            .collect::<Result<_, _>>()?;
        match numbers[..] {
            [held, resident, cpu_micros] => Ok(Self {
                held,
                resident,
                cpu_micros,
            }),
            _ => Err(()),
        }
    }
}

/// Takes one and says it; in its first line, says where connections are to come to.
pub(crate) fn take(contender: Contender, what: What, count: usize) -> io::Result<()> {
    let sample = match contender {
        Contender::Tokio => of::<Tokio>(what, count),
        Contender::Loopscope => of::<Loopscope>(what, count),
        Contender::Smol => of::<Smol>(what, count),
    };
    say(&sample?.to_string())
}

fn of<R: Runtime>(what: What, count: usize) -> io::Result<Sample> {
    let runtime = R::new()?;
    let (resident, spent) = (resident_bytes()?, CpuTime::of_process()?);
    let mut made = Ok(());
    let allocated = measure(|| made = runtime.make(what, count, listening));
    made?;
    let grown = resident_bytes()? - resident;
    runtime.idle();
    drop(runtime);
    let spent = CpuTime::of_process()? - spent;
    Ok(Sample {
        held: allocated.bytes_current as f64 / count as f64,
        resident: grown / count as f64,
        cpu_micros: spent.total().as_secs_f64() * 1e6 / count as f64,
    })
}

fn listening(address: SocketAddr) -> io::Result<()> {
    say(&address.to_string())
}

fn say(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

/// What the process has in memory.
fn resident_bytes() -> io::Result<f64> {
    let mut text = String::new();
    fs::File::open("/proc/self/smaps_rollup")?.read_to_string(&mut text)?;
    let kilobytes = text
        .lines()
        .find_map(|line| line.strip_prefix("Rss:")?.trim().strip_suffix(" kB"));
    let kilobytes = kilobytes.and_then(|number| number.trim().parse::<f64>().ok());
    kilobytes
        .map(|kilobytes| kilobytes * 1024.0)
        .ok_or_else(|| io::Error::other("the kernel does not tell the resident size"))
}
