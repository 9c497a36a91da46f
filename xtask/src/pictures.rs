//! The pictures of the README: what programs print, as SVG.

use crate::output::say;
use crate::step::{Steps, root};
use crate::{test, trace};
use anstyle::Style;
use anstyle_svg::{Term, WIN10_CONSOLE};
use backends::{Ports, Shop, Stack};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const FOLDER: &str = "docs/pictures";
/// No line of a picture is longer.
const WIDTH: usize = 112;
/// How long customers shop before the pictures are taken.
const SHOPPING: Duration = Duration::from_secs(10);

/// Makes all of them anew.
pub(crate) fn run() -> Result<(), String> {
    test::backends()?;
    let examples = ["quickstart", "httpstat", "shop"];
    for example in examples {
        Steps::default().cargo(&[
            "build",
            "--workspace",
            "--all-features",
            "--example",
            example,
        ])?;
    }
    let [quickstart, httpstat, shop] = examples.map(example_path);
    let said = said_by(Command::new(quickstart?).env_remove("OTEL_EXPORTER_OTLP_ENDPOINT"))?;
    let parts = [
        excerpt(&said, "[CONNECT]", 12),
        excerpt(&said, "trace ", 17),
        excerpt(&said, "histogram ", 12),
    ];
    let shown = parts.join("\n\n");
    write("quickstart", "cargo run --example quickstart", &shown)?;

    let temporary = tempfile::tempdir().map_err(|error| error.to_string())?;
    let folder = temporary.path();
    let stack = Stack::start(folder, Ports::default()).map_err(|error| error.to_string())?;
    let drawn = of_shop(&stack, &shop?, folder, &httpstat?);
    stack.stop().map_err(|error| error.to_string())?;
    drawn
}

/// Those for which the shop is open.
fn of_shop(stack: &Stack, shop: &Path, folder: &Path, httpstat: &Path) -> Result<(), String> {
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", stack.otlp_http())];
    let shop = Shop::start(shop, &folder.join("shop"), 0, &environment, &[]);
    let shop = shop.map_err(|error| error.to_string())?;
    let address = format!("{}/items/tea", shop.url());
    let mut asks = Command::new(httpstat);
    asks.args(["--insecure", &address])
        .env("CLICOLOR_FORCE", "1")
        .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT");
    // By then nothing is done for the first time.
    pause(SHOPPING);
    let said = said_by(&mut asks)?;
    let line = format!("cargo run --all-features --example httpstat -- --insecure {address}");
    write("httpstat", &line, said.trim_end())?;
    shop.stop().map_err(|error| error.to_string())?;
    let spans = trace::fullest(&stack.jaeger(), "shop-load", Some("task purchase"))?;
    let drawn = trace::waterfall::draw(&spans);
    write("trace", "cargo xtask trace", &drawn)
}

/// Wherever cargo builds, this program is there as well.
fn example_path(name: &str) -> Result<PathBuf, String> {
    let here = env::current_exe().map_err(|error| error.to_string())?;
    Ok(here.with_file_name("examples").join(name))
}

fn said_by(command: &mut Command) -> Result<String, String> {
    let program = format!("{:?}", command.get_program());
    let output = command.output();
    let output = output.map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} failed: {complaint}"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The lines from one that begins so, and a mark where there are more.
fn excerpt(text: &str, first: &str, count: usize) -> String {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(first));
    let shown = lines.by_ref().take(count).map(shortened);
    let mut shown: Vec<_> = shown.collect();
    if lines.next().is_some_and(|line| !line.is_empty()) {
        shown.push("…".into());
    }
    shown.join("\n")
}

fn shortened(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.into();
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

fn write(name: &str, command: &str, printed: &str) -> Result<(), String> {
    let bold = Style::new().bold();
    let text = format!("{bold}$ {command}{bold:#}\n{printed}");
    let term = Term::new().palette(WIN10_CONSOLE);
    let path = root().join(FOLDER).join(format!("{name}.svg"));
    fs::create_dir_all(root().join(FOLDER))
        .and_then(|()| fs::write(&path, term.render_svg(&text)))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    say(&format!("{FOLDER}/{name}.svg"));
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "there is no event loop here")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
