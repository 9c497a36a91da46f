//! Prometheus, and the samples that it has.

use crate::http::get_json;
use crate::started::{folder, free_ports, start};
use crate::wait::wait_for;
use backends::{PROMETHEUS_FLAGS, Process, Server, locate};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use tempfile::TempDir;

/// A Prometheus that takes metrics over OTLP.
#[derive(Debug)]
pub struct Prometheus {
    _process: Process,
    _folder: TempDir,
    api: PrometheusApi,
}

/// Prometheus' API, whoever runs it.
#[derive(Debug)]
pub struct PrometheusApi {
    address: String,
}

impl Deref for Prometheus {
    type Target = PrometheusApi;

    fn deref(&self) -> &PrometheusApi {
        &self.api
    }
}

/// A time series' value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its labels, the name of the metric among them as `__name__`.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

const CONFIGURATION: &str = "\
global:
  scrape_interval: 15s
otlp:
  promote_resource_attributes: [service.name, service.instance.id]
storage:
  tsdb:
    out_of_order_time_window: 30m
";

impl Prometheus {
    /// Starts it and waits until it is ready.
    ///
    /// # Panics
    ///
    /// Where it cannot be started.
    pub fn start() -> Self {
        let program =
            locate(Server::Prometheus, "prometheus").unwrap_or_else(|error| panic!("{error}"));
        let [port] = free_ports();
        let folder = folder();
        let config = folder.path().join("prometheus.yml");
        fs::write(&config, CONFIGURATION).unwrap_or_else(|error| panic!("{error}"));
        let arguments = [
            format!("--config.file={}", config.display()),
            format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        let arguments = arguments
            .into_iter()
            .chain(PROMETHEUS_FLAGS.map(String::from));
        let ready = format!("http://127.0.0.1:{port}/-/ready");
        Self {
            _process: start("prometheus", &program, arguments, &folder, &ready),
            _folder: folder,
            api: PrometheusApi::at(format!("http://127.0.0.1:{port}")),
        }
    }
}

impl PrometheusApi {
    /// The API at an address, `http://` and so on.
    pub fn at(address: String) -> Self {
        Self { address }
    }

    /// Where it takes OTLP over HTTP; `/v1/metrics` is to be appended.
    pub fn otlp_http(&self) -> String {
        format!("{}/api/v1/otlp", self.address)
    }

    /// What it answers with success to a path below `/api/v1/`.
    ///
    /// # Errors
    ///
    /// What it answers in place of data.
    pub fn data(&self, path: &str) -> Result<Value, String> {
        let mut answer = get_json(&format!("{}/api/v1/{path}", self.address))?;
        match answer["data"].take() {
            Value::Null => Err(format!("no data in {answer}")),
            data => Ok(data),
        }
    }

    /// What a query gives now.
    ///
    /// # Errors
    ///
    /// What it answers in place of samples.
    pub fn query(&self, query: &str) -> Result<Vec<Sample>, String> {
        let data = self.data(&format!("query?query={}", percent_encoded(query)))?;
        let results = data["result"]
            .as_array()
            .ok_or_else(|| format!("no result in {data}"))?;
        results
            .iter()
            .map(|result| {
                let labels = result["metric"].as_object().into_iter().flatten();
                let value = result["value"][1]
                    .as_str()
                    .and_then(|value| value.parse().ok());
                Ok(Sample {
                    labels: labels
                        .map(|(name, value)| {
                            (name.clone(), value.as_str().unwrap_or_default().into())
                        })
                        .collect(),
                    value: value.ok_or_else(|| format!("no value in {result}"))?,
                })
            })
            .collect()
    }

    /// Whether a query gives a number.
    ///
    /// # Errors
    ///
    /// What it gives instead.
    pub fn has_data(&self, query: &str) -> Result<(), String> {
        let samples = self.query(query)?;
        if samples.iter().any(|sample| sample.value.is_finite()) {
            Ok(())
        } else {
            Err(format!("nothing for {query}: {samples:?}"))
        }
    }

    /// The sum of what a query gives; nothing gives zero.
    ///
    /// # Errors
    ///
    /// What it answers in place of samples.
    pub fn sum(&self, query: &str) -> Result<f64, String> {
        Ok(self.query(query)?.iter().map(|sample| sample.value).sum())
    }

    /// Waits until the sum of what a query gives is `expected`.
    ///
    /// # Panics
    ///
    /// With what it was, where it is not after a minute.
    pub fn wait_for_sum(&self, query: &str, expected: f64) {
        wait_for(&format!("sum of {expected} for {query}"), || {
            let sum = self.sum(query)?;
            if (sum - expected).abs() < 1e-9 {
                Ok(())
            } else {
                Err(format!("it is {sum}"))
            }
        });
    }
}

/// A text as a value in a URL.
pub fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
