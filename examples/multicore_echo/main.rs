//! An echo server that uses all cores: a loop on each, behind one port.
//!
//! ```text
//! cargo run --release --example multicore_echo -- --listen 127.0.0.1:7000 --loops 2
//! ```
//!
//! The system spreads the connections over the loops (`SO_REUSEPORT`). On SIGTERM or Ctrl-C all of
//! them drain their connections, and a line for each says what it did. With
//! `OTEL_EXPORTER_OTLP_ENDPOINT` set, one `OtelInstrument` that all loops share sends traces and
//! metrics there; `loopscope.loop.name` tells the loops apart.

#[path = "../echo_server/echo.rs"]
mod echo;
mod figures;
mod options;
mod server;

use figures::Figures;
use loopscope::otel::OtelInstrument;
use loopscope::telemetry::Telemetry;
use options::Options;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "multicore_echo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    let Some(options) = Options::from_arguments()? else {
        say(options::USAGE)?;
        return Ok(ExitCode::SUCCESS);
    };
    let exports = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").is_ok_and(|url| !url.is_empty());
    let telemetry = exports
        .then(|| Telemetry::builder().service_name("multicore-echo").build())
        .transpose()?;
    let otel = telemetry.as_ref().map(|telemetry| {
        OtelInstrument::builder()
            .tracer_provider(&telemetry.tracer_provider())
            .meter_provider(&telemetry.meter_provider())
            .build()
    });
    let figures = serve(&options, otel.as_ref());
    // Whatever became of the loops, what they saw is sent.
    if let Some(telemetry) = telemetry {
        telemetry.shutdown()?;
    }
    let figures = figures?;
    say(&figures::table(&figures))?;
    let cut_off: usize = figures.iter().map(|of_loop| of_loop.cut_off).sum();
    Ok(ExitCode::from(u8::from(cut_off > 0)))
}

/// Runs the loops until they have stopped, each on a thread of its own.
fn serve(options: &Options, otel: Option<&OtelInstrument>) -> Result<Vec<Figures>, Failure> {
    let mut address = options.listen;
    let mut threads = Vec::new();
    for number in 0..options.loops {
        let name = format!("echo-{number}");
        let (listening, listens) = mpsc::channel();
        let otel = otel.cloned();
        let thread = thread::Builder::new()
            .name(name.clone())
            .spawn(move || server::run(name, address, otel, listening))?;
        // Where the port is the system's choice, the first loop's is for all of them.
        match listens.recv() {
            Ok(bound) => address = bound,
            // It failed, and says why.
            Err(_) => return Err(join(thread).err().unwrap_or_else(|| "a loop ended".into())),
        }
        threads.push(thread);
    }
    say(&format!("{} loops listening on {address}", options.loops))?;
    threads.into_iter().map(join).collect()
}

fn join(thread: thread::JoinHandle<Result<Figures, Failure>>) -> Result<Figures, Failure> {
    thread.join().map_err(|_| "a loop has panicked")?
}

fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
