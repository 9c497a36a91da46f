use loopscope::event_loop::{EventLoop, Exit, Stopped, sleep, spawn, yield_now};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn any_task_ends_the_run_with_a_value_or_an_error() {
    for expected in [Ok(7), Err("no")] {
        let result = EventLoop::new().unwrap().run_until_exit(|exit| async move {
            spawn(async move {
                spawn(async move { exit.exit(expected).unwrap() }).detach();
            })
            .detach();
            sleep(LONG).await;
            unreachable!("the run ends before");
        });
        assert_eq!(result, Ok(expected));
    }
}

#[test]
fn nothing_runs_after_the_task_that_exits() {
    let event_loop = EventLoop::new().unwrap();
    let ran = Rc::new(Cell::new(0));
    let count = |ran: &Rc<Cell<i32>>| {
        let ran = ran.clone();
        async move { ran.set(ran.get() + 1) }
    };
    let result = event_loop.run_until_exit(|exit| {
        let (before, after) = (count(&ran), count(&ran));
        async move {
            spawn(before).detach();
            spawn(async move {
                exit.exit("done").unwrap();
                yield_now().await;
                unreachable!("it is not resumed in this run");
            })
            .detach();
            spawn(after).detach();
            sleep(LONG).await;
            "not in time"
        }
    });
    assert_eq!((result, ran.get()), (Ok("done"), 1));
}

#[test]
fn tasks_that_are_left_go_on_in_the_next_run() {
    let event_loop = EventLoop::new().unwrap();
    let mut left = None;
    event_loop
        .run_until_exit(|exit: Exit<()>| {
            let task = &mut left;
            async move {
                *task = Some(spawn(async {
                    yield_now().await;
                    5
                }));
                exit.exit(()).unwrap();
                sleep(LONG).await;
            }
        })
        .unwrap();
    let result = event_loop.run_until_complete(left.unwrap());
    assert_eq!(result.unwrap(), 5);
}

#[test]
fn the_first_result_is_the_runs() {
    let event_loop = EventLoop::new().unwrap();
    let mut late = None;
    let result = event_loop.run_until_exit(|exit| {
        late = Some(exit.clone());
        async move {
            assert_eq!(exit.exit(1), Ok(()));
            assert_eq!(exit.exit(2), Err(2));
            // Complete in the same poll, yet later.
            3
        }
    });
    assert_eq!(result, Ok(1));
    let late = late.unwrap();
    assert_eq!(late.exit(4), Err(4), "the run is over");
    // Nothing of it is left for the next.
    assert_eq!(event_loop.run_until_complete(async { 6 }), 6);
    assert_eq!(event_loop.run_until_exit(|_| async { 7 }), Ok(7));
}

#[test]
fn a_stop_is_no_exit() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.handle().stop();
    let result = event_loop.run_until_exit(|_exit: Exit<()>| sleep_for_ever());
    let _: Stopped = result.unwrap_err();
}

async fn sleep_for_ever() {
    sleep(LONG).await;
}
