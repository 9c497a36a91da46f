use loopscope::clock::{ManualClock, Timestamp};
use loopscope::event_loop::{EventLoop, EventLoopBuilder, TaskBuilder, yield_now};
use loopscope::instrument::{EnterScope, RecordingInstrument};
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::subscriber::Subscriber;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Keeps the text of the warnings about polls.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        if *event.metadata().level() == tracing::Level::WARN {
            let mut message = Message(String::new());
            event.record(&mut message);
            self.0.lock().unwrap().push(message.0);
        }
    }
}

/// What is warned of while two tasks are busy for these times, one poll each, turn by turn.
fn warnings(builder: EventLoopBuilder, heard: bool, polls: &'static [[u64; 2]]) -> Vec<String> {
    let warnings = Warnings::default();
    let subscriber = tracing_subscriber::registry().with(warnings.clone());
    let _default = tracing::subscriber::set_default(subscriber);
    let clock = Rc::new(ManualClock::install());
    let _scope = heard.then(|| RecordingInstrument::new().enter());
    builder.build().unwrap().run_until_complete(async {
        let tasks = ["first", "second"]
            .into_iter()
            .enumerate()
            .map(|(task, name)| {
                let clock = clock.clone();
                TaskBuilder::new().name(name).spawn(async move {
                    for busy in polls {
                        clock.advance(Duration::from_millis(busy[task]));
                        yield_now().await;
                    }
                })
            });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
    let warnings = warnings.0.lock().unwrap();
    warnings.clone()
}

#[test]
fn a_poll_over_the_limit_is_reported_with_the_tasks_name() {
    let warned = warnings(EventLoop::builder(), true, &[[100, 0], [99, 99]]);
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].starts_with("task first#"), "{warned:?}");
    assert!(
        warned[0].contains("kept the event loop busy for 100ms"),
        "{warned:?}"
    );
    assert!(warned[0].contains("spawn_blocking"), "{warned:?}");
}

#[test]
fn a_task_is_reported_once_a_minute() {
    // The second report of each comes when a minute has passed since the first.
    let polls = &[
        [200, 150],
        [300, 0],
        [0, 20_000],
        [40_000, 0],
        [110, 0],
        [0, 120],
    ];
    let warned = warnings(EventLoop::builder(), true, polls);
    let tasks: Vec<_> = warned.iter().map(|text| text.split('#').next()).collect();
    let (first, second) = (Some("task first"), Some("task second"));
    assert_eq!(tasks, [first, second, first, second], "{warned:?}");
}

#[test]
fn the_limit_can_be_set_and_lifted() {
    let short = EventLoop::builder().long_poll_limit(Duration::from_millis(5));
    assert_eq!(warnings(short, true, &[[5, 4]]).len(), 1);
    let none = EventLoop::builder().long_poll_limit(Duration::MAX);
    assert_eq!(warnings(none, true, &[[100_000, 0]]), [""; 0]);
}

#[test]
fn without_an_instrument_no_poll_is_measured() {
    assert_eq!(warnings(EventLoop::builder(), false, &[[500, 0]]), [""; 0]);
}

#[test]
fn a_poll_that_goes_on_is_reported_before_it_ends() {
    let warnings = Warnings::default();
    let subscriber = tracing_subscriber::registry().with(warnings.clone());
    let _default = tracing::subscriber::set_default(subscriber);
    let _scope = RecordingInstrument::new().enter();
    let limit = Duration::from_millis(10);
    let event_loop = EventLoop::builder().long_poll_limit(limit).name("stuck");
    event_loop.build().unwrap().run_until_complete(async {
        let said = warnings.clone();
        let stuck = TaskBuilder::new().name("spinner").spawn(async move {
            // As a loop that is stuck, but for a test that is to end.
            let give_up = Timestamp::now() + Duration::from_secs(30);
            while said.0.lock().unwrap().is_empty() && Timestamp::now() < give_up {
                std::hint::spin_loop();
            }
        });
        stuck.await.unwrap();
    });
    let warned = warnings.0.lock().unwrap();
    assert_eq!(
        warned.len(),
        1,
        "once, and not when it has ended again: {warned:?}"
    );
    assert!(warned[0].starts_with("task spinner#"), "{warned:?}");
    assert!(warned[0].contains("in one poll that goes on"), "{warned:?}");
}
