//! Tasks: their polls and their ends.

use super::{ensure, starts};
use crate::program::Ending;
use crate::run::Run;
use loopscope::instrument::{Recorded, TaskId};
use std::collections::{BTreeMap, HashSet};

fn end_of(hook: &str) -> Option<Option<Ending>> {
    match hook {
        "on_task_completed" => Some(Some(Ending::Completes)),
        "on_task_error" => Some(Some(Ending::Fails)),
        "on_task_cancelled" => Some(None),
        _ => None,
    }
}

/// Each instrument heard one end of each task that was spawned in its scope: the one to which the
/// task came.
pub(super) fn ends(run: &Run) -> Result<(), String> {
    let tasks = run.ledger.tasks.borrow();
    for life in &*tasks {
        // A panic is an error of the task as well.
        let expected = life.ending.map(|ending| match ending {
            Ending::Panics => Ending::Fails,
            other => other,
        });
        for scope in &life.heard_by {
            let heard = run.records[*scope].iter();
            let heard: Vec<_> = heard
                .filter(|event| event.task == Some(life.task) && event.since_spawn == Some(true))
                .filter_map(|event| end_of(event.hook))
                .collect();
            ensure(heard == [expected], || {
                format!("scope {scope} heard {heard:?} of {life:?}")
            })?;
        }
    }
    Ok(())
}

/// Where a task is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waits,
    /// It is polled: whether by a throw.
    Runs(bool),
    Ended,
}

/// A task is spawned; each poll is a before and an after of the same kind, or the end. One task
/// runs at a time.
pub(super) fn polls(run: &Run) -> Result<(), String> {
    let mut states: BTreeMap<TaskId, State> = BTreeMap::new();
    let mut running = None;
    for event in run.record() {
        let Some(task) = event.task.filter(|_| event.hook.starts_with("on_task")) else {
            continue;
        };
        let state = states.get(&task).copied();
        let next = next_state(state, event);
        let is_alone =
            running.is_none() || running == Some(task) || event.hook == "on_task_spawned";
        let Some(next) = next.filter(|_| is_alone) else {
            return Err(format!("{state:?}, and {running:?} runs, at {event:?}"));
        };
        if event.hook != "on_task_spawned" {
            running = matches!(next, State::Runs(_)).then_some(task);
        }
        states.insert(task, next);
    }
    let left: Vec<_> = states
        .iter()
        .filter(|(_, state)| **state != State::Ended)
        .collect();
    ensure(left.is_empty(), || {
        format!("these have not ended: {left:?}")
    })
}

fn next_state(state: Option<State>, event: &Recorded) -> Option<State> {
    match (event.hook, state) {
        ("on_task_spawned", None)
        | ("on_task_after_send", Some(State::Runs(false)))
        | ("on_task_after_throw", Some(State::Runs(true))) => Some(State::Waits),
        ("on_task_before_send", Some(State::Waits)) => Some(State::Runs(false)),
        ("on_task_before_throw", Some(State::Waits)) => Some(State::Runs(true)),
        (hook, Some(State::Runs(_))) if end_of(hook).is_some() => Some(State::Ended),
        _ => None,
    }
}

/// What a task begins, it begins within a poll of its own.
pub(super) fn acts_within(run: &Run) -> Result<(), String> {
    let mut running = HashSet::new();
    for event in run.record() {
        if event.hook.starts_with("on_task_before") {
            running.extend(event.task);
        } else if event.hook.starts_with("on_task_after") || end_of(event.hook).is_some() {
            running.retain(|task| Some(*task) != event.task);
        } else if starts(event).is_some() || event.hook == "on_socket_open" {
            let runs = event.task.is_some_and(|task| running.contains(&task));
            ensure(runs, || format!("it does not run at {event:?}"))?;
        }
    }
    Ok(())
}
