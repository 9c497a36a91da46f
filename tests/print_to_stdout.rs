//! The original's own example, with the real stdout: it prints exactly its two lines.

use loopscope::event_loop::EventLoop;
use loopscope::instrument::{EnterScope, PrintInstrument};
use loopscope::sync::AsyncQueue;
use std::env;
use std::process::{Command, Stdio};

/// Set for the process whose output is looked at.
const IS_EXAMPLE: &str = "LOOPSCOPE_PRINT_EXAMPLE";

async fn queue_example() -> i32 {
    let queue = AsyncQueue::unbounded();
    queue.put(42).await.expect("the queue is open");
    queue.get().await.expect("the queue has an item")
}

#[test]
fn the_example_prints_its_two_lines() {
    if env::var_os(IS_EXAMPLE).is_some() {
        let event_loop = EventLoop::new().expect("an event loop");
        let _scope = PrintInstrument::new().enter();
        assert_eq!(event_loop.run_until_complete(queue_example()), 42);
        return;
    }
    let example = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "the_example_prints_its_two_lines", "--nocapture"])
        .env(IS_EXAMPLE, "1")
        .stderr(Stdio::inherit())
        .output()
        .expect("this program runs");
    assert!(example.status.success());
    let printed = String::from_utf8(example.stdout).expect("text");
    // The test runner may begin its own line before ours: `test … ... [QUEUE-PUT] …`.
    let lines: Vec<_> = printed
        .lines()
        .filter_map(|line| line.find('[').map(|start| &line[start..]))
        .collect();
    assert_eq!(
        lines,
        [
            "[QUEUE-PUT] Item put in queue: 42",
            "[QUEUE-GET] Item retrieved from queue: 42",
        ]
    );
}
