use crate::recorded::recorded;
use crate::table::{Outcome, check};
use crate::ways::{self, give_up};
use loopscope::event_loop::{sleep, timeout};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(1);

#[test]
fn success() {
    let record = recorded(async {
        sleep(SHORT).await;
    });
    check("timer", Outcome::Success, &record);
}

/// Time runs out.
#[test]
fn error() {
    let record = recorded(async {
        assert!(timeout(SHORT, sleep(LONG)).await.is_err());
    });
    check("timer", Outcome::Error, &record);
}

#[test]
fn cancel() {
    let record = recorded(ways::cancel(sleep(LONG)));
    check("timer", Outcome::Cancel, &record);
}

#[test]
fn drop() {
    check("timer", Outcome::Drop, &recorded(give_up(sleep(LONG))));
}
