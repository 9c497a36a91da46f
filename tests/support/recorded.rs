//! Running a future under a recorder.

use crate::run::run;
use loopscope::instrument::{EnterScope, RecordingInstrument};

/// Runs a future under a recorder, ends the loop, checks the rules that always hold, and returns
/// the record.
pub(crate) fn recorded(future: impl Future<Output = ()>) -> RecordingInstrument {
    let recorder = RecordingInstrument::new();
    recorder.clone().in_scope(|| run(future));
    recorder.assert_paired();
    recorder
}
