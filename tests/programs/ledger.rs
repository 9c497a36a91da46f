//! What a program itself saw of what it did, against which the hooks are held.

use crate::peers::Connection;
use crate::program::Ending;
use loopscope::instrument::{SocketId, SocketRole, TaskId};
use opentelemetry::trace::SpanId;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A scope of the program, by the order in which they were entered; 0 is that around the loop.
pub(crate) type ScopeId = usize;

/// Scopes in force.
pub(crate) type Scopes = Vec<ScopeId>;

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) begun: RefCell<Vec<Begun>>,
    pub(crate) ended: RefCell<Vec<Ended>>,
    pub(crate) tasks: RefCell<Vec<Life>>,
    /// Sockets that came into being.
    pub(crate) opened: RefCell<Vec<(SocketRole, Scopes)>>,
    /// Bytes that calls through the `futures-io` traits have said they moved: received and sent.
    pub(crate) polled: RefCell<BTreeMap<SocketId, [usize; 2]>>,
    /// Sockets under TLS: peers see other bytes than the program.
    pub(crate) secured: RefCell<HashSet<SocketId>>,
    /// The connections to peers on threads, each with a ticket from before it was made.
    pub(crate) peers: RefCell<Vec<(Connection, u64)>>,
    /// The tasks of which an instrument may hear, by its scope.
    pub(crate) audience: RefCell<HashMap<ScopeId, HashSet<TaskId>>>,
    /// What was wrong while the program ran.
    pub(crate) faults: RefCell<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Connect,
    Accept,
    Recv,
    Send,
    Handshake,
    Get,
    Put,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Ready,
    Failed,
    Dropped,
}

/// An operation that was polled for the first time.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    pub(crate) kind: Kind,
    pub(crate) task: Option<TaskId>,
    pub(crate) socket: Option<SocketId>,
    /// Those in force: they are to hear of the start and of the end, and no others.
    pub(crate) heard_by: Scopes,
}

/// An operation that has ended, and what it came to.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) begun: Begun,
    pub(crate) end: End,
    /// It was never pending.
    pub(crate) immediate: bool,
    /// What its call returned: bytes, or how many items were in the queue then.
    pub(crate) size: Option<usize>,
    /// The span in which it ended.
    pub(crate) parent: SpanId,
}

/// A task that was spawned.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) task: TaskId,
    pub(crate) heard_by: Scopes,
    /// It has a span of its own.
    pub(crate) traced: bool,
    /// None where it is cancelled before.
    pub(crate) ending: Option<Ending>,
}

impl Ended {
    /// Whether hooks tell of it: a queue tells of success alone.
    pub(crate) fn fires(&self) -> bool {
        !matches!(self.begun.kind, Kind::Get | Kind::Put) || self.end == End::Ready
    }
}

impl Ledger {
    pub(crate) fn fault(&self, what: String) {
        self.faults.borrow_mut().push(what);
    }

    pub(crate) fn opened(&self, role: SocketRole, heard_by: Scopes) {
        self.opened.borrow_mut().push((role, heard_by));
    }

    /// Enters a task; returns its place.
    pub(crate) fn spawned(&self, task: TaskId, heard_by: Scopes, traced: bool) -> usize {
        for scope in &heard_by {
            self.may_hear(*scope, task);
        }
        let mut tasks = self.tasks.borrow_mut();
        tasks.push(Life {
            task,
            heard_by,
            traced,
            ending: None,
        });
        tasks.len() - 1
    }

    pub(crate) fn ends(&self, place: usize, ending: Ending) {
        self.tasks.borrow_mut()[place].ending = Some(ending);
    }

    /// The instrument of a scope may hear of a task.
    pub(crate) fn may_hear(&self, scope: ScopeId, task: TaskId) {
        let mut audience = self.audience.borrow_mut();
        audience.entry(scope).or_default().insert(task);
    }

    pub(crate) fn polled(&self, socket: SocketId, received: usize, sent: usize) {
        let mut polled = self.polled.borrow_mut();
        let moved = polled.entry(socket).or_default();
        moved[0] += received;
        moved[1] += sent;
    }
}
