//! The programs: each makes one span, in a task, and says a line when it has been delivered.

use crate::{OUR_CORE, cores, exporters, tracing_spans};
use loopscope::event_loop::{EventLoop, TaskBuilder};
use loopscope::instrument::EnterScope;
use loopscope::otel::OtelInstrument;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;
use tracing::{Instrument, info_span};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Tracing,
    Loopscope,
    Nothing,
}

/// A Collector that has not answered by then has failed.
const PATIENCE: Duration = Duration::from_secs(5);

impl Program {
    /// All of them; the first is the one that ratios are to.
    pub(crate) const ALL: [Self; 3] = [Self::Tracing, Self::Loopscope, Self::Nothing];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tracing => "tracing",
            Self::Loopscope => "loopscope",
            Self::Nothing => "nothing",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|it| it.name() == name);
        named.ok_or_else(|| format!("no program is called {name}"))
    }

    pub(crate) const fn exports(self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// Runs it in this process.
    pub(crate) fn run(self, collector: &str) -> Result<(), Box<dyn Error>> {
        cores::pin(OUR_CORE);
        match self {
            Self::Tracing => by_tracing(collector),
            Self::Loopscope => by_loopscope(collector),
            Self::Nothing => say_done(),
        }
    }
}

fn by_tracing(collector: &str) -> Result<(), Box<dyn Error>> {
    let provider = exporters::batches(exporters::stock(collector)?);
    let dispatch = tracing_spans::dispatch(&provider);
    tracing::dispatcher::with_default(&dispatch, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let task = async {}.instrument(info_span!("first"));
        let joined = runtime.block_on(async { tokio::spawn(task).await });
        joined.map_err(io::Error::other)
    })?;
    provider.force_flush()?;
    say_done()
}

fn by_loopscope(collector: &str) -> Result<(), Box<dyn Error>> {
    let telemetry = exporters::ours(collector)?;
    let otel = OtelInstrument::builder()
        .tracer_provider(&telemetry.tracer_provider())
        .build();
    let _scope = otel.enter();
    let event_loop = EventLoop::new()?;
    let joined = event_loop
        .run_until_complete(async { TaskBuilder::new().name("first").spawn(async {}).await });
    joined?;
    telemetry.flush(PATIENCE)?;
    say_done()
}

fn say_done() -> Result<(), Box<dyn Error>> {
    let mut output = io::stdout();
    writeln!(output, "done")?;
    Ok(output.flush()?)
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tracing => "tokio, tracing-opentelemetry, stock exporter",
            Self::Loopscope => "loopscope, OtelInstrument, our exporter",
            Self::Nothing => "a program that does nothing",
        })
    }
}
