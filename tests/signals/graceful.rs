use crate::support::{alone, raise};
use loopscope::event_loop::{Ended, EventLoop, is_stopping, sleep, spawn, stopping, yield_now};
use loopscope::instrument::{EnterScope, RecordingInstrument};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::cell::Cell;
use std::process::{ExitCode, Termination};
use std::rc::Rc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);
const GRACE: Duration = Duration::from_secs(30);
const NONE: Duration = Duration::ZERO;

fn gracefully<F: Future>(grace: Duration, main: F) -> Ended<F::Output> {
    let event_loop = EventLoop::new().unwrap();
    event_loop.run_gracefully(grace, main).unwrap()
}

/// Exit codes cannot be compared, but shown.
fn code(ended: impl Termination) -> String {
    format!("{:?}", ended.report())
}

fn success() -> String {
    format!("{:?}", ExitCode::SUCCESS)
}

fn failure() -> String {
    format!("{:?}", ExitCode::FAILURE)
}

/// Sets a flag when it is dropped.
struct SetOnDrop(Rc<Cell<bool>>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn a_future_that_completes_ends_the_run() {
    let _alone = alone();
    let ended = gracefully(GRACE, async {
        spawn(sleep(LONG)).detach();
        ExitCode::from(3)
    });
    assert!(!ended.was_stopped());
    assert_eq!(ended.cut_off(), 0);
    assert_eq!(code(ended), format!("{:?}", ExitCode::from(3)));
}

#[test]
fn tasks_get_their_time_on_either_signal() {
    let _alone = alone();
    for signal in [SIGTERM, SIGINT] {
        let drained = Rc::new(Cell::new(0));
        let ended = gracefully(GRACE, async {
            for _ in 0..5 {
                let drained = drained.clone();
                spawn(async move {
                    stopping().await;
                    assert!(is_stopping());
                    sleep(Duration::from_millis(5)).await;
                    drained.set(drained.get() + 1);
                })
                .detach();
            }
            yield_now().await;
            assert!(!is_stopping());
            raise(signal);
            stopping().await;
        });
        assert!(ended.was_stopped());
        assert_eq!((ended.cut_off(), drained.get()), (0, 5));
        assert_eq!(code(ended), success());
    }
}

#[test]
fn what_has_not_ended_in_time_is_cut_off() {
    let _alone = alone();
    let recorder = RecordingInstrument::new();
    let dropped = Rc::new(Cell::new(false));
    let ended = recorder.clone().in_scope(|| {
        gracefully(NONE, async {
            let guard = SetOnDrop(dropped.clone());
            spawn(async move {
                let _guard = guard;
                sleep(LONG).await;
            })
            .detach();
            raise(SIGTERM);
            sleep(LONG).await;
        })
    });
    assert!(dropped.get());
    assert_eq!(ended.cut_off(), 2, "the main future and the task");
    assert_eq!(recorder.of("on_task_cancelled").len(), 1);
    recorder.assert_paired();
    assert_eq!(code(ended), failure());
}

#[test]
fn a_second_signal_cuts_the_grace_short() {
    let _alone = alone();
    let ended = gracefully(LONG, async {
        raise(SIGINT);
        stopping().await;
        raise(SIGINT);
        sleep(LONG).await;
    });
    assert_eq!(ended.cut_off(), 1);
}

#[test]
fn a_handle_stops_it_as_a_signal_does() {
    let _alone = alone();
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    for _ in 0..2 {
        let ended = event_loop.run_gracefully(GRACE, async {
            handle.stop_gracefully();
            stopping().await;
            "drained"
        });
        let ended = ended.unwrap();
        assert!(ended.was_stopped());
        assert_eq!(ended.output(), Some("drained"));
    }
    // A run of another kind does not end by it.
    event_loop.run_until_complete(async {
        handle.stop_gracefully();
        sleep(Duration::from_millis(5)).await;
        assert!(!is_stopping());
    });
}

#[test]
fn destructors_may_spawn_and_are_waited_for() {
    struct SpawnOnDrop(u32);
    impl Drop for SpawnOnDrop {
        fn drop(&mut self) {
            if let Some(left) = self.0.checked_sub(1) {
                let next = Self(left);
                spawn(async move {
                    let _next = next;
                    sleep(LONG).await;
                })
                .detach();
            }
        }
    }
    let _alone = alone();
    let ended = gracefully(NONE, async {
        let _guard = SpawnOnDrop(3);
        raise(SIGTERM);
        sleep(LONG).await;
    });
    assert_eq!(ended.cut_off(), 1);
}

#[test]
fn an_abrupt_stop_ends_it_too() {
    let _alone = alone();
    let event_loop = EventLoop::new().unwrap();
    event_loop.handle().stop();
    let ended = event_loop.run_gracefully(GRACE, sleep(LONG)).unwrap();
    assert!(ended.was_stopped());
    assert!(ended.output().is_none());
}
