//! Runs a program on the real loop, under the instruments whose records are then held against it.

use crate::actor::Actor;
use crate::ledger::{Begun, End, Ended, Kind, Ledger};
use crate::otel_support::Bridge;
use crate::peers::{Connection, Moved, peers};
use crate::program::{Ending, Program};
use crate::spans::SpanLog;
use crate::steps::take_all;
use crate::world::{World, serve};
use loopscope::clock::ManualClock;
use loopscope::event_loop::{EventLoop, current_task, timeout};
use loopscope::instrument::{EnterScope, Recorded, RecordingInstrument, current_instrument};
use loopscope::sync::AsyncQueue;
use opentelemetry::trace::{SpanId, TraceContextExt, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

/// The clock of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The system's; ticks are short.
    Real,
    /// One that moves when the loop has nothing else to do; ticks are long.
    Manual,
}

impl Clock {
    fn tick(self) -> Duration {
        match self {
            Self::Real => Duration::from_millis(1),
            Self::Manual => Duration::from_secs(60),
        }
    }
}

/// So many ticks a program's main task may take.
const LIMIT: u32 = 15;
/// A run that takes so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of a program.
pub(crate) struct Run {
    pub(crate) ledger: Rc<Ledger>,
    /// What each scope's instrument has heard.
    pub(crate) records: Vec<Vec<Recorded>>,
    pub(crate) recorders: Vec<RecordingInstrument>,
    pub(crate) bridge: Bridge,
    pub(crate) spans: SpanLog,
    /// What peers on threads have moved.
    pub(crate) peers: Vec<(Connection, Moved)>,
}

impl Run {
    /// What the instrument around the loop has heard.
    pub(crate) fn record(&self) -> &[Recorded] {
        &self.records[0]
    }
}

/// Runs a program, the loop with its tasks dropped at the end.
pub(crate) fn run(program: &Program, clock: Clock) -> Run {
    let _clock = (clock == Clock::Manual).then(ManualClock::install);
    let spans = SpanLog::default();
    let exporter = InMemorySpanExporter::default();
    let tracers = SdkTracerProvider::builder()
        .with_span_processor(spans.clone())
        .with_simple_exporter(exporter.clone())
        .build();
    let bridge = Bridge::over(tracers, exporter, |builder| builder.queue_spans(true));
    let (ledger, outer) = (Rc::new(Ledger::default()), RecordingInstrument::new());
    let recorders = Rc::new(RefCell::new(vec![outer.clone()]));
    {
        let otel = bridge.otel.clone().enter();
        let scope = outer.clone().enter();
        let event_loop = EventLoop::new().unwrap();
        let _watch = watch(&event_loop);
        let main = main_task(
            program,
            clock,
            (ledger.clone(), recorders.clone()),
            bridge.tracers.tracer("program"),
        );
        event_loop
            .try_run_until_complete(main)
            .expect("it hangs: it was stopped from outside");
        if program.ends_in_scope {
            drop(event_loop);
            probe(&ledger);
            drop((scope, otel));
        } else {
            probe(&ledger);
            drop((scope, otel));
            drop(event_loop);
        }
    }
    check_nothing_in_force(&ledger);
    let recorders = recorders.take();
    Run {
        records: recorders.iter().map(RecordingInstrument::events).collect(),
        recorders,
        peers: peers_of(&ledger),
        ledger,
        bridge,
        spans,
    }
}

async fn main_task(
    program: &Program,
    clock: Clock,
    (ledger, recorders): (Rc<Ledger>, Rc<RefCell<Vec<RecordingInstrument>>>),
    tracer: opentelemetry_sdk::trace::SdkTracer,
) {
    let task = current_task().expect("a loop's future is a task").id();
    let place = ledger.spawned(task, vec![0], false);
    let world = World::new(ledger.clone(), recorders, tracer, clock.tick());
    let actor = Actor::main(Rc::new(world));
    serve(&actor);
    // Whether it is ended by the limit is no matter.
    let _ = timeout(clock.tick() * LIMIT, take_all(&actor, program)).await;
    ledger.ends(place, Ending::Completes);
}

/// Stops a loop that hangs, unless what is returned is dropped before.
fn watch(event_loop: &EventLoop) -> mpsc::Sender<()> {
    let handle = event_loop.handle();
    let (sender, receiver) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        if receiver.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            handle.stop();
        }
    });
    sender
}

/// Around the loop the same is in force as before it ran: something that happens there is heard
/// there, and by nobody else.
fn probe(ledger: &Ledger) {
    let queue = AsyncQueue::unbounded();
    queue.try_put("probe").unwrap();
    let begun = Begun {
        kind: Kind::Put,
        task: None,
        socket: None,
        heard_by: vec![0],
    };
    ledger.ended.borrow_mut().push(Ended {
        begun,
        end: End::Ready,
        immediate: true,
        size: Some(1),
        parent: SpanId::INVALID,
    });
}

fn check_nothing_in_force(ledger: &Ledger) {
    if current_instrument().is_some() {
        ledger.fault("after the run, an instrument is still in force".into());
    }
    if opentelemetry::Context::current().has_active_span() {
        ledger.fault("after the run, a span is still active".into());
    }
}

/// What the peers on threads have moved, now that all connections have ended.
fn peers_of(ledger: &Ledger) -> Vec<(Connection, Moved)> {
    let connections = ledger.peers.take();
    connections
        .into_iter()
        .filter_map(|(connection, ticket)| Some((connection, peers().moved(connection, ticket)?)))
        .collect()
}
