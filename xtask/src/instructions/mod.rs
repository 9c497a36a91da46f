//! How many instructions the hot paths take: a gate that a busy machine cannot fool.

mod compare;
mod count;
mod expected;

use crate::output::say;
use crate::step::root;
use crate::{debian, output};
use compare::{Rule, compare};
use expected::Expected;
use std::path::PathBuf;

/// Counts, and compares with what is expected.
pub(crate) fn check() -> Result<(), String> {
    if !debian::has("valgrind") {
        let missing = "valgrind is not there: `sudo apt-get install valgrind` enables the count";
        if std::env::var_os("CI").is_some() {
            return Err(missing.into());
        }
        output::complain(&format!(
            "\nSKIPPED: the instructions of the hot paths are not counted. {missing}"
        ));
        return Ok(());
    }
    let expected = Expected::read(&file())?;
    let toolchain = count::toolchain()?;
    let counted = count::all()?;
    let rule = if toolchain == expected.toolchain {
        Rule::Same
    } else {
        say(&format!(
            "\nThe expected counts are from {}; this is {toolchain}: what is compared is each \
             path's share in all.",
            expected.toolchain
        ));
        Rule::Proportions
    };
    let verdict = compare(&expected.counts, &counted, rule);
    say(&verdict.table);
    if verdict.complaints.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\n\nWhat a path does is shown by `callgrind_annotate target/callgrind/PATH.out`. Where \
         the change is meant, a gain too, `cargo xtask instructions --write` writes the counts down.",
        verdict.complaints.join("\n")
    ))
}

/// Counts, and writes down what will be expected.
pub(crate) fn write() -> Result<(), String> {
    if !debian::has("valgrind") {
        return Err("valgrind is not there: install it by `sudo apt-get install valgrind`".into());
    }
    let expected = Expected {
        toolchain: count::toolchain()?,
        counts: count::all()?,
    };
    expected.write(&file())?;
    say(&format!("written: {}", file().display()));
    Ok(())
}

fn file() -> PathBuf {
    root().join("benches/instructions/expected.txt")
}
