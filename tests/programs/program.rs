//! What a random program does.

/// A program: the steps of its main task, beside which it has servers that echo.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) steps: Vec<Step>,
    /// The main task joins its children before it ends.
    pub(crate) joins: bool,
    /// The loop, with the tasks that are left, ends before the scope in which it ran.
    pub(crate) ends_in_scope: bool,
}

/// What a task does. Where there are several of a thing, a number says which, modulo how many there
/// are. Times are in ticks; see `run::Time`.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Yield,
    Sleep(u16),
    /// Waits for another thread.
    Thread,
    Queue(usize, QueueStep),
    Converse(Conversation),
    Accept(Service),
    /// Steps within a limit of time.
    Within(u16, Vec<Self>),
    /// Two at once: who is not the first to end is dropped.
    Race(Vec<Self>, Vec<Self>),
    /// Steps that are dropped after so many polls.
    GiveUp(u8, Vec<Self>),
    Spawn(Child),
    /// Tasks in a group, which is joined or dropped.
    Group {
        children: Vec<Child>,
        joined: bool,
    },
    Cancel(usize),
    Join(usize),
    /// Enters an instrument, until a `Leave` or the end of the steps around it.
    Enter,
    Leave(usize),
    /// Steps in a future that has an instrument.
    Under(Vec<Self>),
    /// Steps in a span of the program's own.
    Traced(Vec<Self>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum QueueStep {
    Put,
    Get,
    Peek,
    TryPut,
    TryGet,
    Close,
}

/// A task that is spawned.
#[derive(Debug, Clone)]
pub(crate) struct Child {
    pub(crate) named: bool,
    pub(crate) detached: bool,
    /// It has an instrument of its own.
    pub(crate) watched: bool,
    pub(crate) steps: Vec<Step>,
    pub(crate) ending: Ending,
}

/// How a task ends that is not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Completes,
    Fails,
    Panics,
}

/// A connection that the program opens.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) target: Target,
    pub(crate) secure: bool,
    /// Through the `futures-io` traits.
    pub(crate) polled: bool,
    pub(crate) moves: Vec<Move>,
    /// Ends by a reset.
    pub(crate) reset: bool,
}

/// A connection that the program accepts.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) secure: bool,
    pub(crate) moves: Vec<Move>,
    pub(crate) reset: bool,
    /// In a task of its own.
    pub(crate) elsewhere: bool,
}

/// Whom a program connects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// A server on the same loop, which echoes.
    Echo,
    /// The same over TLS.
    SecureEcho,
    /// Whoever in the program accepts, if anyone does.
    Program,
    /// Nobody listens there.
    Nobody,
    /// A peer on a thread of its own.
    Peer(Manner),
}

/// How a peer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Manner {
    Echoes,
    /// Tears the connection down once it has received something.
    Resets,
    /// Greets, ends its direction and goes on to listen.
    HalfCloses,
    /// Neither reads nor answers.
    Stalls,
    /// Sends what nobody has asked for.
    Babbles,
    /// Closes without a word.
    Closes,
}

/// What is done with a connection.
#[derive(Debug, Clone)]
pub(crate) enum Move {
    /// Sends all of so many bytes.
    Write(usize),
    /// Sends what the kernel takes of them.
    WriteSome(usize),
    Read(usize),
    ReadExact(usize),
    ReadToEnd,
    /// Sends and receives so many bytes at once.
    Duplex(usize),
    HalfClose,
    Yield,
    /// A move that is dropped after so many polls.
    GiveUp(u8, Box<Self>),
}
