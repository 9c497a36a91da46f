//! A trace that Jaeger has, drawn in the terminal.

pub(crate) mod waterfall;

use crate::output::say;
use integration_tests::{JaegerApi, JaegerSpan, percent_encoded};
use std::collections::BTreeMap;

pub(crate) const HELP: &str = "\
usage: cargo xtask trace [OPTION]...

Draws the fullest of the latest traces that Jaeger has of a service, by default one of the shop.

options:
  --service NAME     whose traces (shop-load)
  --operation NAME   with a span of this name (task purchase); for --service alone, any
  --jaeger URL       where Jaeger is (http://localhost:16686)";

struct Options {
    jaeger: String,
    service: String,
    operation: Option<String>,
}

impl Options {
    fn from_arguments(arguments: &[&str]) -> Result<Self, String> {
        let mut options = Self {
            jaeger: "http://localhost:16686".into(),
            service: "shop-load".into(),
            operation: Some("task purchase".into()),
        };
        let mut operation = None;
        for pair in arguments.chunks(2) {
            let [option, value] = pair else {
                return Err(format!("{}: a value is missing\n\n{HELP}", pair[0]));
            };
            let value = String::from(*value);
            match *option {
                "--jaeger" => options.jaeger = value,
                "--service" => (options.service, options.operation) = (value, None),
                "--operation" => operation = Some(value),
                _ => return Err(format!("{option}: there is no such option\n\n{HELP}")),
            }
        }
        options.operation = operation.or(options.operation);
        Ok(options)
    }
}

pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let options = Options::from_arguments(arguments)?;
    let operation = options.operation.as_deref();
    let spans = fullest(&options.jaeger, &options.service, operation)?;
    say(&waterfall::draw(&spans));
    Ok(())
}

/// The spans of the trace with the most of them among the latest.
pub(crate) fn fullest(
    jaeger: &str,
    service: &str,
    operation: Option<&str>,
) -> Result<Vec<JaegerSpan>, String> {
    let mut search = format!("service={}&limit=200&lookback=1h", percent_encoded(service));
    if let Some(operation) = operation {
        search.push_str("&operation=");
        search.push_str(&percent_encoded(operation));
    }
    let found = JaegerApi::at(jaeger.trim_end_matches('/').into()).search(&search);
    let found = found.map_err(|error| {
        format!("{error}\nIs Jaeger there? `cargo xtask stack --shop` starts it")
    })?;
    let mut traces: BTreeMap<String, Vec<JaegerSpan>> = BTreeMap::new();
    for span in found {
        traces.entry(span.trace_id.clone()).or_default().push(span);
    }
    let fullest = traces.into_values().max_by_key(Vec::len);
    fullest.ok_or_else(|| format!("Jaeger has no such trace of {service} of the last hour"))
}
