//! Configuring telemetry beyond the variables.

use super::error::TelemetryError;
use super::exporters::Transport;
use super::settings::{Export, Propagator, Settings, Signal};
use super::sources::{SpanRoute, SpanSink};
use super::tally::Tallies;
use super::{Telemetry, providers};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry::{InstrumentationScope, KeyValue, global};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

/// Configures [`Telemetry`]: what is set here is a default that the variables override.
#[must_use = "a builder does nothing until it builds"]
pub struct TelemetryBuilder {
    service_name: Option<String>,
    resource: Vec<KeyValue>,
    variables: Option<HashMap<String, String>>,
    deadline: Duration,
    global: bool,
}

impl Default for TelemetryBuilder {
    fn default() -> Self {
        Self {
            service_name: None,
            resource: Vec::new(),
            variables: None,
            deadline: Duration::from_secs(5),
            global: false,
        }
    }
}

impl fmt::Debug for TelemetryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelemetryBuilder")
            .field("service_name", &self.service_name)
            .field("deadline", &self.deadline)
            .field("global", &self.global)
            .finish_non_exhaustive()
    }
}

impl TelemetryBuilder {
    /// The service's name where `OTEL_SERVICE_NAME` gives none.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// An attribute of the resource where `OTEL_RESOURCE_ATTRIBUTES` gives no other.
    pub fn resource_attribute(mut self, attribute: KeyValue) -> Self {
        self.resource.push(attribute);
        self
    }

    /// Reads these variables in place of the environment's.
    pub fn variables<N: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        self.variables = Some(variables.collect());
        self
    }

    /// How long the shutdown may take; 5 seconds if not set.
    pub fn shutdown_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Makes the providers, and the propagators of `OTEL_PROPAGATORS`, the process's global ones.
    pub fn set_global(mut self) -> Self {
        self.global = true;
        self
    }

    /// Sets telemetry up.
    ///
    /// # Errors
    ///
    /// As [`Telemetry::from_env`].
    pub fn build(self) -> Result<Telemetry, TelemetryError> {
        let settings = match &self.variables {
            Some(variables) => Settings::read(&|name| variables.get(name).cloned()),
            None => Settings::read(&|name| std::env::var(name).ok()),
        }
        .map_err(TelemetryError::Variables)?;
        let resource = self.resource(&settings);
        let tallies = Tallies::new();
        let transport = Transport::default();
        let sink = SpanSink::new(settings.span_batch, &tallies.traces);
        let telemetry = Telemetry {
            traces: providers::traces(&settings, resource.clone(), &transport, &tallies, &sink)?,
            span_route: SpanRoute::new(&settings, sink),
            metrics: providers::metrics(&settings, resource.clone(), &transport, &tallies)?,
            logs: providers::logs(&settings, resource, &transport, &tallies)?,
            tallies: tallies.clone(),
            deadline: self.deadline,
            callbacks: Mutex::default(),
            shut_down: Mutex::default(),
            _transport: transport,
        };
        if !settings.disabled && settings.export(Signal::Metrics) != &Export::None {
            export_losses(&telemetry.metrics, tallies);
        }
        if self.global {
            global::set_tracer_provider(telemetry.tracer_provider());
            global::set_meter_provider(telemetry.meter_provider());
            global::set_text_map_propagator(propagator(&settings.propagators));
        }
        Ok(telemetry)
    }

    /// What is said of the process, the variables having the last word.
    fn resource(&self, settings: &Settings) -> Resource {
        let program = std::env::current_exe().ok();
        let program = program
            .as_deref()
            .and_then(|path| path.file_name()?.to_str());
        let default_name = match program {
            Some(program) => format!("unknown_service:{program}"),
            None => "unknown_service".into(),
        };
        let mut attributes = vec![
            KeyValue::new("service.name", default_name),
            KeyValue::new("service.instance.id", instance_id()),
            KeyValue::new("process.pid", i64::from(std::process::id())),
        ];
        let set = |name: &str, value: String| KeyValue::new(String::from(name), value);
        attributes.extend(
            self.service_name
                .iter()
                .map(|name| set("service.name", name.clone())),
        );
        attributes.extend(self.resource.iter().cloned());
        attributes.extend(
            settings
                .resource
                .iter()
                .map(|(name, value)| set(name, value.clone())),
        );
        attributes.extend(
            settings
                .service_name
                .iter()
                .map(|name| set("service.name", name.clone())),
        );
        // Of two values for one name the later stays.
        Resource::builder_empty()
            .with_detector(Box::new(
                opentelemetry_sdk::resource::TelemetryResourceDetector,
            ))
            .with_attributes(attributes)
            .build()
    }
}

/// A number that no other run of any program has: what tells instances of a service apart.
fn instance_id() -> String {
    use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
    let id = RandomIdGenerator::default().new_trace_id().to_string();
    let (a, b, c, d, e) = (&id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..]);
    // The form of a random UUID, RFC 9562.
    format!("{a}-{b}-4{c}-8{d}-{e}")
}

/// The semantic conventions that the names here are of; the scope is the instrument's.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// Exports what is lost, as far as metrics still arrive.
fn export_losses(provider: &SdkMeterProvider, tallies: Tallies) {
    let scope = InstrumentationScope::builder("loopscope")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(SCHEMA_URL)
        .build();
    provider
        .meter_with_scope(scope)
        .u64_observable_counter("loopscope.instrument.errors")
        .with_unit("{error}")
        .with_description("Hooks that panicked and telemetry that was lost")
        .with_callback(move |counter| {
            let lost = tallies.lost_so_far();
            for (count, error_type) in [
                (lost.spans, "spans_lost"),
                (lost.log_records, "log_records_lost"),
                (lost.metric_exports, "metric_exports_failed"),
            ] {
                if count > 0 {
                    counter.observe(count, &[KeyValue::new("error.type", error_type)]);
                }
            }
        })
        .build();
}

fn propagator(propagators: &[Propagator]) -> TextMapCompositePropagator {
    TextMapCompositePropagator::new(
        propagators
            .iter()
            .map(|propagator| -> Box<dyn TextMapPropagator + Send + Sync> {
                match propagator {
                    Propagator::TraceContext => Box::new(TraceContextPropagator::new()),
                    Propagator::Baggage => Box::new(BaggagePropagator::new()),
                }
            })
            .collect(),
    )
}
