//! Time for hyper.

use super::sleeps::SharedSleep;
use crate::clock::Timestamp;
use hyper::rt::{Sleep, Timer};
use std::pin::Pin;
use std::time::{Duration, Instant};

/// Gives hyper the loop's timers, and the crate's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoopTimer;

impl Sleep for SharedSleep {}

impl Timer for LoopTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(SharedSleep::until(Timestamp::now() + duration))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(SharedSleep::until(Timestamp::from_instant(deadline)))
    }

    fn now(&self) -> Instant {
        Timestamp::now().to_instant()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<SharedSleep>() {
            Some(sleep) => sleep.get_mut().reset(Timestamp::from_instant(new_deadline)),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}
