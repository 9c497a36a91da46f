//! An instrument with exporters in memory, and short ways to say what happens and what came of it.

use loopscope::clock::Timestamp;
use loopscope::instrument::*;
use loopscope::otel::{OtelInstrument, OtelInstrumentBuilder};
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, ShouldSample, SpanData};
use std::net::SocketAddr;
use std::rc::Rc;

/// An instrument and what it exports.
pub(crate) struct Bridge {
    pub(crate) otel: OtelInstrument,
    pub(crate) tracers: SdkTracerProvider,
    spans: InMemorySpanExporter,
    meters: SdkMeterProvider,
    metrics: InMemoryMetricExporter,
}

impl Bridge {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(
        options: impl FnOnce(OtelInstrumentBuilder) -> OtelInstrumentBuilder,
    ) -> Self {
        let spans = InMemorySpanExporter::default();
        let tracers = SdkTracerProvider::builder()
            .with_simple_exporter(spans.clone())
            .build();
        Self::over(tracers, spans, options)
    }

    pub(crate) fn sampled_by(
        sampler: impl ShouldSample + 'static,
        options: impl FnOnce(OtelInstrumentBuilder) -> OtelInstrumentBuilder,
    ) -> Self {
        let spans = InMemorySpanExporter::default();
        let tracers = SdkTracerProvider::builder()
            .with_sampler(sampler)
            .with_simple_exporter(spans.clone())
            .build();
        Self::over(tracers, spans, options)
    }

    pub(crate) fn over(
        tracers: SdkTracerProvider,
        spans: InMemorySpanExporter,
        options: impl FnOnce(OtelInstrumentBuilder) -> OtelInstrumentBuilder,
    ) -> Self {
        let metrics = InMemoryMetricExporter::default();
        let meters = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(metrics.clone()).build())
            .build();
        let builder = OtelInstrument::builder()
            .tracer_provider(&tracers)
            .meter_provider(&meters);
        Self {
            otel: options(builder).build(),
            tracers,
            spans,
            meters,
            metrics,
        }
    }

    /// All spans that have ended, in the order in which they did.
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap()
    }

    pub(crate) fn span_names(&self) -> Vec<String> {
        self.spans()
            .iter()
            .map(|span| span.name.to_string())
            .collect()
    }

    /// The one span that has ended.
    #[track_caller]
    pub(crate) fn only_span(&self) -> SpanData {
        let mut spans = self.spans();
        assert_eq!(spans.len(), 1, "{spans:#?}");
        spans.remove(0)
    }

    #[track_caller]
    pub(crate) fn span_named(&self, name: &str) -> SpanData {
        let found = self.spans().into_iter().find(|span| span.name == name);
        found.unwrap_or_else(|| panic!("no span {name} among {:?}", self.span_names()))
    }

    /// All metrics as they are collected now.
    pub(crate) fn metrics(&self) -> Vec<Exported> {
        self.metrics.reset();
        self.meters.force_flush().unwrap();
        let collected = self.metrics.get_finished_metrics().unwrap();
        collected
            .iter()
            .flat_map(|resource| resource.scope_metrics())
            .flat_map(|scope| scope.metrics())
            .map(Exported::new)
            .collect()
    }

    /// The points of one metric, sorted, each as `attributes: value`.
    pub(crate) fn points(&self, name: &str) -> Vec<String> {
        let metrics = self.metrics();
        let metric = metrics.iter().find(|metric| metric.name == name);
        metric.map_or_else(Vec::new, |metric| metric.points.clone())
    }
}

/// A metric as it was exported.
#[derive(Debug)]
pub(crate) struct Exported {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) description: String,
    pub(crate) kind: &'static str,
    pub(crate) boundaries: Vec<f64>,
    pub(crate) attribute_keys: Vec<String>,
    /// Sorted, each as `attributes: value`; a histogram's value is `count/sum`.
    pub(crate) points: Vec<String>,
}

impl Exported {
    fn new(metric: &Metric) -> Self {
        let mut exported = Self {
            name: metric.name().into(),
            unit: metric.unit().into(),
            description: metric.description().into(),
            kind: "",
            boundaries: Vec::new(),
            attribute_keys: Vec::new(),
            points: Vec::new(),
        };
        match metric.data() {
            AggregatedMetrics::F64(data) => exported.add(data),
            AggregatedMetrics::U64(data) => exported.add(data),
            AggregatedMetrics::I64(data) => exported.add(data),
        }
        exported.points.sort();
        exported
    }

    fn add<T: Copy + std::fmt::Display>(&mut self, data: &MetricData<T>) {
        match data {
            MetricData::Gauge(gauge) => {
                self.kind = "gauge";
                for point in gauge.data_points() {
                    self.point(point.attributes(), point.value());
                }
            }
            MetricData::Sum(sum) => {
                self.kind = if sum.is_monotonic() {
                    "counter"
                } else {
                    "up-down counter"
                };
                for point in sum.data_points() {
                    self.point(point.attributes(), point.value());
                }
            }
            MetricData::Histogram(histogram) => {
                self.kind = "histogram";
                for point in histogram.data_points() {
                    self.boundaries = point.bounds().collect();
                    let value = format!("{}/{}", point.count(), point.sum());
                    self.point(point.attributes(), value);
                }
            }
            MetricData::ExponentialHistogram(_) => panic!("no metric is exponential"),
        }
    }

    fn point<'a>(
        &mut self,
        attributes: impl Iterator<Item = &'a KeyValue>,
        value: impl std::fmt::Display,
    ) {
        let attributes: Vec<_> = attributes.cloned().collect();
        let keys = attributes.iter().map(|attribute| attribute.key.to_string());
        self.attribute_keys.extend(keys);
        self.points
            .push(format!("{}: {value}", shown(&attributes).join(" ")));
    }
}

/// Attributes as sorted `key=value`.
pub(crate) fn shown(attributes: &[KeyValue]) -> Vec<String> {
    let mut shown: Vec<_> = attributes
        .iter()
        .map(|attribute| format!("{}={}", attribute.key, attribute.value))
        .collect();
    shown.sort();
    shown
}

/// Asserts a span's attributes, all of them.
#[track_caller]
pub(crate) fn assert_attributes(span: &SpanData, expected: &[&str]) {
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(shown(&span.attributes), expected, "of span {}", span.name);
}

pub(crate) fn error(description: &'static str) -> Status {
    Status::error(description)
}

pub(crate) fn is_root(span: &SpanData) -> bool {
    span.parent_span_id == SpanId::INVALID
}

#[track_caller]
pub(crate) fn assert_child(child: &SpanData, parent: &SpanData) {
    assert_eq!(child.parent_span_id, parent.span_context.span_id());
    assert_eq!(
        child.span_context.trace_id(),
        parent.span_context.trace_id()
    );
}

/// So many milliseconds after the start of the clock.
pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_nanos(millis * 1_000_000)
}

pub(crate) fn address(text: &str) -> Address {
    let address: SocketAddr = text.parse().unwrap();
    address.into()
}

pub(crate) fn socket(role: SocketRole, local: &str, peer: Option<&str>) -> Rc<SocketHandle> {
    let handle = SocketHandle::new(Transport::Tcp, role);
    handle.set_local_address(address(local));
    if let Some(peer) = peer {
        handle.set_peer_address(address(peer));
    }
    Rc::new(handle)
}

pub(crate) fn client() -> Rc<SocketHandle> {
    socket(SocketRole::Client, "10.0.0.1:50000", Some("10.0.0.2:443"))
}

pub(crate) fn task(name: Option<&str>) -> TaskInfo {
    TaskInfo::new(TaskId::new(), name.map(Rc::from), None, Some(at(0)))
}

/// A task as the loop tells of it.
pub(crate) trait Told {
    fn spawn(&self, task: &TaskInfo);
    fn spawn_detached(&self, task: &TaskInfo);
    fn resume(&self, task: &TaskInfo);
    fn suspend(&self, task: &TaskInfo);
    fn complete(&self, task: &TaskInfo);
    fn cancel(&self, task: &TaskInfo);
    /// A recv of the task's that took from 10 to 260 ms and brought 5 bytes.
    fn recv(&self, task: Option<&TaskInfo>);
    /// Runs `f` in one poll of the task.
    fn poll(&self, task: &TaskInfo, f: impl FnOnce()) {
        self.resume(task);
        f();
        self.suspend(task);
    }
}

impl Told for OtelInstrument {
    fn spawn(&self, task: &TaskInfo) {
        self.on_task_spawned(&TaskSpawnedMetadata::new(task, None, at(0)));
    }

    fn spawn_detached(&self, task: &TaskInfo) {
        let mut metadata = TaskSpawnedMetadata::new(task, None, at(0));
        metadata.detached = true;
        self.on_task_spawned(&metadata);
    }

    fn resume(&self, task: &TaskInfo) {
        task.begin_poll();
        self.on_task_before_send(&TaskSendMetadata::new(task, Resumption::Started, at(100)));
    }

    fn suspend(&self, task: &TaskInfo) {
        let sent = TaskSendMetadata::new(task, Resumption::Started, at(100));
        self.on_task_after_send(&TaskAfterSendMetadata::new(sent, &Command::Yield, at(350)));
    }

    fn complete(&self, task: &TaskInfo) {
        self.on_task_completed(&TaskEndMetadata::new(task, true, at(500), at(1000)));
    }

    fn cancel(&self, task: &TaskInfo) {
        self.on_task_cancelled(&TaskEndMetadata::new(task, true, at(500), at(1000)));
    }

    fn recv(&self, task: Option<&TaskInfo>) {
        let socket = client();
        let mut metadata =
            ReadySocketInstrumentationMetadata::new(task, &socket, false, at(10), at(260));
        metadata.size = Some(5);
        self.on_socket_recv_ready(&metadata);
    }
}
