//! Whether what was counted is what is expected.

use super::expected::Counts;
use std::fmt::Write;

/// What has to be as expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// Each count, with the compiler and the C library that it was counted with before.
    Same,
    /// With others, each count in proportion to all: what they change, they change in most paths.
    Proportions,
}

impl Rule {
    /// How far a count may be from the one that is expected, in either direction: a gain that is
    /// not written down could be lost again unseen.
    const fn tolerance(self) -> f64 {
        match self {
            Self::Same => 0.05,
            Self::Proportions => 0.25,
        }
    }
}

/// What the comparison has found.
pub(super) struct Verdict {
    pub(super) table: String,
    pub(super) complaints: Vec<String>,
}

pub(super) fn compare(expected: &Counts, counted: &Counts, rule: Rule) -> Verdict {
    let common = match rule {
        Rule::Same => 1.0,
        Rule::Proportions => median_ratio(expected, counted),
    };
    let mut verdict = Verdict {
        table: String::from("\nexpected   counted   change  path\n"),
        complaints: Vec::new(),
    };
    for (name, count) in counted {
        let Some(expected) = find(expected, name).map(|expected| expected * common) else {
            let complaint = format!("{name}: no count is written down");
            verdict.complaints.push(complaint);
            continue;
        };
        let change = count / expected - 1.0;
        let percent = change * 100.0;
        // Writing to a String does not fail.
        let _ = writeln!(
            verdict.table,
            "{expected:8.1}  {count:8.1}  {percent:+6.1}%  {name}"
        );
        if change.abs() > rule.tolerance() {
            let complaint = format!(
                "{name}: {count:.1} instructions, expected {expected:.1} ({percent:+.1} %)"
            );
            verdict.complaints.push(complaint);
        }
    }
    for (name, _) in expected {
        if find(counted, name).is_none() {
            let complaint = format!("{name}: is written down, and there is no such path");
            verdict.complaints.push(complaint);
        }
    }
    verdict
}

fn find(counts: &Counts, name: &str) -> Option<f64> {
    let (_, count) = counts.iter().find(|(known, _)| known == name)?;
    Some(*count)
}

/// By how much the paths differ from what is expected in the middle.
fn median_ratio(expected: &Counts, counted: &Counts) -> f64 {
    let ratio = |(name, count): &(String, f64)| Some(count / find(expected, name)?);
    let mut ratios: Vec<f64> = counted.iter().filter_map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: [f64; 3]) -> Counts {
        let named = ["pair", "yield", "echo"].map(String::from);
        named.into_iter().zip(counts).collect()
    }

    fn complaints(counted: [f64; 3], rule: Rule) -> Vec<String> {
        compare(&counts([40.0, 400.0, 3000.0]), &counts(counted), rule).complaints
    }

    #[test]
    fn five_percent_are_let_pass_and_no_more_in_either_direction() {
        assert!(complaints([41.9, 381.0, 3000.0], Rule::Same).is_empty());
        let said = complaints([42.1, 379.0, 3000.0], Rule::Same);
        assert_eq!(said[0], "pair: 42.1 instructions, expected 40.0 (+5.2 %)");
        assert_eq!(
            said[1],
            "yield: 379.0 instructions, expected 400.0 (-5.2 %)"
        );
        assert_eq!(said.len(), 2);
    }

    #[test]
    fn another_compiler_may_change_all_paths_and_not_one() {
        assert!(complaints([60.0, 600.0, 4500.0], Rule::Proportions).is_empty());
        let said = complaints([60.0, 600.0, 6000.0], Rule::Proportions);
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("echo: 6000.0"), "{said:?}");
    }

    #[test]
    fn every_path_is_written_down_and_nothing_else() {
        let (both, one) = (counts([1.0; 3]), counts([1.0; 3])[..2].to_vec());
        let said = compare(&one, &both, Rule::Same).complaints;
        assert_eq!(said, ["echo: no count is written down"]);
        let said = compare(&both, &one, Rule::Same).complaints;
        assert_eq!(said, ["echo: is written down, and there is no such path"]);
    }
}
