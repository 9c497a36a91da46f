//! Times, and whether a task had to wait.

use super::{ends, ensure, starts};
use crate::run::Run;
use loopscope::clock::Timestamp;
use loopscope::instrument::Recorded;

/// An event starts before it is ready, and is ready before it is over; a task is woken before it is
/// resumed. Only what has waited was made ready.
pub(super) fn within_events(run: &Run) -> Result<(), String> {
    for event in run.records.iter().flatten() {
        let times = [event.start_time, event.ready_time, event.finish_time];
        let told = times.iter().flatten();
        let woken = event
            .wake_time
            .is_none_or(|wake| Some(wake) <= event.start_time);
        let waited = event.ready_time.is_none() || event.immediate == Some(false);
        ensure(told.is_sorted() && woken && waited, || format!("{event:?}"))?;
    }
    Ok(())
}

/// Hooks fire when it happens: no event is told before one that came earlier.
pub(super) fn between_events(run: &Run) -> Result<(), String> {
    for (scope, record) in run.records.iter().enumerate() {
        let timed = record
            .iter()
            .filter_map(|event| Some((moment(event)?, event)));
        let timed: Vec<_> = timed.collect();
        for pair in timed.windows(2) {
            ensure(pair[0].0 <= pair[1].0, || {
                format!("scope {scope} heard {:?} before {:?}", pair[0].1, pair[1].1)
            })?;
        }
    }
    Ok(())
}

/// When an event happened: at its end, where it tells of an end.
fn moment(event: &Recorded) -> Option<Timestamp> {
    event.finish_time.or(event.start_time)
}

/// An operation on a socket was immediate where its task did not yield between its start and its
/// end, and only there. One that was given up may have been pending in a poll that went on.
pub(super) fn immediate(run: &Run) -> Result<(), String> {
    let record = run.record();
    let mut under_way: Vec<(usize, &Recorded)> = Vec::new();
    for (place, event) in record.iter().enumerate() {
        if starts(event).is_some() {
            under_way.push((place, event));
        }
        if ends(event).is_none() || event.socket.is_none() || event.operation.is_none() {
            continue;
        }
        let same = |start: &Recorded| {
            (start.task, start.socket, start.operation)
                == (event.task, event.socket, event.operation)
        };
        // One listener may have several accepts of one task under way, which end in any order.
        let is_alone = under_way.iter().filter(|(_, start)| same(start)).count() == 1;
        let index = under_way.iter().position(|(_, start)| same(start));
        let Some((start, _)) = index.map(|index| under_way.remove(index)) else {
            return Err(format!("no start of {event:?}"));
        };
        if is_alone {
            let parked = record[start..place]
                .iter()
                .any(|other| other.task == event.task && other.hook.starts_with("on_task_after"));
            let immediate = event.immediate == Some(true);
            let gives_up = event.failure.as_deref() == Some("cancelled");
            ensure(immediate != parked || (gives_up && !immediate), || {
                format!("the task yielded meanwhile: {parked}, yet {event:?}")
            })?;
        }
    }
    Ok(())
}
