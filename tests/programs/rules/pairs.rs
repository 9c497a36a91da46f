//! Starts and ends.

use super::{ends, ensure, expected_ends, is_polled, starts};
use crate::ledger::{Begun, End, Ended, Kind, ScopeId};
use crate::run::Run;
use loopscope::instrument::{Recorded, SocketRole};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Each instrument heard the starts and the ends of the operations that were begun in its scope, of
/// each once, in the order in which the application saw them, and as it saw them.
pub(super) fn operations(run: &Run) -> Result<(), String> {
    for scope in 0..run.records.len() {
        starts_match(run, scope).and_then(|()| ends_match(run, scope))?;
    }
    Ok(())
}

fn starts_match(run: &Run, scope: ScopeId) -> Result<(), String> {
    let begun = run.ledger.begun.borrow();
    let has_start = |kind| !matches!(kind, Kind::Get | Kind::Put | Kind::Handshake);
    let expected: Vec<_> = begun
        .iter()
        .filter(|begun| begun.heard_by.contains(&scope) && has_start(begun.kind))
        .collect();
    let heard: Vec<_> = heard(run, scope, starts);
    for (begun, (kind, event)) in expected.iter().zip(&heard) {
        ensure(is_of(begun, *kind, event), || {
            format!("scope {scope} heard {event:?} where {begun:?} was begun")
        })?;
    }
    ensure(expected.len() == heard.len(), || {
        let (begun, heard) = (expected.len(), heard.len());
        format!("{begun} operations were begun in scope {scope}, {heard} starts were heard there")
    })
}

fn ends_match(run: &Run, scope: ScopeId) -> Result<(), String> {
    let expected = expected_ends(run, scope);
    let heard = heard(run, scope, ends);
    for (ended, (kind, event)) in expected.iter().zip(&heard) {
        ensure(is_end_of(ended, *kind, event), || {
            format!("scope {scope} heard {event:?} where {ended:?} ended")
        })?;
    }
    ensure(expected.len() == heard.len(), || {
        let (ended, heard) = (expected.len(), heard.len());
        format!("{ended} operations of scope {scope} ended, {heard} ends were heard there")
    })
}

/// The events of a kind that an instrument heard, of operations that are in the ledger one by one.
fn heard(
    run: &Run,
    scope: ScopeId,
    kind_of: fn(&Recorded) -> Option<Kind>,
) -> Vec<(Kind, &Recorded)> {
    let events = run.records[scope].iter();
    let events = events.filter_map(|event| Some((kind_of(event)?, event)));
    events
        .filter(|(kind, event)| !is_polled(run, *kind, event.socket))
        .collect()
}

fn is_of(begun: &Begun, kind: Kind, event: &Recorded) -> bool {
    let same_socket = begun.socket.is_none() || begun.socket == event.socket;
    begun.kind == kind && begun.task == event.task && same_socket
}

fn is_end_of(ended: &Ended, kind: Kind, event: &Recorded) -> bool {
    let end = match event.failure.as_deref() {
        None => End::Ready,
        Some("cancelled") => End::Dropped,
        Some(_) => End::Failed,
    };
    is_of(&ended.begun, kind, event)
        && ended.end == end
        && event.immediate == Some(ended.immediate)
        && (ended.size.is_none() || ended.size == event.size)
}

/// The library's own check of pairs agrees, for each instrument.
pub(super) fn recorder_agrees(run: &Run) -> Result<(), String> {
    for (scope, recorder) in run.recorders.iter().enumerate() {
        let checked = catch_unwind(AssertUnwindSafe(|| recorder.assert_paired()));
        ensure(checked.is_ok(), || {
            format!("it does not in scope {scope}; see above")
        })?;
    }
    Ok(())
}

/// Of each socket that came into being in its scope, an instrument heard one open and then one
/// close, and nothing after that.
pub(super) fn sockets(run: &Run) -> Result<(), String> {
    for (scope, record) in run.records.iter().enumerate() {
        let mut open = HashMap::new();
        let mut opened = [0; 3];
        for event in record {
            let Some(socket) = event.socket else { continue };
            let is_open = open.get(&socket).copied();
            let expected = match event.hook {
                "on_socket_open" => {
                    opened[event.role.map_or(0, role_index)] += 1;
                    is_open.is_none() && open.insert(socket, true).is_none()
                }
                "on_socket_close" => is_open == Some(true) && open.insert(socket, false).is_some(),
                // Who was not there when it was opened hears of operations alone.
                _ => is_open != Some(false),
            };
            ensure(expected, || format!("scope {scope} heard {event:?}"))?;
        }
        let left: Vec<_> = open.iter().filter(|(_, open)| **open).collect();
        ensure(left.is_empty(), || {
            format!("scope {scope} heard no close of {left:?}")
        })?;
        openings(run, scope, opened)?;
    }
    Ok(())
}

fn openings(run: &Run, scope: ScopeId, heard: [usize; 3]) -> Result<(), String> {
    let mut expected = [0; 3];
    for (role, heard_by) in &*run.ledger.opened.borrow() {
        expected[role_index(*role)] += usize::from(heard_by.contains(&scope));
    }
    ensure(heard == expected, || {
        format!(
            "scope {scope} heard of {heard:?} clients, servers and listeners, \
             there were {expected:?}"
        )
    })
}

fn role_index(role: SocketRole) -> usize {
    match role {
        SocketRole::Client => 0,
        SocketRole::Server => 1,
        _ => 2,
    }
}
