//! Log lines that know their trace, as `docs/logs.md` shows them.

use crate::program::Program;

/// A line without what is another one in each run: times, ids, numbers of tasks.
fn steady(line: &str) -> String {
    let (_, line) = line.split_once(' ').expect("a time comes first");
    let words = line
        .split_whitespace()
        .map(|word| match word.split_once('=') {
            Some((
                key @ ("trace_id" | "span_id" | "task.id" | "duration" | "immediate" | "answers"),
                _,
            )) => key,
            _ => word,
        });
    words.collect::<Vec<_>>().join(" ")
}

fn trace_id(line: &str) -> &str {
    let (_, rest) = line.split_once("trace_id=").expect("it is in a trace");
    rest.split(' ').next().expect("an id")
}

#[test]
fn lines_of_both_ends_of_a_request_have_one_trace() {
    let nothing = |name| (name, String::new());
    let environment = ["RUST_LOG", "OTEL_EXPORTER_OTLP_ENDPOINT"].map(nothing);
    let (printed, status) = Program::start("logs", &[], &environment).end();
    assert!(status.success(), "{printed}");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/logs.md");
    let page = std::fs::read_to_string(page).expect("a page");
    let (_, shown) = page.split_once("```text\n").expect("an example");
    let (shown, _) = shown.split_once("```").expect("it ends");
    let steady_lines = |text: &str| text.lines().map(steady).collect::<Vec<_>>();
    assert_eq!(steady_lines(&printed), steady_lines(shown));

    // As the page says of them.
    let one = |text: &str| {
        let mut lines = printed.lines().filter(|line| line.contains(text));
        trace_id(
            lines
                .next()
                .unwrap_or_else(|| panic!("no {text}: {printed}")),
        )
    };
    let request = one("looking up a name");
    assert_eq!(one("there is none"), request);
    assert_eq!(one("answered status=404"), request);
    assert_ne!(one("counted"), request);
}
