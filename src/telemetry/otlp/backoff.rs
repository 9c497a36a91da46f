//! When a request is worth another try.

use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use std::time::{Duration, SystemTime};

/// What is to be done about a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Nothing: it would fail again.
    Never,
    /// To try it later, and not before the time for which the server asked to be left alone.
    Later(Option<Duration>),
}

/// How long to wait before each try: exponentially longer, and at random, so that those whom one
/// failure hit do not all come back at once.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    waits: u32,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(5);

    /// How long to wait before the next try; `None` where there is to be none, since it would not
    /// help or there is less time left.
    pub(crate) fn next(&mut self, again: Again, left: Duration) -> Option<Duration> {
        let Again::Later(asked_for) = again else {
            return None;
        };
        let usual = Self::FIRST
            .saturating_mul(1 << self.waits.min(16))
            .min(Self::LONGEST);
        self.waits = self.waits.saturating_add(1);
        let wait = usual.mul_f64(0.5 + random());
        let wait = wait.max(asked_for.unwrap_or_default());
        (wait < left).then_some(wait)
    }
}

/// A number from 0 to 1.
fn random() -> f64 {
    let id = RandomIdGenerator::default().new_span_id();
    u64::from_be_bytes(id.to_bytes()) as f64 / u64::MAX as f64
}

/// How long a server asks to be left alone in its header `Retry-After`, by seconds or by a date
/// (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(header.trim()).ok()?;
    // A date in the past asks for nothing.
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FOREVER: Duration = Duration::MAX;
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_would_fail_again_is_not_tried_again() {
        assert_eq!(Backoff::default().next(Again::Never, FOREVER), None);
    }

    #[test]
    fn waits_double_up_to_a_limit_and_differ() {
        for _ in 0..100 {
            let mut backoff = Backoff::default();
            for usual in [0.5, 1.0, 2.0, 4.0, 5.0, 5.0] {
                let wait = backoff.next(Again::Later(None), FOREVER).unwrap();
                let wait = wait.as_secs_f64() / usual;
                assert!((0.5..=1.5).contains(&wait), "{wait}");
            }
        }
        let first = || Backoff::default().next(Again::Later(None), FOREVER);
        let one = first();
        assert!((0..100).any(|_| first() != one));
    }

    #[test]
    fn a_server_is_left_alone_for_as_long_as_it_asks() {
        let mut backoff = Backoff::default();
        let asked_for = 60 * SECOND;
        let again = Again::Later(Some(asked_for));
        assert_eq!(backoff.next(again, FOREVER), Some(asked_for));
        assert_eq!(
            backoff.next(again, asked_for),
            None,
            "there is no time for it"
        );
        let soon = backoff.next(Again::Later(Some(Duration::ZERO)), FOREVER);
        assert!(soon >= Some(SECOND), "not sooner than without being asked");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + 784_111_777 * SECOND; // 06 Nov 1994 08:49:37
        let seconds = |header| retry_after(header, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        for nonsense in ["", "-1", "1.5", "soon", "Sun, 99 Nov 1994 08:50:37 GMT"] {
            assert_eq!(seconds(nonsense), None, "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_server_asks_for_nothing_breaks(
            header in "\\PC*|[0-9]{0,30}|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT",
            left in any::<u64>(),
            waits in any::<u32>(),
        ) {
            let asked_for = retry_after(&header, SystemTime::now());
            let left = Duration::from_millis(left);
            let wait = Backoff { waits }.next(Again::Later(asked_for), left);
            prop_assert!(wait.is_none_or(|wait| wait < left));
        }
    }
}
