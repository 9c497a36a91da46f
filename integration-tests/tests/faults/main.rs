//! A shop for each fault, and one that is well, all on one stack: each fault shows where the guide
//! says, fires its alerts, and no others.
//!
//! It is a test program of its own, so that nothing runs beside it: a machine that is busy with other
//! tests makes loops late, of which alerts tell.

#[cfg(test)]
mod alerts;
#[cfg(test)]
mod panels;
#[cfg(test)]
#[path = "../../../tests/support/program.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod program;
#[cfg(test)]
mod shops;
#[cfg(test)]
mod walk;
