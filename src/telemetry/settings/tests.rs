use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Settings, Vec<InvalidVariable>> {
    let lookup = |name: &str| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).into())
    };
    Settings::read(&lookup)
}

fn otlp_of(export: &Export) -> &Otlp {
    match export {
        Export::Otlp(otlp) => otlp,
        other => panic!("not OTLP: {other:?}"),
    }
}

#[test]
fn the_defaults_are_the_specifications() {
    let settings = read(&[]).unwrap();
    assert!(!settings.disabled);
    assert_eq!(
        settings.sampler,
        Sampling {
            root: RootSampling::On,
            parent_based: true
        }
    );
    assert_eq!(
        settings.span_batch,
        Batch {
            queue: 2048,
            size: 512,
            delay: Duration::from_secs(5)
        }
    );
    assert_eq!(settings.log_batch.delay, Duration::from_secs(1));
    assert_eq!(settings.metric_interval, Duration::from_secs(60));
    assert_eq!(
        settings.propagators,
        [Propagator::TraceContext, Propagator::Baggage]
    );
    let traces = otlp_of(&settings.traces);
    assert_eq!(traces.endpoint, "http://localhost:4318/v1/traces");
    assert_eq!(traces.timeout, Duration::from_secs(10));
    assert!(!traces.gzip && traces.headers.is_empty());
    assert_eq!(
        otlp_of(&settings.logs).endpoint,
        "http://localhost:4318/v1/logs"
    );
}

#[test]
fn the_general_endpoint_gets_a_path_and_a_signals_own_does_not() {
    let settings = read(&[
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "https://collector:4318/base/",
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "http://prometheus:9090/api/v1/otlp/v1/metrics",
        ),
    ])
    .unwrap();
    assert_eq!(
        otlp_of(&settings.traces).endpoint,
        "https://collector:4318/base/v1/traces"
    );
    assert_eq!(
        otlp_of(&settings.metrics).endpoint,
        "http://prometheus:9090/api/v1/otlp/v1/metrics"
    );
}

#[test]
fn a_signals_own_variable_wins() {
    let settings = read(&[
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20all"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x-team=logs"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "3000"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "none"),
    ])
    .unwrap();
    let (traces, logs) = (otlp_of(&settings.traces), otlp_of(&settings.logs));
    assert_eq!(
        traces.headers,
        [("authorization".into(), "Bearer all".into())]
    );
    assert_eq!(logs.headers, [("x-team".into(), "logs".into())]);
    assert_eq!(traces.timeout, Duration::from_secs(3));
    assert_eq!(logs.timeout, Duration::from_secs(2));
    assert!(traces.gzip && !logs.gzip);
}

#[test]
fn samplers_have_their_standard_names() {
    let sampler = |name, argument| {
        read(&[
            ("OTEL_TRACES_SAMPLER", name),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ])
        .unwrap()
        .sampler
    };
    let sampling = |root, parent_based| Sampling { root, parent_based };
    assert_eq!(
        sampler("always_off", ""),
        sampling(RootSampling::Off, false)
    );
    assert_eq!(
        sampler("traceidratio", "0.25"),
        sampling(RootSampling::Ratio(0.25), false)
    );
    assert_eq!(
        sampler("parentbased_traceidratio", ""),
        sampling(RootSampling::Ratio(1.0), true)
    );
}

#[test]
fn exporters_can_be_chosen_by_signal() {
    let settings = read(&[
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_LOGS_EXPORTER", "console"),
    ])
    .unwrap();
    assert_eq!(settings.traces, Export::None);
    assert_eq!(settings.logs, Export::Console);
    assert!(matches!(settings.metrics, Export::Otlp(_)));
}

/// A variable, a wrong value of it, and a part of what is allowed.
const WRONG: &[(&str, &str, &str)] = &[
    ("OTEL_SDK_DISABLED", "yes", "one of true, false"),
    (
        "OTEL_TRACES_EXPORTER",
        "zipkin",
        "one of otlp, console, none",
    ),
    (
        "OTEL_TRACES_SAMPLER",
        "sometimes",
        "one of always_on, always_off",
    ),
    (
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "udp",
        "one of http/protobuf, http/json, grpc",
    ),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "localhost:4318",
        "a URL such as",
    ),
    (
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "http://",
        "a URL such as",
    ),
    ("OTEL_EXPORTER_OTLP_HEADERS", "authorization", "key=value"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "a whole number"),
    (
        "OTEL_EXPORTER_OTLP_COMPRESSION",
        "zstd",
        "one of gzip, none",
    ),
    ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz", "percent-encoded"),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "at least 1"),
    (
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        "4096",
        "from 1 to OTEL_BSP_MAX_QUEUE_SIZE",
    ),
    ("OTEL_BLRP_SCHEDULE_DELAY", "-1", "at least 1"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "1m", "at least 1"),
    ("OTEL_PROPAGATORS", "b3", "tracecontext and baggage"),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT", "many", "a whole number"),
];

#[test]
fn each_wrong_value_is_named_with_what_is_allowed() {
    for (name, value, allowed) in WRONG.iter().copied() {
        let invalid = read(&[(name, value)]).unwrap_err();
        let is_secret = name.ends_with("_HEADERS");
        let shown = if is_secret { "(not shown)" } else { value };
        assert!(
            invalid
                .iter()
                .all(|error| error.name == name && error.value == shown),
            "{invalid:?}"
        );
        assert!(
            invalid[0].allowed.contains(allowed),
            "{name}: {}",
            invalid[0].allowed
        );
    }
    let invalid = read(&[
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ])
    .unwrap_err();
    assert_eq!(invalid[0].name, "OTEL_TRACES_SAMPLER_ARG");
}

#[test]
fn all_wrong_variables_are_named_at_once() {
    let invalid = read(&[
        ("OTEL_SDK_DISABLED", "1"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "x"),
    ])
    .unwrap_err();
    assert_eq!(invalid.len(), 2);
    let invalid = read(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "x")]).unwrap_err();
    assert_eq!(invalid.len(), 1, "once, though three signals read it");
}

#[cfg(not(feature = "otlp-grpc"))]
#[test]
fn a_protocol_that_was_not_built_in_names_its_feature() {
    let invalid = read(&[("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc")]).unwrap_err();
    assert!(
        invalid[0].to_string().contains("`otlp-grpc`"),
        "{}",
        invalid[0]
    );
    assert_eq!(invalid[0].name, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
}
