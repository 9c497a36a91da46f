//! What holds of every run, one rule a function.

mod brackets;
mod bytes;
mod pairs;
mod scopes;
mod telemetry;
mod times;

use crate::ledger::{Ended, Kind, ScopeId};
use crate::run::Run;
use loopscope::instrument::{Recorded, SocketId, SocketOperation};

/// A rule: what breaks it, if anything does.
type Rule = fn(&Run) -> Result<(), String>;

const RULES: &[(&str, Rule)] = &[
    ("nothing was wrong while it ran", no_faults),
    (
        "each start has one end, as the application saw it",
        pairs::operations,
    ),
    ("the recorder finds all paired", pairs::recorder_agrees),
    ("each socket is closed once", pairs::sockets),
    ("times are ordered", times::within_events),
    ("the record is in the order of time", times::between_events),
    ("immediate is what did not park its task", times::immediate),
    ("the parts add up to what was moved", bytes::parts),
    ("bytes reported are bytes moved", bytes::moved),
    ("what one end sends the other receives", bytes::both_ends),
    ("each task ends once, as it ended", brackets::ends),
    ("polls are bracketed", brackets::polls),
    ("a task acts while it is polled", brackets::acts_within),
    (
        "instruments hear of the tasks in their scope alone",
        scopes::audience,
    ),
    (
        "instruments hear who is in their scope",
        scopes::tasks_heard,
    ),
    ("what is active returns to zero", telemetry::active),
    ("metrics count what hooks tell", telemetry::counts),
    ("every span ends once and is exported", telemetry::spans_end),
    ("every parent existed", telemetry::parents),
    (
        "operations are in the span that was active",
        telemetry::operations,
    ),
];

/// Holds a run against all rules; what breaks them.
pub(crate) fn broken(run: &Run) -> Vec<String> {
    let broken = RULES.iter().filter_map(|(name, rule)| {
        let what = rule(run).err()?;
        Some(format!("{name}: {what}"))
    });
    broken.collect()
}

/// Ok where `holds`, what `otherwise` says where not.
fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn no_faults(run: &Run) -> Result<(), String> {
    let faults = run.ledger.faults.borrow();
    ensure(faults.is_empty(), || faults.join("\n"))
}

/// The kind of operation whose end an event is.
fn ends(event: &Recorded) -> Option<Kind> {
    match event.hook {
        "on_queue_get" => Some(Kind::Get),
        "on_queue_put" => Some(Kind::Put),
        "on_tls_handshake_complete" | "on_tls_handshake_error" => Some(Kind::Handshake),
        "on_socket_connect_ready"
        | "on_socket_accept_ready"
        | "on_socket_recv_ready"
        | "on_socket_send_ready"
        | "on_socket_error" => socket_kind(event),
        _ => None,
    }
}

/// The kind of operation whose start an event is.
fn starts(event: &Recorded) -> Option<Kind> {
    let is_start = event.hook.starts_with("on_socket_") && event.hook.ends_with("_start");
    socket_kind(event).filter(|_| is_start)
}

fn socket_kind(event: &Recorded) -> Option<Kind> {
    match event.operation? {
        SocketOperation::Connect => Some(Kind::Connect),
        SocketOperation::Accept => Some(Kind::Accept),
        SocketOperation::Recv => Some(Kind::Recv),
        SocketOperation::Send => Some(Kind::Send),
        _ => None,
    }
}

/// Whether an operation was made through the `futures-io` traits: such a one ends not when its
/// future is dropped, but when the stream is used next, so that the ledger has its bytes only.
fn is_polled(run: &Run, kind: Kind, socket: Option<SocketId>) -> bool {
    let polled = run.ledger.polled.borrow();
    let is_known = socket.is_some_and(|socket| polled.contains_key(&socket));
    is_known && matches!(kind, Kind::Recv | Kind::Send)
}

/// The ends that the instrument of a scope is to have heard, in order.
fn expected_ends(run: &Run, scope: ScopeId) -> Vec<Ended> {
    let ended = run.ledger.ended.borrow();
    let heard = ended.iter().filter(|ended| {
        ended.fires()
            && ended.begun.heard_by.contains(&scope)
            && !is_polled(run, ended.begun.kind, ended.begun.socket)
    });
    heard.cloned().collect()
}
