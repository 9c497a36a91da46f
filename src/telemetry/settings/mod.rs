//! What the variables ask for.

use super::error::InvalidVariable;
use super::variables::{Lookup, Variables, pairs};
use opentelemetry_sdk::metrics::Temporality;
use std::path::PathBuf;
use std::time::Duration;

/// One of the three kinds of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }

    const fn upper_name(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
            Self::Logs => "LOGS",
        }
    }
}

/// Everything that the variables ask for.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) disabled: bool,
    pub(super) service_name: Option<String>,
    pub(super) resource: Vec<(String, String)>,
    pub(super) sampler: Sampling,
    pub(super) limits: Limits,
    pub(super) span_batch: Batch,
    pub(super) log_batch: Batch,
    pub(super) metric_interval: Duration,
    pub(super) temporality: Temporality,
    pub(super) propagators: Vec<Propagator>,
    pub(super) traces: Export,
    pub(super) metrics: Export,
    pub(super) logs: Export,
}

/// Which traces are recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sampling {
    pub(super) root: RootSampling,
    pub(super) parent_based: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum RootSampling {
    On,
    Off,
    Ratio(f64),
}

/// How much a span may hold; the SDK's defaults where nothing is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) attributes: Option<u32>,
    pub(super) events: Option<u32>,
    pub(super) links: Option<u32>,
    pub(super) event_attributes: Option<u32>,
    pub(super) link_attributes: Option<u32>,
}

/// How items are gathered for export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) queue: usize,
    pub(super) size: usize,
    pub(super) delay: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Propagator {
    TraceContext,
    Baggage,
}

/// Where a signal goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Export {
    Otlp(Otlp),
    Console,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    HttpProtobuf,
    HttpJson,
    Grpc,
}

/// How a signal is sent over OTLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Otlp {
    pub(super) protocol: Protocol,
    pub(super) endpoint: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) timeout: Duration,
    pub(super) gzip: bool,
    pub(super) certificate: Option<PathBuf>,
    pub(super) client: Option<(PathBuf, PathBuf)>,
}

impl Settings {
    /// Reads all variables, or says what is wrong with them.
    pub(super) fn read(lookup: Lookup<'_>) -> Result<Self, Vec<InvalidVariable>> {
        let mut variables = Variables::new(lookup);
        let vars = &mut variables;
        let settings = Self {
            disabled: vars
                .choice(&["OTEL_SDK_DISABLED"], &[("true", true), ("false", false)])
                .unwrap_or(false),
            service_name: vars.text("OTEL_SERVICE_NAME"),
            resource: vars
                .parse(&["OTEL_RESOURCE_ATTRIBUTES"], PAIRS, pairs)
                .unwrap_or_default(),
            sampler: sampler(vars),
            limits: limits(vars),
            span_batch: batch(vars, "OTEL_BSP", 5_000),
            log_batch: batch(vars, "OTEL_BLRP", 1_000),
            metric_interval: millis(vars, &["OTEL_METRIC_EXPORT_INTERVAL"], 60_000),
            temporality: vars
                .choice(
                    &["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"],
                    &[
                        ("cumulative", Temporality::Cumulative),
                        ("delta", Temporality::Delta),
                        ("lowmemory", Temporality::LowMemory),
                    ],
                )
                .unwrap_or(Temporality::Cumulative),
            propagators: propagators(vars),
            traces: export(vars, Signal::Traces),
            metrics: export(vars, Signal::Metrics),
            logs: export(vars, Signal::Logs),
        };
        variables.finish().map(|()| settings)
    }

    pub(super) fn export(&self, signal: Signal) -> &Export {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Metrics => &self.metrics,
            Signal::Logs => &self.logs,
        }
    }
}

const PAIRS: &str = "a list such as key=value,key=value, with values percent-encoded";

fn millis(vars: &mut Variables<'_>, names: &[&str], default: u64) -> Duration {
    Duration::from_millis(vars.positive(names).unwrap_or(default))
}

fn sampler(vars: &mut Variables<'_>) -> Sampling {
    let ratio = RootSampling::Ratio(1.0);
    let choice = vars.choice(
        &["OTEL_TRACES_SAMPLER"],
        &[
            ("always_on", (RootSampling::On, false)),
            ("always_off", (RootSampling::Off, false)),
            ("traceidratio", (ratio, false)),
            ("parentbased_always_on", (RootSampling::On, true)),
            ("parentbased_always_off", (RootSampling::Off, true)),
            ("parentbased_traceidratio", (ratio, true)),
        ],
    );
    let (mut root, parent_based) = choice.unwrap_or((RootSampling::On, true));
    if let RootSampling::Ratio(_) = root {
        let argument = vars.parse(
            &["OTEL_TRACES_SAMPLER_ARG"],
            "a number from 0 to 1",
            |value| {
                value
                    .parse()
                    .ok()
                    .filter(|ratio| (0.0..=1.0).contains(ratio))
            },
        );
        root = RootSampling::Ratio(argument.unwrap_or(1.0));
    }
    Sampling { root, parent_based }
}

fn limits(vars: &mut Variables<'_>) -> Limits {
    Limits {
        attributes: vars.number(&[
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_ATTRIBUTE_COUNT_LIMIT",
        ]),
        events: vars.number(&["OTEL_SPAN_EVENT_COUNT_LIMIT"]),
        links: vars.number(&["OTEL_SPAN_LINK_COUNT_LIMIT"]),
        event_attributes: vars.number(&[
            "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_ATTRIBUTE_COUNT_LIMIT",
        ]),
        link_attributes: vars.number(&[
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
            "OTEL_ATTRIBUTE_COUNT_LIMIT",
        ]),
    }
}

fn batch(vars: &mut Variables<'_>, prefix: &str, delay: u64) -> Batch {
    let name = |suffix: &str| format!("{prefix}_{suffix}");
    let count = |vars: &mut Variables<'_>, suffix, default: usize| {
        let number = vars.positive(&[&name(suffix)]);
        number
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(default)
    };
    let queue = count(vars, "MAX_QUEUE_SIZE", 2048);
    let size_name = name("MAX_EXPORT_BATCH_SIZE");
    let allowed = format!("a whole number from 1 to {prefix}_MAX_QUEUE_SIZE, which is {queue}");
    let size = vars.parse(&[&size_name], &allowed, |value| {
        value.parse().ok().filter(|size| (1..=queue).contains(size))
    });
    let delay = millis(vars, &[&name("SCHEDULE_DELAY")], delay);
    Batch {
        queue,
        size: size.unwrap_or(512.min(queue)),
        delay,
    }
}

fn propagators(vars: &mut Variables<'_>) -> Vec<Propagator> {
    let allowed = "a list of tracecontext and baggage, or none";
    let parsed = vars.parse(&["OTEL_PROPAGATORS"], allowed, |value| {
        value
            .split(',')
            .map(str::trim)
            .filter(|name| *name != "none")
            .map(|name| match name {
                "tracecontext" => Some(Propagator::TraceContext),
                "baggage" => Some(Propagator::Baggage),
                _ => None,
            })
            .collect()
    });
    parsed.unwrap_or_else(|| vec![Propagator::TraceContext, Propagator::Baggage])
}

fn export(vars: &mut Variables<'_>, signal: Signal) -> Export {
    #[derive(Clone, Copy)]
    enum Kind {
        Otlp,
        Console,
        None,
    }
    let name = format!("OTEL_{}_EXPORTER", signal.upper_name());
    let choices = [
        ("otlp", Kind::Otlp),
        ("console", Kind::Console),
        ("none", Kind::None),
    ];
    match vars.choice(&[&name], &choices) {
        Some(Kind::Console) => Export::Console,
        Some(Kind::None) => Export::None,
        Some(Kind::Otlp) | None => Export::Otlp(otlp(vars, signal)),
    }
}

fn otlp(vars: &mut Variables<'_>, signal: Signal) -> Otlp {
    let own = |suffix: &str| format!("OTEL_EXPORTER_OTLP_{}_{suffix}", signal.upper_name());
    let all = |suffix: &str| format!("OTEL_EXPORTER_OTLP_{suffix}");
    let either = |suffix: &str| [own(suffix), all(suffix)];
    let path = |vars: &Variables<'_>, suffix| {
        either(suffix)
            .iter()
            .find_map(|name| vars.text(name))
            .map(PathBuf::from)
    };
    let protocol = protocol(vars, &either("PROTOCOL"));
    let [own_timeout, all_timeout] = either("TIMEOUT");
    let [own_headers, all_headers] = either("HEADERS");
    let [own_compression, all_compression] = either("COMPRESSION");
    let compression = [("gzip", true), ("none", false)];
    let (certificate, key) = (path(vars, "CLIENT_CERTIFICATE"), path(vars, "CLIENT_KEY"));
    match (&certificate, &key) {
        (Some(_), None) => vars.refuse(&all("CLIENT_KEY"), "", "the client certificate's key"),
        (None, Some(_)) => vars.refuse(&all("CLIENT_CERTIFICATE"), "", "the key's certificate"),
        _ => {}
    }
    Otlp {
        protocol,
        endpoint: endpoint(vars, signal, protocol, &own("ENDPOINT"), &all("ENDPOINT")),
        headers: vars
            .parse(&[&own_headers, &all_headers], PAIRS, pairs)
            .unwrap_or_default(),
        timeout: millis(vars, &[&own_timeout, &all_timeout], 10_000),
        gzip: vars
            .choice(&[&own_compression, &all_compression], &compression)
            .unwrap_or(false),
        certificate: path(vars, "CERTIFICATE"),
        client: certificate.zip(key),
    }
}

fn protocol(vars: &mut Variables<'_>, names: &[String; 2]) -> Protocol {
    let names = [names[0].as_str(), names[1].as_str()];
    let choices = [
        ("http/protobuf", Protocol::HttpProtobuf),
        ("http/json", Protocol::HttpJson),
        ("grpc", Protocol::Grpc),
    ];
    let protocol = vars
        .choice(&names, &choices)
        .unwrap_or(Protocol::HttpProtobuf);
    let (feature, built) = match protocol {
        Protocol::HttpProtobuf => return protocol,
        Protocol::HttpJson => ("otlp-json", cfg!(feature = "otlp-json")),
        Protocol::Grpc => ("otlp-grpc", cfg!(feature = "otlp-grpc")),
    };
    if !built {
        let set = names
            .iter()
            .find(|name| vars.text(name).is_some())
            .copied()
            .unwrap_or(names[1]);
        let value = vars.text(set).unwrap_or_default();
        let allowed =
            format!("http/protobuf, or a build of loopscope with the cargo feature `{feature}`");
        vars.refuse(set, &value, &allowed);
    }
    protocol
}

fn endpoint(
    vars: &mut Variables<'_>,
    signal: Signal,
    protocol: Protocol,
    own: &str,
    all: &str,
) -> String {
    let allowed = "a URL such as http://localhost:4318";
    let is_url = |value: &str| {
        let rest = value
            .strip_prefix("http://")
            .or_else(|| value.strip_prefix("https://"))?;
        let host = rest.split('/').next().unwrap_or_default();
        (!host.is_empty() && !value.contains(char::is_whitespace)).then(|| value.to_owned())
    };
    if let Some(endpoint) = vars.parse(&[own], allowed, is_url) {
        return endpoint;
    }
    let default = match protocol {
        Protocol::Grpc => "http://localhost:4317",
        Protocol::HttpProtobuf | Protocol::HttpJson => "http://localhost:4318",
    };
    let base = vars
        .parse(&[all], allowed, is_url)
        .unwrap_or_else(|| default.into());
    match protocol {
        Protocol::Grpc => base,
        // Only the endpoint for all signals has the signal's path appended.
        _ => format!("{}/v1/{}", base.trim_end_matches('/'), signal.name()),
    }
}

#[cfg(test)]
mod tests;
