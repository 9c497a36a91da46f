use crate::run::run;
use crate::turns::{Log, settle};
use loopscope::event_loop::{spawn, timeout};
use loopscope::sync::CountdownLatch;
use proptest::prelude::*;
use std::time::Duration;

#[test]
fn all_go_on_at_zero_and_none_before() {
    let log = Log::default();
    run(async {
        let latch = CountdownLatch::new(2);
        let wait = |number| {
            let (latch, log) = (latch.clone(), log.clone());
            spawn(async move {
                latch.wait().await;
                log.borrow_mut().push(number);
            })
        };
        let tasks: Vec<_> = (0..3).map(wait).collect();
        settle().await;
        latch.count_down();
        assert_eq!(latch.count(), 1);
        settle().await;
        assert!(log.borrow().is_empty());
        latch.count_down();
        for task in tasks {
            task.await.unwrap();
        }
        latch.wait().await;
    });
    assert_eq!(*log.borrow(), [0, 1, 2]);
}

#[test]
fn counted_down_at_zero_it_stays_open() {
    run(async {
        let latch = CountdownLatch::new(0);
        latch.wait().await;
        latch.count_down();
        assert_eq!(latch.count(), 0);
        latch.wait().await;
    });
}

#[test]
fn debug_output_says_who_it_is() {
    let latch = CountdownLatch::new(3).named("peers");
    let shown = format!("{latch:?}");
    assert_eq!(shown, r#"CountdownLatch { name: Some("peers"), count: 3 }"#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Waits, cancels and counts in any order: who was not cancelled goes on exactly when as many
    /// counts have come as the latch was made for.
    #[test]
    fn it_opens_with_the_last_count(
        count in 0_usize..6,
        steps in prop::collection::vec((0_u8..4, any::<prop::sample::Index>()), 1..40),
    ) {
        run(async {
            let latch = CountdownLatch::new(count);
            let mut left = count;
            let mut tasks = Vec::new();
            for (step, pick) in steps {
                match step {
                    0 | 1 => {
                        let latch = latch.clone();
                        tasks.push(spawn(async move { latch.wait().await }));
                    }
                    2 => {
                        latch.count_down();
                        left = left.saturating_sub(1);
                    }
                    _ if !tasks.is_empty() => {
                        let task = tasks.swap_remove(pick.index(tasks.len()));
                        task.cancel();
                        // One that has ended keeps its result.
                        assert!(task.await.is_err() || left == 0);
                    }
                    _ => {}
                }
                settle().await;
                assert_eq!(latch.count(), left);
                assert!(tasks.iter().all(|task| task.is_finished() == (left == 0)));
            }
            let opened = timeout(Duration::ZERO, latch.wait()).await.is_ok();
            assert_eq!(opened, left == 0);
        });
    }
}
