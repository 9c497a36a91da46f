//! The rules that pairs keep.

use super::Recorded;
use crate::instrument::{SocketId, SocketOperation, TaskId};
use std::collections::{HashMap, HashSet};

/// What is paired: an end belongs to a start of the same.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Pair {
    Operation(SocketId, SocketOperation, Option<TaskId>),
    Lookup(String, Option<TaskId>),
    Socket(SocketId),
    Poll(TaskId),
}

/// What part an event has in its pair.
enum Part {
    Start(Pair),
    End(Pair),
}

/// Events held against the rules.
#[derive(Default)]
pub(super) struct Pairs {
    /// Starts without an end so far, by their place among the events.
    under_way: HashMap<Pair, Vec<(usize, Recorded)>>,
    ended_tasks: HashSet<TaskId>,
    opened: HashSet<SocketId>,
    broken: Vec<String>,
}

impl Pairs {
    pub(super) fn of(events: &[Recorded]) -> Self {
        let mut pairs = Self::default();
        for (place, event) in events.iter().enumerate() {
            pairs.check_times(event);
            pairs.check_task(event);
            match part(event) {
                Some(Part::Start(pair)) => pairs.start(pair, place, event),
                Some(Part::End(pair)) => pairs.end(&pair, event),
                None => {}
            }
        }
        pairs
    }

    /// What each event that breaks a rule has done.
    pub(super) fn broken(&self) -> &[String] {
        &self.broken
    }

    /// The starts that have no end, in order.
    pub(super) fn unfinished(self) -> Vec<Recorded> {
        let mut unfinished: Vec<_> = self.under_way.into_values().flatten().collect();
        unfinished.sort_by_key(|(place, _)| *place);
        unfinished.into_iter().map(|(_, event)| event).collect()
    }

    fn breaks(&mut self, rule: &str, event: &Recorded) {
        self.broken.push(format!("{rule}: {event:?}"));
    }

    fn start(&mut self, pair: Pair, place: usize, event: &Recorded) {
        if let Pair::Socket(socket) = pair
            && !self.opened.insert(socket)
        {
            self.breaks("opened twice", event);
        }
        let is_under_way = self
            .under_way
            .get(&pair)
            .is_some_and(|starts| !starts.is_empty());
        if matches!(pair, Pair::Poll(_)) && is_under_way {
            self.breaks("polled within a poll", event);
        }
        let starts = self.under_way.entry(pair).or_default();
        starts.push((place, event.clone()));
    }

    fn end(&mut self, pair: &Pair, event: &Recorded) {
        let starts = self.under_way.get_mut(pair);
        // Of several at once that cannot be told apart, those that started together end together.
        let same_start = |(_, start): &(usize, Recorded)| start.start_time == event.start_time;
        let ended = starts.and_then(|starts| {
            let index = starts.iter().position(same_start).unwrap_or(0);
            (index < starts.len()).then(|| starts.remove(index))
        });
        match ended {
            Some((_, start)) if !matches!(pair, Pair::Socket(_)) => {
                if start.start_time != event.start_time {
                    self.breaks("start and end disagree on when it started", event);
                }
            }
            Some(_) => {}
            // A task that was never polled ends all the same.
            None if is_task_end(event.hook) => {}
            None => self.breaks("an end without a start", event),
        }
    }

    fn check_times(&mut self, event: &Recorded) {
        let (Some(start), Some(finish)) = (event.start_time, event.finish_time) else {
            return;
        };
        if start > finish {
            self.breaks("it ended before it started", event);
        }
        if event.ready_time.is_some_and(|ready| ready < start) {
            self.breaks("it was ready before it started", event);
        }
        if event.ready_time.is_some_and(|ready| ready > finish) {
            self.breaks("it was ready after it ended", event);
        }
        if event.immediate == Some(true) && event.ready_time.is_some() {
            self.breaks("what did not wait has no readiness to tell", event);
        }
    }

    fn check_task(&mut self, event: &Recorded) {
        let Some(task) = event.task.filter(|_| event.hook.starts_with("on_task")) else {
            return;
        };
        if self.ended_tasks.contains(&task) {
            self.breaks("a task has ended already", event);
        }
        if is_task_end(event.hook) {
            self.ended_tasks.insert(task);
        }
    }
}

fn is_task_end(hook: &str) -> bool {
    matches!(
        hook,
        "on_task_completed" | "on_task_error" | "on_task_cancelled"
    )
}

fn part(event: &Recorded) -> Option<Part> {
    let operation = || Some(Pair::Operation(event.socket?, event.operation?, event.task));
    let lookup = || Some(Pair::Lookup(event.name.clone()?, event.task));
    match event.hook {
        "on_socket_open" => Some(Part::Start(Pair::Socket(event.socket?))),
        "on_socket_close" => Some(Part::End(Pair::Socket(event.socket?))),
        "on_socket_connect_start"
        | "on_socket_accept_start"
        | "on_socket_recv_start"
        | "on_socket_send_start" => Some(Part::Start(operation()?)),
        "on_socket_connect_ready"
        | "on_socket_accept_ready"
        | "on_socket_recv_ready"
        | "on_socket_send_ready"
        | "on_socket_error" => Some(Part::End(operation()?)),
        "on_dns_lookup_start" => Some(Part::Start(lookup()?)),
        "on_dns_lookup_ready" => Some(Part::End(lookup()?)),
        "on_task_before_send" | "on_task_before_throw" => {
            Some(Part::Start(Pair::Poll(event.task?)))
        }
        "on_task_after_send" | "on_task_after_throw" => Some(Part::End(Pair::Poll(event.task?))),
        hook if is_task_end(hook) => Some(Part::End(Pair::Poll(event.task?))),
        _ => None,
    }
}
