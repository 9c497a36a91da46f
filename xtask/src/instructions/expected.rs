//! The file of expected counts.

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// A path's name and its instructions, in the order in which the benchmark lists them.
pub(super) type Counts = Vec<(String, f64)>;

/// What was counted when the counts were written down.
#[derive(Debug, PartialEq)]
pub(super) struct Expected {
    /// What compiler and C library they are from.
    pub(super) toolchain: String,
    pub(super) counts: Counts,
}

const TOOLCHAIN: &str = "from ";

impl Expected {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text =
            fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text).map_err(|line| format!("{}: no count: {line:?}", path.display()))
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), String> {
        fs::write(path, self.to_text()).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// What the text says, or the line that says nothing.
    fn parse(text: &str) -> Result<Self, String> {
        let mut expected = Self {
            toolchain: String::new(),
            counts: Counts::new(),
        };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(toolchain) = line.strip_prefix(TOOLCHAIN) {
                expected.toolchain = toolchain.into();
                continue;
            }
            let (count, name) = line.trim_start().split_once("  ").ok_or(line)?;
            let count = count.parse().map_err(|_| line)?;
            expected.counts.push((name.into(), count));
        }
        Ok(expected)
    }

    fn to_text(&self) -> String {
        let mut text = format!(
            "# Instructions of one trip through each path of this benchmark.\n\
             # Written by `cargo xtask instructions --write`, checked by `cargo xtask instructions`.\n\
             {TOOLCHAIN}{}\n",
            self.toolchain
        );
        for (name, count) in &self.counts {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{count:8.1}  {name}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let expected = Expected {
            toolchain: "rustc 1.95.0, glibc 2.36".into(),
            counts: vec![("pair, no scope".into(), 44.0), ("yield".into(), 433.5)],
        };
        assert_eq!(Expected::parse(&expected.to_text()).unwrap(), expected);
    }

    #[test]
    fn a_line_that_is_no_count_is_told() {
        let error = Expected::parse("from rustc\nmany  yield\n").unwrap_err();
        assert_eq!(error, "many  yield");
    }
}
