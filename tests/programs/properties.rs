//! Random programs keep the rules.

use crate::program::Program;
use crate::rules::broken;
use crate::run::{Clock, run};
use crate::strategies::program;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// So many programs, unless `PROPTEST_CASES` says otherwise. Those that fail are kept beside this
/// file, and tried first from then on; put what they shrink to into `regressions.rs`.
fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config
}

/// Runs a program and holds it against all rules.
pub(crate) fn check(program: &Program, clock: Clock) -> Result<(), String> {
    let broken = broken(&run(program, clock));
    if broken.is_empty() {
        Ok(())
    } else {
        Err(broken.join("\n"))
    }
}

proptest! {
    #![proptest_config(config(500))]

    /// With all peers, under the system's clock.
    #[test]
    fn programs_keep_the_rules(program in program(Clock::Real)) {
        check(&program, Clock::Real).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(config(800))]

    /// With peers on the same loop, under a clock that makes time limits fire in all places.
    #[test]
    fn programs_keep_the_rules_under_a_manual_clock(program in program(Clock::Manual)) {
        check(&program, Clock::Manual).map_err(TestCaseError::fail)?;
    }
}
