use crate::support::{alone, raise};
use loopscope::event_loop::{
    EventLoop, Signal, TaskBuilder, ctrl_c, sleep, spawn, terminate, timeout, yield_now,
};
use loopscope::instrument::{EnterScope, RecordingInstrument, Resumption};
use signal_hook::consts::{SIGHUP, SIGINT, SIGKILL, SIGTERM};
use std::io::ErrorKind;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn run<T>(future: impl Future<Output = T>) -> T {
    let event_loop = EventLoop::new().unwrap();
    event_loop
        .run_until_complete(timeout(LIMIT, future))
        .expect("nothing hangs")
}

#[test]
fn a_signal_wakes_whoever_waits_for_it() {
    let _alone = alone();
    run(async {
        for (signal, number) in [(ctrl_c(), SIGINT), (terminate(), SIGTERM)] {
            let waiting = spawn(signal.unwrap());
            yield_now().await;
            raise(number);
            waiting.await.unwrap();
        }
    });
}

#[test]
fn a_signal_that_comes_before_the_wait_is_not_missed() {
    let _alone = alone();
    run(async {
        let mut hang_up = Signal::new(SIGHUP).unwrap();
        raise(SIGHUP);
        (&mut hang_up).await;
        // It was one signal.
        assert!(timeout(Duration::ZERO, &mut hang_up).await.is_err());
        raise(SIGHUP);
        (&mut hang_up).await;
    });
}

#[test]
fn every_listener_of_every_loop_hears_it() {
    let _alone = alone();
    let loops: Vec<_> = (0..3)
        .map(|_| {
            let (listening, is_listening) = std::sync::mpsc::channel();
            let thread = std::thread::spawn(move || {
                run(async {
                    let (first, second) = (terminate().unwrap(), terminate().unwrap());
                    listening.send(()).unwrap();
                    first.await;
                    second.await;
                });
            });
            is_listening.recv().unwrap();
            thread
        })
        .collect();
    raise(SIGTERM);
    for thread in loops {
        thread.join().unwrap();
    }
}

#[test]
fn the_wait_is_shown() {
    let _alone = alone();
    let recorder = RecordingInstrument::new();
    recorder.clone().in_scope(|| {
        run(async {
            let signal = terminate().unwrap();
            let task = TaskBuilder::new().name("waiting").spawn(signal);
            yield_now().await;
            raise(SIGTERM);
            task.await.unwrap();
        });
    });
    let of_task = recorder.select(|event| event.task_name.as_deref() == Some("waiting"));
    let events = of_task.events();
    assert_eq!(events[2].command.as_deref(), Some("signal SIGTERM"));
    assert_eq!(events[3].resumption, Some(Resumption::Notified));
}

#[test]
fn what_cannot_be_listened_to_is_refused() {
    let _alone = alone();
    let error = Signal::new(SIGKILL).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "signal 9 cannot be listened to");
    assert!(Signal::new(12345).is_err());
}

#[test]
fn a_wait_may_be_given_up() {
    let _alone = alone();
    run(async {
        for _ in 0..100 {
            let signal = terminate().unwrap();
            assert!(timeout(Duration::ZERO, signal).await.is_err());
        }
        raise(SIGTERM);
        sleep(Duration::from_millis(1)).await;
    });
}
