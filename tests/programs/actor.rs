//! What a task of a program knows of itself: who listens, in which span it is, its children.

use crate::ledger::{Ledger, ScopeId, Scopes};
use crate::program::Ending;
use crate::world::World;
use loopscope::event_loop::{JoinHandle, TaskBuilder, current_task};
use loopscope::instrument::{EnterScope, RecordingInstrument, Scope, SocketHandle, SocketId};
use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt};
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

/// A task, or a part of it that has scopes or a span of its own.
#[derive(Clone)]
pub(crate) struct Actor {
    pub(crate) world: Rc<World>,
    /// The model of what is in force.
    in_force: Rc<RefCell<Scopes>>,
    /// The model of the span in which it acts.
    span: Rc<Cell<SpanId>>,
    /// The tasks that it has spawned and not joined.
    pub(crate) children: Rc<RefCell<Vec<JoinHandle<()>>>>,
}

/// How a task is to be spawned.
#[derive(Default)]
pub(crate) struct Start {
    pub(crate) name: Option<&'static str>,
    pub(crate) detached: bool,
    pub(crate) watched: bool,
    pub(crate) serves: Option<Rc<SocketHandle>>,
    /// How it is going to end: it says so since tasks that fail are spawned otherwise.
    pub(crate) ending: Option<Ending>,
}

/// An instrument that an actor has entered.
pub(crate) struct Entered {
    scope: ScopeId,
    in_force: Rc<RefCell<Scopes>>,
    _guard: Scope,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.in_force
            .borrow_mut()
            .retain(|scope| *scope != self.scope);
    }
}

impl Actor {
    /// The main task's, in the scope around the loop.
    pub(crate) fn main(world: Rc<World>) -> Self {
        Self::new(world, vec![0], active_span())
    }

    fn new(world: Rc<World>, in_force: Scopes, span: SpanId) -> Self {
        Self {
            world,
            in_force: Rc::new(RefCell::new(in_force)),
            span: Rc::new(Cell::new(span)),
            children: Rc::default(),
        }
    }

    /// This actor in a future with scopes of its own, which is polled for the first time.
    pub(crate) fn under(&self, scope: ScopeId) -> Self {
        let mut in_force = self.in_force();
        in_force.push(scope);
        self.hears(scope);
        Self {
            in_force: Rc::new(RefCell::new(in_force)),
            ..self.clone()
        }
    }

    /// This actor in a span of the program's.
    pub(crate) fn traced(&self, span: SpanId) -> Self {
        Self {
            span: Rc::new(Cell::new(span)),
            ..self.clone()
        }
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.world.ledger
    }

    pub(crate) fn in_force(&self) -> Scopes {
        self.in_force.borrow().clone()
    }

    pub(crate) fn span(&self) -> SpanId {
        self.span.get()
    }

    /// Holds the span that is active against the model.
    pub(crate) fn check_span(&self) {
        let (active, expected) = (active_span(), self.span());
        if active != expected {
            let fault = format!("the span {active} is active where {expected} should be");
            self.ledger().fault(fault);
        }
    }

    /// A new instrument, and its scope.
    pub(crate) fn instrument(&self) -> (ScopeId, RecordingInstrument) {
        let recorder = RecordingInstrument::new();
        let mut recorders = self.world.recorders.borrow_mut();
        recorders.push(recorder.clone());
        (recorders.len() - 1, recorder)
    }

    pub(crate) fn enter(&self) -> Entered {
        let (scope, recorder) = self.instrument();
        self.hears(scope);
        self.in_force.borrow_mut().push(scope);
        Entered {
            scope,
            in_force: self.in_force.clone(),
            _guard: recorder.enter(),
        }
    }

    fn hears(&self, scope: ScopeId) {
        let task = current_task().expect("programs act in tasks").id();
        self.ledger().may_hear(scope, task);
    }

    /// Spawns a task; what `body` makes is its future.
    pub(crate) fn spawn<F>(&self, start: Start, body: impl FnOnce(Self) -> F) -> JoinHandle<()>
    where
        F: Future<Output = ()> + 'static,
    {
        let mut heard_by = self.in_force();
        let traced = start.name.is_some() || start.serves.is_some();
        let (mut builder, ending) = (TaskBuilder::new(), start.ending());
        if let Some(name) = start.name {
            builder = builder.name(name);
        }
        if start.detached {
            builder = builder.detached();
        }
        if let Some(socket) = &start.serves {
            builder = builder.serves(socket);
        }
        if start.watched {
            let (scope, recorder) = self.instrument();
            heard_by.push(scope);
            builder = builder.instrument(recorder);
        }
        let inherited = if start.detached {
            SpanId::INVALID
        } else {
            self.span()
        };
        let child = Self::new(self.world.clone(), heard_by.clone(), inherited);
        let (place, world) = (Rc::new(Cell::new(0)), self.world.clone());
        let (own, life) = (child.clone(), place.clone());
        let body = body(child);
        let body = async move {
            own.begin(traced);
            body.await;
            world.ledger.ends(life.get(), ending);
            if ending == Ending::Panics {
                // Without the message that a panic prints.
                std::panic::resume_unwind(Box::new("as it was to"));
            }
        };
        let handle = if ending == Ending::Fails {
            builder.try_spawn(async move {
                body.await;
                Err::<(), _>(io::Error::other("as it was to"))
            })
        } else {
            builder.spawn(body)
        };
        place.set(self.ledger().spawned(handle.id(), heard_by, traced));
        handle
    }

    /// The first poll of a task: one that has a span acts in that.
    fn begin(&self, traced: bool) {
        if traced {
            let own = active_span();
            if own == self.span() || own == SpanId::INVALID {
                let fault = format!("a task with a span of its own acts in {own}");
                self.ledger().fault(fault);
            }
            self.span.set(own);
        }
    }

    pub(crate) fn secured(&self, socket: SocketId) {
        self.ledger().secured.borrow_mut().insert(socket);
    }
}

impl Start {
    fn ending(&self) -> Ending {
        self.ending.unwrap_or(Ending::Completes)
    }
}

fn active_span() -> SpanId {
    Context::map_current(|context| context.span().span_context().span_id())
}
