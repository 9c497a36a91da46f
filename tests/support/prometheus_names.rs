//! What metrics are called in Prometheus.

use loopscope::otel::names::MetricDefinition;

/// The names of a metric's series in Prometheus, by its default translation.
pub(crate) fn in_prometheus(metric: &MetricDefinition) -> Vec<String> {
    let mut name = metric.name.replace('.', "_");
    name.push_str(match metric.unit {
        "s" => "_seconds",
        "By" => "_bytes",
        "1" if metric.kind.as_str() == "gauge" => "_ratio",
        annotation => {
            assert!(annotation.starts_with('{') && annotation.ends_with('}'));
            ""
        }
    });
    match metric.kind.as_str() {
        "counter" => vec![name + "_total"],
        "histogram" => ["_bucket", "_sum", "_count"]
            .map(|suffix| name.clone() + suffix)
            .to_vec(),
        _ => vec![name],
    }
}
