//! Counting instructions by valgrind's callgrind.

use super::expected::Counts;
use crate::output::say;
use crate::step::root;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is between two runs with these numbers of trips is that of the trips alone.
const TRIPS: [u32; 2] = [2_000, 6_000];

/// The instructions of one trip through each path.
pub(super) fn all() -> Result<Counts, String> {
    let benchmark = build()?;
    let folder = root().join("target/callgrind");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let list = output(Command::new(&benchmark).arg("--list"))?;
    list.lines()
        .map(|path| Ok((path.into(), of_path(&benchmark, path, &folder)?)))
        .collect()
}

fn of_path(benchmark: &Path, path: &str, folder: &Path) -> Result<f64, String> {
    let profile = folder.join(format!("{path}.out"));
    let [few, many] = TRIPS;
    let fewer = of_run(benchmark, path, few, &profile)?;
    let more = of_run(benchmark, path, many, &profile)?;
    Ok((more as f64 - fewer as f64) / f64::from(many - few))
}

fn of_run(benchmark: &Path, path: &str, trips: u32, profile: &Path) -> Result<u64, String> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .arg("--tool=callgrind")
        // From the entry of this function to its return.
        .arg("--toggle-collect=instructions::counted*")
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(benchmark)
        .args(["--path", path, "--times", &trips.to_string()]);
    output(&mut valgrind)?;
    let counted =
        fs::read_to_string(profile).map_err(|error| format!("{}: {error}", profile.display()))?;
    let totals = counted
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    let totals = totals.and_then(|totals| totals.trim().parse().ok());
    totals.ok_or_else(|| format!("{} has no count of {path}", profile.display()))
}

/// Builds the benchmark; where it is.
fn build() -> Result<PathBuf, String> {
    let built = output(
        Command::new("cargo")
            .args(["bench", "--no-run", "--bench", "instructions"])
            .args(["--features", "testing", "--message-format", "json"])
            // Of several units, what changes in one changes what is inlined in others.
            .env("CARGO_PROFILE_BENCH_CODEGEN_UNITS", "1")
            .stderr(Stdio::inherit()),
    )?;
    let of_benchmark = |line: &&str| line.contains("\"name\":\"instructions\"");
    let executable = built.lines().filter(of_benchmark).find_map(|line| {
        let (_, path) = line.split_once("\"executable\":\"")?;
        path.split_once('"').map(|(path, _)| PathBuf::from(path))
    });
    executable.ok_or_else(|| String::from("cargo does not say where the benchmark is"))
}

/// What counts depend on beside the code: the compiler and the C library.
pub(super) fn toolchain() -> Result<String, String> {
    let rustc = output(Command::new("rustc").arg("-vV"))?;
    let line = |name: &str| rustc.lines().find_map(|line| line.strip_prefix(name));
    let version = rustc.lines().next().unwrap_or_default();
    let host = line("host: ").unwrap_or("an unknown machine");
    let libc = output(Command::new("getconf").arg("GNU_LIBC_VERSION"));
    let libc = libc.unwrap_or_else(|_| String::from("another C library"));
    Ok(format!("{version} for {host}, {}", libc.trim()))
}

/// What a program prints, which has to succeed.
fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    if !output.status.success() {
        say(&String::from_utf8_lossy(&output.stderr));
        return Err(format!("{command:?} failed ({})", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
