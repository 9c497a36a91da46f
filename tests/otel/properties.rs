//! What holds whatever happens.

use crate::support::*;
use loopscope::instrument::*;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use proptest::prelude::*;
use std::rc::Rc;

/// Something that may happen on a loop; the number says to which of its tasks or queues.
#[derive(Debug, Clone, Copy)]
enum Event {
    Spawn { named: bool, detached: bool },
    Poll(usize),
    SpawnWithin(usize),
    End(usize, u8),
    Forget(usize),
    Open,
    Close(usize),
    Put(usize),
    Get(usize),
    EndOpenSpans,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any::<bool>(), any::<bool>())
            .prop_map(|(named, detached)| Event::Spawn { named, detached }),
        any::<usize>().prop_map(Event::Poll),
        any::<usize>().prop_map(Event::SpawnWithin),
        (any::<usize>(), 0..3u8).prop_map(|(task, how)| Event::End(task, how)),
        any::<usize>().prop_map(Event::Forget),
        Just(Event::Open),
        any::<usize>().prop_map(Event::Close),
        (0..3usize).prop_map(Event::Put),
        (0..3usize).prop_map(Event::Get),
        Just(Event::EndOpenSpans),
    ]
}

/// A loop that only pretends.
struct Loop<'a> {
    bridge: &'a Bridge,
    tasks: Vec<TaskInfo>,
    sockets: Vec<Rc<SocketHandle>>,
    queues: Vec<(Rc<QueueInfo>, usize)>,
    /// Spans that must have been exported once all is over.
    expected_spans: usize,
    /// Tasks whose end was not told.
    forgotten: usize,
}

impl<'a> Loop<'a> {
    fn new(bridge: &'a Bridge) -> Self {
        let queue = |name: Option<&str>| Rc::new(QueueInfo::new(name.map(Rc::from), None));
        let names = [Some("jobs"), Some("jobs"), None];
        Self {
            bridge,
            tasks: Vec::new(),
            sockets: Vec::new(),
            queues: names.map(|name| (queue(name), 0)).to_vec(),
            expected_spans: 0,
            forgotten: 0,
        }
    }

    fn spawn(&mut self, named: bool, detached: bool) {
        let task = task(named.then_some("worker"));
        if detached {
            self.bridge.otel.spawn_detached(&task);
        } else {
            self.bridge.otel.spawn(&task);
        }
        self.expected_spans += usize::from(named);
        self.tasks.push(task);
    }

    fn take(&mut self, number: usize) -> Option<TaskInfo> {
        let place = number.checked_rem(self.tasks.len())?;
        Some(self.tasks.swap_remove(place))
    }

    /// An item that goes into a queue or out of it.
    fn moved(&mut self, place: usize, change: isize) -> QueueMetadata<'_> {
        let (queue, len) = &mut self.queues[place];
        *len = len.saturating_add_signed(change);
        QueueMetadata::new(None, queue, &(), *len, true, at(0), at(0))
    }

    fn end(&self, task: &TaskInfo, how: u8) {
        let otel = &self.bridge.otel;
        otel.resume(task);
        let end = TaskEndMetadata::new(task, true, at(1), at(2));
        match how {
            0 => otel.on_task_completed(&end),
            1 => otel.on_task_cancelled(&end),
            _ => otel.on_task_error(&TaskErrorMetadata::new(end, TaskFailure::Panic("boom"))),
        }
    }

    fn happens(&mut self, event: Event) {
        let otel = &self.bridge.otel;
        match event {
            Event::Spawn { named, detached } => self.spawn(named, detached),
            Event::Poll(number) => {
                if let Some(task) = self.take(number) {
                    otel.poll(&task, || otel.recv(Some(&task)));
                    self.expected_spans += 1;
                    self.tasks.push(task);
                }
            }
            Event::SpawnWithin(number) => {
                if let Some(spawner) = self.take(number) {
                    otel.poll(&spawner, || self.spawn(true, false));
                    self.tasks.push(spawner);
                }
            }
            Event::End(number, how) => {
                if let Some(task) = self.take(number) {
                    self.end(&task, how);
                }
            }
            Event::Forget(number) => self.forgotten += usize::from(self.take(number).is_some()),
            Event::Open => {
                let socket = client();
                otel.on_socket_open(&InstrumentationMetadata::new(None, &socket, at(0)));
                self.sockets.push(socket);
            }
            Event::Close(number) => {
                if let Some(place) = number.checked_rem(self.sockets.len()) {
                    let socket = self.sockets.swap_remove(place);
                    otel.on_socket_close(&InstrumentationMetadata::new(None, &socket, at(0)));
                }
            }
            Event::Put(place) => otel.on_queue_put(&self.moved(place, 1)),
            Event::Get(place) => otel.on_queue_get(&self.moved(place, -1)),
            Event::EndOpenSpans => otel.end_open_spans(),
        }
    }

    /// Ends all that lives; returns how many spans there must be and how many tasks were forgotten.
    fn ends(mut self) -> (usize, usize) {
        while let Some(task) = self.tasks.pop() {
            self.end(&task, 0);
        }
        while !self.sockets.is_empty() {
            self.happens(Event::Close(0));
        }
        (self.expected_spans, self.forgotten)
    }
}

/// Asserts that the points of a metric, if it has any, add up to `sum`.
fn assert_sum(bridge: &Bridge, metric: &str, sum: usize) {
    let points = bridge.points(metric);
    let values = points.iter().map(|point| {
        let (_, value) = point.rsplit_once(": ").unwrap();
        value.parse::<usize>().unwrap()
    });
    assert_eq!(values.sum::<usize>(), sum, "{metric}: {points:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_active_returns_to_zero_and_each_span_ends_once(
        events in prop::collection::vec(event(), 0..80)
    ) {
        let bridge = Bridge::new();
        let mut event_loop = Loop::new(&bridge);
        for event in events {
            event_loop.happens(event);
            prop_assert!(!Context::current().has_active_span(), "a context leaks");
        }
        let (spans, forgotten) = event_loop.ends();
        prop_assert_eq!(bridge.spans().len(), spans);
        let ids: std::collections::HashSet<_> =
            bridge.spans().iter().map(|span| span.span_context.span_id()).collect();
        prop_assert_eq!(ids.len(), spans);
        assert_sum(&bridge, "loopscope.task.active", forgotten);
        assert_sum(&bridge, "loopscope.socket.active", 0);
        assert_sum(&bridge, "loopscope.queue.size", 0);
    }
}
