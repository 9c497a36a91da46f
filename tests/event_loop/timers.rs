use loopscope::clock::{ManualClock, Timestamp};
use loopscope::event_loop::{EventLoop, sleep, sleep_until, spawn, timeout, yield_now};
use loopscope::net::TcpStream;
use socket2::SockRef;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Runs a future under a clock that moves from deadline to deadline.
fn run<T>(future: impl Future<Output = T>) -> T {
    let _clock = ManualClock::install();
    EventLoop::new().unwrap().run_until_complete(future)
}

#[test]
fn timers_fire_in_the_order_of_their_deadlines() {
    let order = Rc::new(RefCell::new(Vec::new()));
    run(async {
        let start = Timestamp::now();
        let tasks: Vec<_> = [3, 1, 2]
            .map(|seconds| {
                let order = order.clone();
                spawn(async move {
                    sleep(seconds * SECOND).await;
                    order.borrow_mut().push((seconds, Timestamp::now() - start));
                })
            })
            .into();
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(
        *order.borrow(),
        [(1, SECOND), (2, 2 * SECOND), (3, 3 * SECOND)]
    );
}

#[test]
fn a_sleep_tells_how_long_it_was() {
    run(async {
        assert_eq!(sleep(5 * SECOND).await, 5 * SECOND);
        let past = Timestamp::from_nanos(0);
        assert_eq!(sleep_until(past).await, Duration::ZERO);
    });
}

#[test]
fn a_sleep_of_no_length_lets_the_others_run() {
    let order = Rc::new(RefCell::new(Vec::new()));
    run(async {
        let other = order.clone();
        let task = spawn(async move { other.borrow_mut().push("other") });
        sleep(Duration::ZERO).await;
        order.borrow_mut().push("main");
        task.await.unwrap();
    });
    assert_eq!(*order.borrow(), ["other", "main"]);
}

#[test]
fn a_time_limit_is_kept() {
    run(async {
        assert_eq!(timeout(SECOND, async { 1 }).await.unwrap(), 1);
        assert_eq!(
            timeout(Duration::ZERO, async { 1 }).await.unwrap(),
            1,
            "ready at once"
        );
        let start = Timestamp::now();
        assert!(timeout(SECOND, sleep(2 * SECOND)).await.is_err());
        assert_eq!(Timestamp::now() - start, SECOND);
        assert_eq!(timeout(2 * SECOND, sleep(SECOND)).await.unwrap(), SECOND);
        let error: std::io::Error = timeout(SECOND, std::future::pending::<()>())
            .await
            .unwrap_err()
            .into();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    });
}

#[test]
fn a_timer_that_was_dropped_does_not_fire() {
    run(async {
        let start = Timestamp::now();
        let mut long = Box::pin(sleep(3600 * SECOND));
        assert!(
            futures_lite::future::poll_once(long.as_mut())
                .await
                .is_none()
        );
        drop(long);
        sleep(SECOND).await;
        assert_eq!(Timestamp::now() - start, SECOND);
    });
}

#[test]
fn a_timer_wakes_whoever_polled_it_last() {
    run(async {
        let mut moved = Box::pin(sleep(SECOND));
        assert!(
            futures_lite::future::poll_once(moved.as_mut())
                .await
                .is_none()
        );
        let task = spawn(moved);
        yield_now().await;
        assert_eq!(task.await.unwrap(), SECOND);
    });
}

#[test]
fn a_hundred_thousand_timers_half_of_them_cancelled() {
    run(async {
        let tasks: Vec<_> = (0..100_000u32)
            .map(|number| spawn(async move { sleep(SECOND * (number % 1000)).await }))
            .collect();
        yield_now().await;
        for task in tasks.iter().step_by(2) {
            task.cancel();
        }
        let mut slept = 0;
        for task in tasks {
            slept += u32::from(task.await.is_ok());
        }
        assert_eq!(slept, 50_000);
    });
}

#[cfg(unix)]
#[test]
fn a_manual_clock_waits_for_what_sockets_have_already() {
    use std::io::Write;
    let _clock = ManualClock::install();
    EventLoop::new().unwrap().run_until_complete(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap());
        let stream = stream.await.unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        let nothing = futures_lite::future::poll_once(stream.read(&mut [0; 1])).await;
        assert!(nothing.is_none());
        // There before the task waits for it.
        peer.write_all(b"x").unwrap();
        while SockRef::from(&stream)
            .peek(&mut [std::mem::MaybeUninit::uninit()])
            .is_err()
        {}
        let start = Timestamp::now();
        let read = timeout(SECOND, stream.read(&mut [0; 1])).await;
        assert_eq!(read.expect("it need not wait").unwrap(), 1);
        assert_eq!(Timestamp::now(), start);
    });
}
