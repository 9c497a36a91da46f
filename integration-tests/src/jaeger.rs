//! Jaeger, and the spans that it has.

use crate::http::get_json;
use crate::started::{folder, free_ports, start};
use crate::wait::wait_for;
use backends::{Process, Server, locate};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use tempfile::TempDir;

/// A Jaeger with its storage in memory.
#[derive(Debug)]
pub struct Jaeger {
    _process: Process,
    _folder: TempDir,
    http: u16,
    grpc: u16,
    api: JaegerApi,
}

/// Jaeger's API, whoever runs it.
#[derive(Debug)]
pub struct JaegerApi {
    address: String,
}

impl Deref for Jaeger {
    type Target = JaegerApi;

    fn deref(&self) -> &JaegerApi {
        &self.api
    }
}

/// A span as Jaeger's API tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct JaegerSpan {
    /// The trace's id in hexadecimal digits.
    pub trace_id: String,
    /// The span's id in hexadecimal digits.
    pub span_id: String,
    /// The id of its parent, if it has one in its own trace.
    pub parent: Option<String>,
    /// The span's name.
    pub name: String,
    /// The service that it is from.
    pub service: String,
    /// Its start in microseconds since the epoch.
    pub start: u64,
    /// Its duration in microseconds.
    pub duration: u64,
    /// Its attributes, kind and status as text.
    pub tags: BTreeMap<String, String>,
    /// The attributes of the resource that it is from, as text.
    pub resource: BTreeMap<String, String>,
    /// Spans of other traces that it links to: trace and span ids.
    pub links: Vec<(String, String)>,
}

impl Jaeger {
    /// Starts it and waits until it takes spans.
    ///
    /// # Panics
    ///
    /// Where it cannot be started.
    pub fn start() -> Self {
        let program = locate(Server::Jaeger, "jaeger").unwrap_or_else(|error| panic!("{error}"));
        let [http, grpc, query, query_grpc, health] = free_ports();
        let folder = folder();
        let config = folder.path().join("jaeger.yaml");
        fs::write(
            &config,
            configuration(http, grpc, query, query_grpc, health),
        )
        .unwrap_or_else(|error| panic!("{error}"));
        let arguments = [String::from("--config"), config.display().to_string()];
        let ready = format!("http://127.0.0.1:{query}/api/services");
        Self {
            _process: start("jaeger", &program, arguments, &folder, &ready),
            _folder: folder,
            http,
            grpc,
            api: JaegerApi::at(format!("http://127.0.0.1:{query}")),
        }
    }

    /// Where it takes OTLP over HTTP.
    pub fn otlp_http(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    /// Where it takes OTLP over gRPC.
    pub fn otlp_grpc(&self) -> String {
        format!("http://127.0.0.1:{}", self.grpc)
    }
}

impl JaegerApi {
    /// The API at an address, `http://` and so on.
    pub fn at(address: String) -> Self {
        Self { address }
    }

    /// The spans of a service that it has now.
    ///
    /// # Errors
    ///
    /// What it answers in place of spans.
    pub fn spans(&self, service: &str) -> Result<Vec<JaegerSpan>, String> {
        self.search(&format!("service={service}&limit=10000&lookback=1h"))
    }

    /// The spans of all traces that a search finds, by the parameters of `/api/traces`.
    ///
    /// # Errors
    ///
    /// What it answers in place of spans.
    pub fn search(&self, parameters: &str) -> Result<Vec<JaegerSpan>, String> {
        self.traces(&format!("?{parameters}"))
    }

    /// The spans of the trace that has this id.
    ///
    /// # Errors
    ///
    /// What it answers in place of spans, as where there is no such trace.
    pub fn trace(&self, id: &str) -> Result<Vec<JaegerSpan>, String> {
        self.traces(&format!("/{id}"))
    }

    fn traces(&self, which: &str) -> Result<Vec<JaegerSpan>, String> {
        let answer = get_json(&format!("{}/api/traces{which}", self.address))?;
        let traces = answer["data"]
            .as_array()
            .ok_or_else(|| format!("no data in {answer}"))?;
        Ok(traces.iter().flat_map(spans_of).collect())
    }

    /// Waits until it has `count` spans of a service, or more.
    ///
    /// # Panics
    ///
    /// Where it has not so many after a minute.
    pub fn wait_for_spans(&self, service: &str, count: usize) -> Vec<JaegerSpan> {
        wait_for(&format!("{count} spans of {service}"), || {
            let spans = self.spans(service)?;
            if spans.len() >= count {
                Ok(spans)
            } else {
                Err(format!("{} spans", spans.len()))
            }
        })
    }
}

fn configuration(http: u16, grpc: u16, query: u16, query_grpc: u16, health: u16) -> String {
    format!(
        "\
service:
  extensions: [jaeger_storage, jaeger_query, healthcheckv2]
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [jaeger_storage_exporter]
  telemetry:
    metrics:
      level: none
extensions:
  healthcheckv2:
    use_v2: true
    http:
      endpoint: 127.0.0.1:{health}
  jaeger_query:
    storage:
      traces: memory
    http:
      endpoint: 127.0.0.1:{query}
    grpc:
      endpoint: 127.0.0.1:{query_grpc}
  jaeger_storage:
    backends:
      memory:
        memory:
          max_traces: 100000
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:{http}
      grpc:
        endpoint: 127.0.0.1:{grpc}
exporters:
  jaeger_storage_exporter:
    trace_storage: memory
"
    )
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), String::from)
}

fn tags(tags: &Value) -> BTreeMap<String, String> {
    let tags = tags.as_array().into_iter().flatten();
    tags.map(|tag| (text(&tag["key"]), text(&tag["value"])))
        .collect()
}

fn spans_of(trace: &Value) -> Vec<JaegerSpan> {
    let spans = trace["spans"].as_array().into_iter().flatten();
    spans
        .map(|span| span_of(span, &trace["processes"]))
        .collect()
}

fn span_of(span: &Value, processes: &Value) -> JaegerSpan {
    let trace_id = text(&span["traceID"]);
    let references: Vec<(String, String, String)> = span["references"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|reference| {
            (
                text(&reference["refType"]),
                text(&reference["traceID"]),
                text(&reference["spanID"]),
            )
        })
        .collect();
    let is_parent =
        |(kind, trace, _): &&(String, String, String)| kind == "CHILD_OF" && *trace == trace_id;
    let parent = references
        .iter()
        .find(is_parent)
        .map(|(_, _, span)| span.clone());
    let links = references
        .iter()
        .filter(|reference| !is_parent(reference))
        .map(|(_, trace, span)| (trace.clone(), span.clone()))
        .collect();
    let process = &processes[text(&span["processID"])];
    JaegerSpan {
        parent,
        links,
        service: text(&process["serviceName"]),
        span_id: text(&span["spanID"]),
        name: text(&span["operationName"]),
        start: span["startTime"].as_u64().unwrap_or_default(),
        duration: span["duration"].as_u64().unwrap_or_default(),
        tags: tags(&span["tags"]),
        resource: tags(&process["tags"]),
        trace_id,
    }
}
