//! Bytes.

use super::ensure;
use crate::run::Run;
use loopscope::instrument::{Address, SocketId, SocketOperation, SocketRole};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

/// What was told of a connection.
#[derive(Debug, Clone, Default)]
struct Told {
    /// Received and sent, by the ends of operations.
    moved: [usize; 2],
    /// The same by the parts in which it was moved.
    parts: [usize; 2],
    /// It has received the end of the stream; of one that was torn down the system tells once, and
    /// shows an end from then on.
    saw_end: bool,
    is_broken: bool,
    local: Option<SocketAddr>,
    peer: Option<SocketAddr>,
}

fn told(run: &Run) -> BTreeMap<SocketId, Told> {
    let mut all: BTreeMap<SocketId, Told> = BTreeMap::new();
    for event in run.record() {
        let Some(socket) = event
            .socket
            .filter(|_| event.role != Some(SocketRole::Listener))
        else {
            continue;
        };
        let told = all.entry(socket).or_default();
        told.local = ip(event.local.as_ref()).or(told.local);
        told.peer = ip(event.peer.as_ref()).or(told.peer);
        let size = event.size.unwrap_or(0);
        told.is_broken |= event.error_type.is_some();
        match (event.hook, event.operation) {
            ("on_socket_recv_data", _) => told.parts[0] += size,
            ("on_socket_send_data", _) => told.parts[1] += size,
            ("on_socket_recv_ready", _) => {
                told.moved[0] += size;
                told.saw_end |= size == 0 && !told.is_broken;
            }
            ("on_socket_send_ready", _) => told.moved[1] += size,
            ("on_socket_error", Some(SocketOperation::Recv)) => told.moved[0] += size,
            ("on_socket_error", Some(SocketOperation::Send)) => told.moved[1] += size,
            _ => {}
        }
    }
    all
}

fn ip(address: Option<&Address>) -> Option<SocketAddr> {
    match address? {
        Address::Ip(address) => Some(*address),
        _ => None,
    }
}

/// The parts in which an operation moved bytes add up to what its end tells.
pub(super) fn parts(run: &Run) -> Result<(), String> {
    for (socket, told) in told(run) {
        ensure(told.parts == told.moved, || format!("{socket:?}: {told:?}"))?;
    }
    Ok(())
}

/// What calls through the `futures-io` traits returned is what hooks told. Of the streams' own
/// methods, the rule of pairs compares each call.
pub(super) fn moved(run: &Run) -> Result<(), String> {
    let all = told(run);
    for (socket, returned) in &*run.ledger.polled.borrow() {
        let told = all.get(socket).map_or([0; 2], |told| told.moved);
        ensure(told == *returned, || {
            format!("{socket:?}: {told:?} were told, calls returned {returned:?}")
        })?;
    }
    Ok(())
}

/// Who has received the end of a stream has received what the other end sent: also where
/// operations failed or were given up on the way.
pub(super) fn both_ends(run: &Run) -> Result<(), String> {
    let secured = run.ledger.secured.borrow();
    // By the addresses of its two ends; those of a connection that was told of but half are unknown.
    let mut ends: HashMap<(SocketAddr, SocketAddr), Vec<(bool, Told)>> = HashMap::new();
    for (socket, told) in told(run) {
        if let (Some(local), Some(peer)) = (told.local, told.peer) {
            let end = (secured.contains(&socket), told);
            ends.entry((local, peer)).or_default().push(end);
        }
    }
    for (connection, moved) in &run.peers {
        let bytes = [moved.received, moved.sent].map(|bytes| usize::try_from(bytes).unwrap());
        let end = Told {
            moved: bytes,
            saw_end: moved.saw_end,
            ..Told::default()
        };
        ends.entry(*connection).or_default().push((false, end));
    }
    for ((local, peer), these) in &ends {
        // Where the system has used the same ports again, there is no telling whose is whose.
        let ([(secure, this)], Some([(other_secure, other)])) = (
            these.as_slice(),
            ends.get(&(*peer, *local)).map(Vec::as_slice),
        ) else {
            continue;
        };
        let is_whole = this.saw_end && secure == other_secure;
        ensure(!is_whole || this.moved[0] == other.moved[1], || {
            format!("{local} has received {this:?}, {peer} has sent {other:?}")
        })?;
    }
    Ok(())
}
