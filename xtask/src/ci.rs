//! Everything that has to hold before a change lands.

use crate::bench;
use crate::instructions;
use crate::output::say;
use crate::step::{Steps, root};
use crate::test;
use std::fs;
use std::process::{Command, Stdio};

/// Examples that end by themselves; the others are driven by tests.
const EXAMPLES: [&str; 2] = ["custom_instrument", "quickstart"];

/// Runs all checks and stops at the first that fails.
pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::default();
    steps.cargo(&["fmt", "--all", "--check"])?;
    lint(&mut steps)?;
    check_licences(&mut steps)?;
    document(&mut steps)?;
    test::all(&mut steps)?;
    for example in EXAMPLES {
        steps.cargo(&["run", "--quiet", "--example", example])?;
    }
    bench::measure(&mut steps, &[], true)?;
    instructions::check()?;
    steps.summarize();
    Ok(())
}

/// Clippy with warnings denied: everything with all features, and the library with none and with
/// each alone.
fn lint(steps: &mut Steps) -> Result<(), String> {
    let deny = ["--", "-D", "warnings"];
    let everything = ["clippy", "--workspace", "--all-targets", "--all-features"];
    steps.cargo(&[&everything[..], &deny].concat())?;
    let library = [
        "clippy",
        "--package",
        "loopscope",
        "--lib",
        "--no-default-features",
    ];
    steps.cargo(&[&library[..], &deny].concat())?;
    for feature in features()? {
        steps.cargo(&[&library[..], &["--features", &feature], &deny].concat())?;
    }
    Ok(())
}

fn check_licences(steps: &mut Steps) -> Result<(), String> {
    let installed = Command::new("cargo")
        .args(["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if installed {
        // Advisories come from the network and at any time, so they do not block a change.
        return steps.cargo(&["deny", "check", "licenses", "bans", "sources"]);
    }
    say("\ncargo-deny is not installed: licences are not checked. \
         `cargo install cargo-deny --locked` enables that");
    Ok(())
}

fn document(steps: &mut Steps) -> Result<(), String> {
    let deny = [("RUSTDOCFLAGS", "-D warnings")];
    steps.run(
        "cargo",
        &["doc", "--workspace", "--no-deps", "--all-features"],
        &deny,
    )?;
    let bare = [
        "doc",
        "--package",
        "loopscope",
        "--no-deps",
        "--no-default-features",
    ];
    steps.run("cargo", &bare, &deny)
}

/// The library's features, from its manifest.
fn features() -> Result<Vec<String>, String> {
    let path = root().join("Cargo.toml");
    let manifest =
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let features: Vec<String> = manifest
        .lines()
        .skip_while(|line| *line != "[features]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.split_once(" = ")?.0.into()))
        .filter(|feature| feature != "default")
        .collect();
    if features.is_empty() {
        return Err("no features found in Cargo.toml".into());
    }
    Ok(features)
}
