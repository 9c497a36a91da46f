//! All that is to be reached.

use super::{Bound, Source, Target};
use crate::bench::results::Place;

const fn at_most(bound: f64, unit: &'static str, what: &'static str, at: Place) -> Target {
    Target {
        what,
        bound: Bound::AtMost(bound),
        unit,
        measured: Source::Figure(at),
    }
}

const fn at_least(bound: f64, unit: &'static str, what: &'static str, at: Place) -> Target {
    Target {
        bound: Bound::AtLeast(bound),
        ..at_most(bound, unit, what, at)
    }
}

const fn hooks(listener: &'static [&'static str]) -> Place {
    Place {
        measurement: "hooks",
        table: 0,
        row: listener,
        column: "recv pair",
    }
}

const fn spans(row: &'static [&'static str], column: &'static str) -> Place {
    Place {
        measurement: "spans",
        table: 0,
        row,
        column,
    }
}

const UNWATCHED: &[&str] = &["loopscope, no scope"];
const FAST_LANE: &[&str] = &["loopscope, each operation a span, fast lane"];
const EACH_A_SPAN: &[&str] = &["loopscope, each operation a span"];

const fn exported(row: &'static [&'static str]) -> Place {
    Place {
        measurement: "echo-exported",
        table: 1,
        row,
        column: "CPU ÷ loopscope, no scope",
    }
}

const fn echo(table: usize, row: &'static [&'static str], column: &'static str) -> Place {
    Place {
        measurement: "echo-cores",
        table,
        row,
        column,
    }
}

const fn scaling(table: usize, row: &'static [&'static str]) -> Place {
    Place {
        measurement: "echo-scaling",
        table,
        row,
        column: "÷ the same server, smallest",
    }
}

const LOOPS: Place = Place {
    measurement: "echo-loops",
    table: 0,
    row: &["loopscope, no scope", "2"],
    column: "÷ one loop",
};

const fn tasks(row: &'static [&'static str]) -> Place {
    Place {
        measurement: "tasks",
        table: 0,
        row,
        column: "time ÷ tokio",
    }
}

const fn idle(row: &'static [&'static str], column: &'static str) -> Place {
    Place {
        measurement: "idle",
        table: 0,
        row,
        column,
    }
}

const METRICS: &[&str] = &["otel, metrics only"];
const CONNECTIONS: &[&str] = &["10000 idle connections", "loopscope"];
const SLEEPING: &[&str] = &["100000 sleeping tasks", "loopscope"];
const TIMERS: &[&str] = &["100000 timers, half cancelled", "loopscope"];
const RESIDENT: &str = "resident ÷ tokio";
const CPU: &str = "CPU ÷ tokio";
const RATE: &str = "spans/s, median";
const CPU_A_SPAN: &str = "CPU ns a span, median";

#[rustfmt::skip] // A line each.
pub(super) const TARGETS: &[Target] = &[
    at_most(2.0, "ns", "start and ready of a pair, no scope", hooks(&["no scope"])),
    at_most(60.0, "ns", "the same, metrics only", hooks(METRICS)),
    Target {
        what: "the same, parent not sampled: above metrics only",
        bound: Bound::AtMost(3.0),
        unit: "ns",
        measured: Source::Difference(hooks(&["otel, parent not sampled"]), hooks(METRICS)),
    },
    at_most(300.0, "ns", "the same, a sampled span, on the loop's thread", hooks(&["otel, sampled span"])),
    at_most(75.0, "ns", "the same by the fast lane", hooks(&["otel, fast lane"])),
    at_least(450_000.0, "a second", "exported spans, 4 attributes, one core", spans(&["4 attributes", "our exporter"], RATE)),
    at_most(900.0, "ns", "the same: CPU a span, all threads", spans(&["4 attributes", "our exporter"], CPU_A_SPAN)),
    at_least(450_000.0, "a second", "exported spans, the bridge's 9 attributes, one core", spans(&["9 attributes", "our exporter"], RATE)),
    at_most(900.0, "ns", "the same: CPU a span, all threads", spans(&["9 attributes", "our exporter"], CPU_A_SPAN)),
    at_most(400.0, "ns", "the same by the fast lane: CPU a span, all threads", spans(&["9 attributes", "fast lane"], CPU_A_SPAN)),
    at_least(1.0, "of tokio", "echo, no scope: requests/s", echo(0, UNWATCHED, "requests/s ÷ tokio")),
    at_least(0.95, "of raw mio", "the same: requests/s", echo(1, UNWATCHED, "requests/s ÷ raw mio")),
    at_most(1.0, "of tokio", "the same: CPU a request", echo(0, UNWATCHED, CPU)),
    at_most(0.8, "of tokio", "the same: user CPU a request", echo(0, UNWATCHED, "user CPU ÷ tokio")),
    at_most(1.06, "of no scope", "echo, metrics only: CPU a request", echo(1, &["loopscope, OtelInstrument, metrics only"], "CPU ÷ loopscope, no scope")),
    at_most(1.4, "of no scope", "echo, each operation a span that is exported: CPU a request", exported(EACH_A_SPAN)),
    at_most(1.2, "of no scope", "the same by the fast lane", exported(FAST_LANE)),
    at_most(0.8, "of tokio", "yield, 100 tasks", tasks(&["yield, 100 tasks", "loopscope"])),
    at_most(0.5, "of tokio", "spawn and join, batches of 1000", tasks(&["spawn and join, batches of 1000", "loopscope"])),
    at_most(0.4, "of tokio", "queue of 64, put and get", tasks(&["queue of 64, put and get", "loopscope"])),
    at_most(0.2, "of tokio", "timer, insert and cancel at 100,000 live", tasks(&["timer, insert and cancel at 100,000 live, random deadlines", "loopscope"])),
    at_most(1.0, "of tokio", "10,000 idle connections: resident bytes", idle(CONNECTIONS, RESIDENT)),
    at_most(1.0, "of tokio", "the same: CPU", idle(CONNECTIONS, CPU)),
    at_most(1.0, "of tokio", "100,000 sleeping tasks: resident bytes", idle(SLEEPING, RESIDENT)),
    at_most(1.0, "of tokio", "the same: CPU", idle(SLEEPING, CPU)),
    at_most(1.0, "of tokio", "100,000 timers, half cancelled: resident bytes", idle(TIMERS, RESIDENT)),
    at_most(1.0, "of tokio", "the same: CPU", idle(TIMERS, CPU)),
    at_most(1.05, "of that with 10", "cost a request with 10,000 connections", scaling(0, &["10000", "loopscope, no scope"])),
    at_most(1.05, "of that beside 1", "cost a request beside 100,000 tasks", scaling(1, &["100000", "loopscope, no scope"])),
    at_least(1.8, "of one loop", "requests/s with two loops on two cores", LOOPS),
];
