//! The SDK's providers, as the settings ask for them.

use super::batches::{BatchProcessor, Exporter, OfSdk};
use super::error::TelemetryError;
use super::exporters::{Spans, Transport};
use super::settings::{Batch, Export, Limits, RootSampling, Sampling, Settings, Signal};
use super::sources::SpanSink;
use super::tally::{Counted, Tallies};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{self, BatchLogProcessor, LogExporter, SdkLoggerProvider};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanExporter, TracerProviderBuilder};
use std::time::Duration;

pub(super) fn traces(
    settings: &Settings,
    resource: Resource,
    transport: &Transport,
    tallies: &Tallies,
    sink: &SpanSink,
) -> Result<SdkTracerProvider, TelemetryError> {
    let builder = SdkTracerProvider::builder().with_resource(resource.clone());
    if settings.disabled {
        return Ok(builder.with_sampler(Sampler::AlwaysOff).build());
    }
    let builder = with_limits(
        builder.with_sampler(sampler(settings.sampler)),
        settings.limits,
    );
    let processor = match &settings.traces {
        Export::Otlp(otlp) => {
            match transport.spans(otlp, &resource, sink.sources(), &tallies.traces)? {
                Spans::Ours(exporter) => batches(exporter, sink)?,
                #[cfg(any(feature = "otlp-json", feature = "otlp-grpc"))]
                Spans::Stock(exporter) => of_sdk(exporter, &resource, sink)?,
            }
        }
        Export::Console => {
            let exporter = opentelemetry_stdout::SpanExporter::default();
            let exporter = Counted::new(exporter, &tallies.traces);
            of_sdk(exporter, &resource, sink)?
        }
        Export::None => return Ok(builder.build()),
    };
    Ok(builder.with_span_processor(processor).build())
}

fn of_sdk(
    mut exporter: impl SpanExporter + 'static,
    resource: &Resource,
    sink: &SpanSink,
) -> Result<BatchProcessor, TelemetryError> {
    exporter.set_resource(resource);
    batches(OfSdk(exporter), sink)
}

pub(super) fn batches(
    exporter: impl Exporter,
    sink: &SpanSink,
) -> Result<BatchProcessor, TelemetryError> {
    BatchProcessor::start(exporter, sink).map_err(|error| TelemetryError::Exporter {
        signal: Signal::Traces.name(),
        source: error.into(),
    })
}

fn sampler(sampling: Sampling) -> Sampler {
    let root = match sampling.root {
        RootSampling::On => Sampler::AlwaysOn,
        RootSampling::Off => Sampler::AlwaysOff,
        RootSampling::Ratio(ratio) => Sampler::TraceIdRatioBased(ratio),
    };
    if sampling.parent_based {
        Sampler::ParentBased(Box::new(root))
    } else {
        root
    }
}

fn with_limits(mut builder: TracerProviderBuilder, limits: Limits) -> TracerProviderBuilder {
    if let Some(limit) = limits.attributes {
        builder = builder.with_max_attributes_per_span(limit);
    }
    if let Some(limit) = limits.events {
        builder = builder.with_max_events_per_span(limit);
    }
    if let Some(limit) = limits.links {
        builder = builder.with_max_links_per_span(limit);
    }
    if let Some(limit) = limits.event_attributes {
        builder = builder.with_max_attributes_per_event(limit);
    }
    if let Some(limit) = limits.link_attributes {
        builder = builder.with_max_attributes_per_link(limit);
    }
    builder
}

pub(super) fn metrics(
    settings: &Settings,
    resource: Resource,
    transport: &Transport,
    tallies: &Tallies,
) -> Result<SdkMeterProvider, TelemetryError> {
    let builder = SdkMeterProvider::builder().with_resource(resource);
    if settings.disabled {
        return Ok(builder.build());
    }
    Ok(match &settings.metrics {
        Export::Otlp(otlp) => {
            let exporter = transport.metrics(otlp, settings.temporality, &tallies.metrics)?;
            builder.with_reader(reader(exporter, settings.metric_interval, tallies))
        }
        Export::Console => {
            let exporter = opentelemetry_stdout::MetricExporter::default();
            builder.with_reader(reader(exporter, settings.metric_interval, tallies))
        }
        Export::None => builder,
    }
    .build())
}

fn reader<E: PushMetricExporter>(
    exporter: E,
    interval: Duration,
    tallies: &Tallies,
) -> PeriodicReader<Counted<E>> {
    PeriodicReader::builder(Counted::new(exporter, &tallies.metrics))
        .with_interval(interval)
        .build()
}

pub(super) fn logs(
    settings: &Settings,
    resource: Resource,
    transport: &Transport,
    tallies: &Tallies,
) -> Result<SdkLoggerProvider, TelemetryError> {
    let builder = SdkLoggerProvider::builder().with_resource(resource);
    if settings.disabled {
        return Ok(builder.build());
    }
    Ok(match &settings.logs {
        Export::Otlp(otlp) => {
            let exporter = transport.logs(otlp, &tallies.logs)?;
            builder.with_log_processor(log_processor(exporter, settings.log_batch, tallies))
        }
        Export::Console => {
            let exporter = opentelemetry_stdout::LogExporter::default();
            builder.with_log_processor(log_processor(exporter, settings.log_batch, tallies))
        }
        Export::None => builder,
    }
    .build())
}

fn log_processor(
    exporter: impl LogExporter + 'static,
    batch: Batch,
    tallies: &Tallies,
) -> Counted<BatchLogProcessor> {
    let config = logs::BatchConfigBuilder::default()
        .with_max_queue_size(batch.queue)
        .with_max_export_batch_size(batch.size)
        .with_scheduled_delay(batch.delay)
        .build();
    let exporter = Counted::new(exporter, &tallies.logs);
    let processor = BatchLogProcessor::builder(exporter)
        .with_batch_config(config)
        .build();
    Counted::new(processor, &tallies.logs)
}
