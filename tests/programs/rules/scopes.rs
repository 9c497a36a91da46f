//! Scopes: who hears whom. That an instrument hears the operations of its scope, and no others, is
//! part of the rule of pairs.

use super::ensure;
use crate::run::Run;
use loopscope::instrument::TaskId;
use std::collections::HashSet;

/// An instrument that was entered in a task hears of that task and of those spawned in the scope,
/// and of no other. It hears of the close of a socket whoever closes it, and of the loop only
/// around it.
pub(super) fn audience(run: &Run) -> Result<(), String> {
    let audience = run.ledger.audience.borrow();
    for (scope, record) in run.records.iter().enumerate().skip(1) {
        let none = HashSet::new();
        let tasks = audience.get(&scope).unwrap_or(&none);
        for event in record {
            let is_told = match event.hook {
                "on_socket_close" => true,
                hook if hook.starts_with("on_loop") => false,
                _ => event.task.is_none_or(|task| tasks.contains(&task)),
            };
            ensure(is_told, || {
                format!("scope {scope}, which is of {tasks:?}, heard {event:?}")
            })?;
        }
    }
    Ok(())
}

/// An instrument hears of each task that is spawned in its scope, and of no other spawn.
pub(super) fn tasks_heard(run: &Run) -> Result<(), String> {
    let tasks = run.ledger.tasks.borrow();
    for (scope, record) in run.records.iter().enumerate() {
        let expected = tasks.iter().filter(|life| life.heard_by.contains(&scope));
        let expected: Vec<TaskId> = expected.map(|life| life.task).collect();
        let heard = record
            .iter()
            .filter(|event| event.hook == "on_task_spawned");
        let heard: Vec<TaskId> = heard.filter_map(|event| event.task).collect();
        ensure(heard == expected, || {
            format!("scope {scope} heard the spawns of {heard:?}, there were {expected:?}")
        })?;
    }
    Ok(())
}
