//! What became of the customers' requests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// How long requests took, by what they were for and what became of them.
#[derive(Default)]
pub(super) struct Figures(RefCell<BTreeMap<(&'static str, String), Vec<Duration>>>);

impl Figures {
    pub(super) fn note(&self, what: &'static str, outcome: String, took: Duration) {
        let mut figures = self.0.borrow_mut();
        figures.entry((what, outcome)).or_default().push(took);
    }

    /// A line for each kind and outcome.
    pub(super) fn table(&self) -> String {
        let mut table = format!(
            "{:<17} {:<24} {:>8} {:>11} {:>11}",
            "request", "outcome", "count", "p50", "p99"
        );
        for ((what, outcome), took) in self.0.borrow_mut().iter_mut() {
            took.sort();
            let at = |share: usize| took[(took.len() * share).div_ceil(100).max(1) - 1];
            let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
            let _ = write!(
                table,
                "\n{what:<17} {outcome:<24} {:>8} {:>11} {:>11}",
                took.len(),
                millis(at(50)),
                millis(at(99))
            );
        }
        table
    }
}
