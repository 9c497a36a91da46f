//! Which spans of a batch are of one instrumentation scope.

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::trace::SpanData;

/// How many scopes are remembered. A program has a few; one that makes a scope for each span gets
/// many small groups, which is as valid, and not a search through all of them for each.
const REMEMBERED: usize = 16;

/// The spans of a batch by their scope, each group in the order of the batch and the groups in
/// that of their first spans. Keeps its memory for the next batch.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// The last span of each group.
    last: Vec<usize>,
    /// For each span the one before it in its group; for the first itself.
    previous: Vec<usize>,
}

impl Groups {
    /// Takes in a batch, in place of the one before.
    pub(crate) fn gather(&mut self, spans: &[SpanData]) {
        self.last.clear();
        self.previous.clear();
        for (number, span) in spans.iter().enumerate() {
            let is_of = |last: &&mut usize| {
                same_scope(
                    &spans[**last].instrumentation_scope,
                    &span.instrumentation_scope,
                )
            };
            // The latest group first: spans of one scope come in runs.
            let previous = match self.last.iter_mut().rev().take(REMEMBERED).find(is_of) {
                Some(last) => std::mem::replace(last, number),
                None => {
                    self.last.push(number);
                    number
                }
            };
            self.previous.push(previous);
        }
    }

    /// The groups, the last one first; each by its last span.
    pub(crate) fn backwards(&self) -> impl Iterator<Item = usize> {
        self.last.iter().rev().copied()
    }

    /// The spans of a group, the last one first.
    pub(crate) fn spans_backwards(&self, last: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(last), |number| {
            let previous = self.previous[*number];
            (previous != *number).then_some(previous)
        })
    }
}

/// Whether two scopes are the same; with attributes in another order they are two, since to sort
/// them for each span costs more than a group does.
fn same_scope(one: &InstrumentationScope, other: &InstrumentationScope) -> bool {
    one.name() == other.name()
        && one.version() == other.version()
        && one.schema_url() == other.schema_url()
        && one.attributes().eq(other.attributes())
}
