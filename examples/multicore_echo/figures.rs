//! What each loop did, as an instrument of its own hears it.

use loopscope::instrument::{
    EventLoopInstrument, LoopParkMetadata, LoopUnparkMetadata, ReadySocketInstrumentationMetadata,
};
use std::cell::Cell;
use std::fmt::Write;
use std::time::Duration;

/// Counts on the thread of its loop.
#[derive(Default)]
pub(crate) struct Measured {
    connections: Cell<u64>,
    received: Cell<u64>,
    sent: Cell<u64>,
    active: Cell<Duration>,
    idle: Cell<Duration>,
}

/// What a loop did in its life.
pub(crate) struct Figures {
    pub(crate) name: String,
    pub(crate) connections: u64,
    pub(crate) received: u64,
    pub(crate) sent: u64,
    pub(crate) active: Duration,
    pub(crate) idle: Duration,
    pub(crate) cut_off: usize,
}

fn add<T: Copy + std::ops::Add<Output = T>>(counter: &Cell<T>, more: T) {
    counter.set(counter.get() + more);
}

impl EventLoopInstrument for Measured {
    fn on_socket_accept_ready(&self, _: &ReadySocketInstrumentationMetadata<'_>) {
        add(&self.connections, 1);
    }

    fn on_socket_recv_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        add(&self.received, metadata.size.unwrap_or(0) as u64);
    }

    fn on_socket_send_ready(&self, metadata: &ReadySocketInstrumentationMetadata<'_>) {
        add(&self.sent, metadata.size.unwrap_or(0) as u64);
    }

    fn on_loop_park(&self, metadata: &LoopParkMetadata<'_>) {
        add(&self.active, metadata.park_time - metadata.active_since);
    }

    fn on_loop_unpark(&self, metadata: &LoopUnparkMetadata<'_>) {
        add(&self.idle, metadata.unpark_time - metadata.park_time);
    }
}

impl Measured {
    pub(crate) fn figures(&self, name: String, cut_off: usize) -> Figures {
        Figures {
            name,
            connections: self.connections.get(),
            received: self.received.get(),
            sent: self.sent.get(),
            active: self.active.get(),
            idle: self.idle.get(),
            cut_off,
        }
    }
}

/// A line for each loop.
pub(crate) fn table(figures: &[Figures]) -> String {
    let mut table = format!(
        "{:<8} {:>11} {:>14} {:>14} {:>9} {:>7} {:>7}",
        "loop", "connections", "bytes received", "bytes sent", "active", "busy", "cut off"
    );
    for of_loop in figures {
        let (active, idle) = (of_loop.active.as_secs_f64(), of_loop.idle.as_secs_f64());
        let _ = write!(
            table,
            "\n{:<8} {:>11} {:>14} {:>14} {active:>8.3}s {:>6.1}% {:>7}",
            of_loop.name,
            of_loop.connections,
            of_loop.received,
            of_loop.sent,
            100.0 * active / (active + idle),
            of_loop.cut_off
        );
    }
    table
}
