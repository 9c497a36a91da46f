use loopscope::event_loop::{EventLoop, JoinError, sleep};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn other_threads_spawn_and_join() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let handle = handle.clone();
            std::thread::spawn(move || {
                futures_lite::future::block_on(handle.spawn(async move { number * 2 })).unwrap()
            })
        })
        .collect();
    let sum: i32 = event_loop.run_until_complete(async {
        while !threads.iter().all(std::thread::JoinHandle::is_finished) {
            sleep(Duration::from_millis(1)).await;
        }
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(sum, 12);
}

#[test]
fn a_sleeping_loop_is_woken() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let (sender, receiver) = futures_channel::oneshot::channel();
    let thread = std::thread::spawn(move || {
        drop(handle.spawn(async move { sender.send(7) }));
    });
    assert_eq!(event_loop.run_until_complete(receiver).unwrap(), 7);
    thread.join().unwrap();
}

#[test]
fn other_threads_cancel() {
    let event_loop = EventLoop::new().unwrap();
    let task = event_loop.handle().spawn(sleep_long());
    let result = event_loop.run_until_complete(async {
        sleep(Duration::from_millis(1)).await;
        task.cancel();
        task.await
    });
    assert!(matches!(result, Err(JoinError::Cancelled)));
}

/// A future that is `Send`, as other threads' have to be.
async fn sleep_long() {
    std::future::pending::<()>().await;
}

#[test]
fn a_handle_stops_the_loop() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let thread = std::thread::spawn(move || handle.stop());
    let stopped = event_loop.try_run_until_complete(sleep(LONG));
    assert_eq!(
        stopped.unwrap_err().to_string(),
        "the event loop was stopped"
    );
    thread.join().unwrap();
    assert_eq!(event_loop.try_run_until_complete(async { 1 }).unwrap(), 1);
}

#[test]
fn nothing_hangs_when_the_loop_is_gone() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let never_run = handle.spawn(async { 1 });
    let running = handle.spawn(sleep_long());
    event_loop.run_until_complete(sleep(Duration::from_millis(1)));
    let late = handle.clone();
    drop(event_loop);
    assert_eq!(futures_lite::future::block_on(never_run).unwrap(), 1);
    let cancelled = futures_lite::future::block_on(running);
    assert!(matches!(cancelled, Err(JoinError::Cancelled)));
    let refused = futures_lite::future::block_on(late.spawn(async { 2 }));
    assert!(matches!(refused, Err(JoinError::Cancelled)));
    late.wake();
    late.stop();
}
