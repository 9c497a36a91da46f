//! The spans of a trace, one under the other along the time that they took.

use anstyle::{AnsiColor, Style};
use integration_tests::JaegerSpan;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// How wide names and bars are.
const NAME: usize = 46;
const BAR: usize = 44;

/// Of services; red is for what has failed.
const COLOURS: [AnsiColor; 5] = [
    AnsiColor::BrightCyan,
    AnsiColor::BrightGreen,
    AnsiColor::BrightYellow,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightBlue,
];

/// A span's line, and how deep it is in the tree.
struct Row<'a> {
    span: &'a JaegerSpan,
    branch: String,
}

/// Draws them, in the colours of a terminal.
pub(crate) fn draw(spans: &[JaegerSpan]) -> String {
    let rows = Tree::of(spans).rows();
    let begin = spans.iter().map(|span| span.start).min().unwrap_or(0);
    let end = spans.iter().map(|span| span.start + span.duration).max();
    let total = end.unwrap_or(0).saturating_sub(begin).max(1);
    // In the order in which they are met on the way.
    let mut services: Vec<&str> = Vec::new();
    for row in &rows {
        if !services.contains(&row.span.service.as_str()) {
            services.push(&row.span.service);
        }
    }
    let width = services.iter().map(|name| name.len()).max().unwrap_or(0);
    let bold = Style::new().bold();
    let mut drawn = format!(
        "{bold}trace {}: {} of {} in {}{bold:#}\n",
        spans.first().map_or("", |span| &span.trace_id),
        counted(spans.len(), "span"),
        counted(services.len(), "service"),
        time(total)
    );
    for Row { span, branch } in rows {
        let place = services.iter().position(|name| *name == span.service);
        let own = coloured(COLOURS[place.unwrap_or(0) % COLOURS.len()]);
        let faint = Style::new().dimmed();
        let name = match span.tags.contains_key("error.type") {
            true => coloured(AnsiColor::BrightRed),
            false => Style::new(),
        };
        let room = NAME.saturating_sub(branch.chars().count());
        let _ = write!(
            drawn,
            "\n{own}{:<width$}{own:#}  {faint}{branch}{faint:#}{name}{:<room$}{name:#} \
             {own}{}{own:#} {:>9}",
            span.service,
            shortened(&span.name, room),
            bar(span, begin, total),
            time(span.duration)
        );
    }
    drawn
}

fn coloured(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(colour.into()))
}

/// The spans of a trace by their parents; those of the first level have none that is there.
struct Tree<'a>(BTreeMap<Option<&'a str>, Vec<&'a JaegerSpan>>);

impl<'a> Tree<'a> {
    fn of(spans: &'a [JaegerSpan]) -> Self {
        let ids: BTreeSet<_> = spans.iter().map(|span| span.span_id.as_str()).collect();
        let mut below: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for span in spans {
            let parent = span.parent.as_deref().filter(|parent| ids.contains(parent));
            below.entry(parent).or_default().push(span);
        }
        below
            .values_mut()
            .for_each(|spans| spans.sort_by_key(|span| span.start));
        Self(below)
    }

    /// All rows, each span's followed by those below it.
    fn rows(&self) -> Vec<Row<'a>> {
        let mut rows = Vec::new();
        for root in self.0.get(&None).into_iter().flatten() {
            self.collect(root, String::new(), "", &mut rows);
        }
        rows
    }

    fn collect(&self, span: &'a JaegerSpan, branch: String, indent: &str, rows: &mut Vec<Row<'a>>) {
        rows.push(Row { span, branch });
        let below = self.0.get(&Some(span.span_id.as_str()));
        let mut below = below.into_iter().flatten().peekable();
        while let Some(child) = below.next() {
            let (mark, more) = match below.peek() {
                Some(_) => ("├─ ", "│  "),
                None => ("└─ ", "   "),
            };
            let deeper = format!("{indent}{more}");
            self.collect(child, format!("{indent}{mark}"), &deeper, rows);
        }
    }
}

/// Where a span lies in the time of the whole.
fn bar(span: &JaegerSpan, begin: u64, total: u64) -> String {
    let column = |at: u64| {
        let share = at.saturating_sub(begin) as f64 / total as f64;
        ((share * BAR as f64).round() as usize).min(BAR)
    };
    let from = column(span.start).min(BAR - 1);
    let to = column(span.start + span.duration).max(from + 1);
    let text = format!("{}{}", " ".repeat(from), "█".repeat(to - from));
    format!("{text:<BAR$}")
}

fn shortened(name: &str, room: usize) -> String {
    if name.chars().count() <= room {
        return name.into();
    }
    let kept: String = name.chars().take(room.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn time(micros: u64) -> String {
    match micros {
        0..1000 => format!("{micros} µs"),
        1000..1_000_000 => format!("{:.2} ms", micros as f64 / 1e3),
        _ => format!("{:.2} s", micros as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: &str, parent: Option<&str>, name: &str, start: u64, duration: u64) -> JaegerSpan {
        JaegerSpan {
            trace_id: "t".into(),
            span_id: id.into(),
            parent: parent.map(String::from),
            name: name.into(),
            service: format!("service-{}", &id[..1]),
            start,
            duration,
            tags: Default::default(),
            resource: Default::default(),
            links: Vec::new(),
        }
    }

    #[test]
    fn each_span_has_its_place_in_the_tree_and_in_time() {
        let spans = [
            span("b2", Some("a1"), "second", 1500, 500),
            span("a1", None, "all", 1000, 1000),
            span("b1", Some("a1"), "first", 1000, 250),
            span("c1", Some("b1"), "below", 1000, 1),
            span("x1", Some("elsewhere"), "lost", 1999, 1),
        ];
        let drawn = draw(&spans);
        let plain = anstream::adapter::strip_str(&drawn).to_string();
        let lines: Vec<_> = plain.lines().map(|line| line.replace("  ", "")).collect();
        assert_eq!(lines[0], "trace t: 5 spans of 4 services in 1.00 ms");
        for (line, service, name, bar, time) in [
            (2, "service-a", "all", 44, "1.00 ms"),
            (3, "service-b", "├─ first", 11, "250 µs"),
            (4, "service-c", "│└─ below", 1, "1 µs"),
            (5, "service-b", "└─ second", 22, "500 µs"),
            (6, "service-x", "lost", 1, "1 µs"),
        ] {
            let line = &lines[line];
            assert!(line.starts_with(&format!("{service}{name}")), "{line}");
            assert_eq!(line.matches('█').count(), bar, "{line}");
            assert!(line.ends_with(time), "{line}");
        }
        assert!(drawn.contains("\u{1b}[96m"));
    }
}
