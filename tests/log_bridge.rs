//! Where no `tracing` subscriber is set, LogInstrument reaches the logger of the `log` crate.
//!
//! In a process of its own: loggers and subscribers are set for good.

use log::{LevelFilter, Log, Metadata, Record};
use loopscope::event_loop::EventLoop;
use loopscope::instrument::{EnterScope, LogInstrument};
use loopscope::sync::AsyncQueue;
use std::sync::Mutex;

/// A logger that keeps what it is told.
struct Kept(Mutex<Vec<(String, log::Level, String)>>);

static LOGGER: Kept = Kept(Mutex::new(Vec::new()));

impl Log for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = (
            record.target().to_owned(),
            record.level(),
            record.args().to_string(),
        );
        self.0.lock().expect("not poisoned").push(line);
    }

    fn flush(&self) {}
}

#[test]
fn events_reach_the_logger_of_the_log_crate() {
    log::set_logger(&LOGGER).expect("the first logger");
    log::set_max_level(LevelFilter::Debug);

    let scope = LogInstrument::new().enter();
    EventLoop::new()
        .expect("an event loop")
        .run_until_complete(async {
            let queue = AsyncQueue::unbounded().named("jobs");
            queue.put(42).await.expect("the queue is open");
        });
    drop(scope);

    let lines = LOGGER.0.lock().expect("not poisoned");
    let puts: Vec<_> = lines
        .iter()
        .filter(|(target, ..)| target == "loopscope::queue")
        .collect();
    let [(_, level, line)] = &puts[..] else {
        panic!("one line on the queue was expected: {lines:?}");
    };
    assert_eq!(*level, log::Level::Debug);
    assert!(line.starts_with("item put in queue"), "{line}");
    assert!(
        line.contains("queue=jobs") && line.contains("item=42"),
        "{line}"
    );
    assert!(line.contains("immediate=true"), "{line}");
    let targets = ["loopscope::task", "loopscope::loop"];
    for wanted in targets {
        assert!(
            lines.iter().any(|(target, ..)| target == wanted),
            "{wanted}"
        );
    }
}
