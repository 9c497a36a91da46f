//! What was seen, for a terminal: a trace as a tree and the histograms as a table.

use opentelemetry::Value;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, HistogramDataPoint, MetricData, ResourceMetrics,
};
use opentelemetry_sdk::trace::SpanData;
use std::fmt::Write;
use std::time::Duration;

/// The largest trace as a tree: each span with its duration, children in the order of their start.
pub(crate) fn trace_tree(spans: &[SpanData]) -> String {
    let trace_of = |span: &SpanData| span.span_context.trace_id();
    let size = |span: &SpanData| {
        spans
            .iter()
            .filter(|other| trace_of(other) == trace_of(span))
            .count()
    };
    let Some(largest) = spans.iter().max_by_key(|span| size(span)).map(trace_of) else {
        return String::from("no spans\n");
    };
    let mut trace: Vec<&SpanData> = spans
        .iter()
        .filter(|span| trace_of(span) == largest)
        .collect();
    trace.sort_by_key(|span| span.start_time);
    let mut tree = format!("trace {largest}, {} spans\n", trace.len());
    let is_known = |id: SpanId| trace.iter().any(|span| span.span_context.span_id() == id);
    let roots: Vec<_> = trace
        .iter()
        .filter(|span| !is_known(span.parent_span_id))
        .collect();
    for (index, root) in roots.iter().enumerate() {
        draw(&mut tree, &trace, root, "", index + 1 == roots.len());
    }
    tree
}

fn draw(tree: &mut String, trace: &[&SpanData], span: &SpanData, indent: &str, last: bool) {
    let (branch, below) = if last {
        ("└─ ", "   ")
    } else {
        ("├─ ", "│  ")
    };
    let took = span
        .end_time
        .duration_since(span.start_time)
        .unwrap_or_default();
    let label = format!("{indent}{branch}{}", span.name);
    let _ = writeln!(tree, "{label:<52} {:>9}{}", duration(took), notes(span));
    let id = span.span_context.span_id();
    let children: Vec<_> = trace
        .iter()
        .filter(|child| child.parent_span_id == id)
        .collect();
    let indent = format!("{indent}{below}");
    for (index, child) in children.iter().enumerate() {
        draw(tree, trace, child, &indent, index + 1 == children.len());
    }
}

/// What of a span is worth a word beside its name.
fn notes(span: &SpanData) -> String {
    let mut notes = String::new();
    if span.span_kind == SpanKind::Server {
        notes.push_str("  server");
    }
    for attribute in &span.attributes {
        match (attribute.key.as_str(), &attribute.value) {
            ("loopscope.io.size", Value::I64(size)) => {
                let _ = write!(notes, "  {size} B");
            }
            ("loopscope.immediate", Value::Bool(false)) => notes.push_str("  waited"),
            ("tls.cipher", cipher) => {
                let _ = write!(notes, "  {cipher}");
            }
            _ => {}
        }
    }
    if let Status::Error { description } = &span.status {
        let _ = write!(notes, "  ERROR {description}");
    }
    notes
}

/// Every histogram with its count, median and 99th percentile.
pub(crate) fn metrics_table(collections: &[ResourceMetrics]) -> String {
    let mut rows: Vec<[String; 4]> = Vec::new();
    // Sums are cumulative, so the last collection has all.
    let last = collections.iter().next_back();
    let scopes = last.into_iter().flat_map(ResourceMetrics::scope_metrics);
    for metric in scopes.flat_map(|scope| scope.metrics()) {
        if let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() {
            rows.extend(
                histogram
                    .data_points()
                    .map(|point| row(metric.name(), point)),
            );
        }
    }
    rows.sort();
    rows.insert(0, ["histogram", "count", "median", "p99"].map(String::from));
    let width = rows
        .iter()
        .map(|[name, ..]| name.chars().count())
        .max()
        .unwrap_or_default();
    rows.iter()
        .fold(String::new(), |mut table, [name, count, median, p99]| {
            let _ = writeln!(table, "{name:<width$} {count:>6} {median:>9} {p99:>9}");
            table
        })
}

fn row(name: &str, point: &HistogramDataPoint<f64>) -> [String; 4] {
    let mut attributes: Vec<String> = point
        .attributes()
        .map(|attribute| format!("{}={}", short(attribute.key.as_str()), attribute.value))
        .collect();
    attributes.sort();
    let at = |share| duration(Duration::from_secs_f64(quantile(point, share)));
    [
        format!("{name} {{{}}}", attributes.join(",")),
        point.count().to_string(),
        at(0.5),
        at(0.99),
    ]
}

/// The last part of an attribute's name.
fn short(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// A quantile, by interpolation within the bucket that it lies in, as Prometheus estimates it, but
/// never beyond the largest value.
fn quantile(point: &HistogramDataPoint<f64>, share: f64) -> f64 {
    let wanted = share * point.count() as f64;
    let bounds: Vec<f64> = point.bounds().collect();
    let largest = point.max().unwrap_or_default();
    let mut seen = 0.0;
    for (index, count) in point.bucket_counts().enumerate() {
        let count = count as f64;
        if count > 0.0 && seen + count >= wanted {
            let lower = index.checked_sub(1).map_or(0.0, |below| bounds[below]);
            let upper = bounds.get(index).copied().unwrap_or(largest).min(largest);
            return lower + (upper - lower).max(0.0) * (wanted - seen) / count;
        }
        seen += count;
    }
    largest
}

/// A duration in the unit that suits it.
fn duration(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    match micros {
        ..1e3 => format!("{micros:.0} µs"),
        ..1e6 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}
