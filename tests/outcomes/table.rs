//! The table, read from the crate's documentation.

use loopscope::instrument::RecordingInstrument;

const DOCUMENTATION: &str = include_str!("../../src/lib.rs");
const TRAIT: &str = include_str!("../../src/instrument/event_loop_instrument.rs");
const HEADER: &str = "| hook | success | error | cancel | drop | shown by |";

/// How an operation ends: a column of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Success = 1,
    Error = 2,
    Cancel = 3,
    Drop = 4,
}

/// The cells of each row.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = DOCUMENTATION
        .lines()
        .filter_map(|line| line.strip_prefix("//! "));
    let rows = lines
        .skip_while(|line| *line != HEADER)
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().trim_matches('`')).collect()
    })
    .collect()
}

/// Holds the rows that `test` shows against what was recorded of one operation.
#[track_caller]
pub(crate) fn check(test: &str, outcome: Outcome, record: &RecordingInstrument) {
    let rows = rows();
    let rows: Vec<_> = rows.iter().filter(|row| row[5] == test).collect();
    assert!(!rows.is_empty(), "no row of the table is shown by {test}");
    for row in rows {
        let (hook, cell) = (row[0], row[outcome as usize]);
        let fired = record.of(hook).len();
        let as_told = match cell {
            "once" => fired == 1,
            "–" => fired == 0,
            "each" => fired >= 1,
            other => panic!("what does {other:?} mean?"),
        };
        assert!(
            as_told,
            "{hook} fires {cell} on {outcome:?}, the table says; it fired {fired} times:\n{:#?}",
            record.events()
        );
    }
}

#[test]
fn every_hook_has_its_row() {
    let hooks: Vec<_> = TRAIT
        .lines()
        .filter_map(|line| line.trim().strip_prefix("fn on_"))
        .filter_map(|rest| rest.split_once("(&self"))
        .map(|(name, _)| format!("on_{name}"))
        .collect();
    let rows = rows();
    for hook in &hooks {
        assert!(rows.iter().any(|row| row[0] == hook), "{hook} has no row");
    }
    for row in &rows {
        assert_eq!(row.len(), 6, "{row:?}");
        assert!(
            hooks.iter().any(|hook| hook == row[0]),
            "{} is no hook",
            row[0]
        );
    }
}

/// A test that a row names, with the outcomes that it shows, cannot be renamed or left out.
#[test]
fn every_row_names_tests_that_are_there() {
    const OUTCOMES: [&str; 4] = ["success", "error", "cancel", "drop"];
    let sources = [
        ("accept", include_str!("accept.rs")),
        ("connect", include_str!("connect.rs")),
        ("event_loop", include_str!("event_loop.rs")),
        ("handshake", include_str!("handshake.rs")),
        ("look_up", include_str!("look_up.rs")),
        ("queue_get", include_str!("queue_get.rs")),
        ("queue_put", include_str!("queue_put.rs")),
        ("recv", include_str!("recv.rs")),
        ("send", include_str!("send.rs")),
        ("socket", include_str!("socket.rs")),
        ("task", include_str!("task.rs")),
        ("thrown", include_str!("thrown.rs")),
        ("timer", include_str!("timer.rs")),
    ];
    for row in rows() {
        let found = sources.iter().find(|(name, _)| *name == row[5]);
        let (name, source) = found.unwrap_or_else(|| panic!("there are no tests {}", row[5]));
        for outcome in OUTCOMES {
            let test = format!("#[test]\nfn {outcome}() {{");
            assert!(source.contains(&test), "{name}::{outcome} is not there");
        }
    }
}
