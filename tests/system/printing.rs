//! PrintInstrument where nothing can be written any more.

use crate::run::run;
use loopscope::event_loop::{sleep, spawn};
use loopscope::instrument::{EnterScope, PrintInstrument};
use loopscope::sync::AsyncQueue;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// Set for the process whose stdout breaks.
const IS_BODY: &str = "LOOPSCOPE_BROKEN_PIPE";

/// Counts what is reported of instruments.
#[derive(Clone, Default)]
struct Reports(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Reports {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "loopscope::instrument" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Reports {
    fn count(&self, program: impl FnOnce()) -> usize {
        let subscriber = tracing_subscriber::registry().with(self.clone());
        tracing::subscriber::with_default(subscriber, program);
        self.0.load(Ordering::Relaxed)
    }
}

/// A program whose result does not depend on who listens.
async fn program(items: u64, pause: Duration) -> u64 {
    let queue = AsyncQueue::bounded(1);
    let producer = queue.clone();
    let producer = spawn(async move {
        for item in 0..items {
            producer.put(item).await.unwrap();
            sleep(pause).await;
        }
        producer.close();
    });
    let mut sum = 0;
    while let Ok(item) = queue.get().await {
        sum += item;
    }
    producer.await.unwrap();
    sum
}

#[test]
fn a_full_disk_loses_lines_and_nothing_else() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let reports = Reports::default().count(|| {
        let _scope = PrintInstrument::with_writer(full).enter();
        assert_eq!(run(program(100, Duration::ZERO)), 4950);
    });
    assert_eq!(reports, 1, "it is reported once");
}

#[test]
fn a_reader_of_stdout_that_goes_away_takes_nothing_with_it() {
    if std::env::var_os(IS_BODY).is_some() {
        let reports = Reports::default().count(|| {
            let _scope = PrintInstrument::new().enter();
            assert_eq!(run(program(200, Duration::from_millis(1))), 19_900);
        });
        // The test runner's own end fails for want of its reader: this says that ours was right.
        writeln!(std::io::stderr(), "done with {reports} report").unwrap();
        return;
    }
    let test = std::thread::current().name().unwrap().to_owned();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &test, "--nocapture"])
        .env(IS_BODY, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines
        .find(|line| line.as_ref().unwrap().contains("[QUEUE-PUT]"))
        .expect("it prints")
        .unwrap();
    drop(lines);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("done with 1 report"), "{said}");
}
