//! The registry lists what is emitted, no more and no less.

use backends::configuration_folder;
use loopscope::otel::names::{self, outcome};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

fn yaml(file: &str) -> Value {
    let path = configuration_folder().join("registry").join(file);
    let text = fs::read_to_string(path).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn groups(file: &str) -> Vec<Value> {
    yaml(file)["groups"].as_array().unwrap().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// The keys of the attributes that a group refers to.
fn references(group: &Value) -> Vec<&str> {
    let attributes = group["attributes"].as_array().into_iter().flatten();
    attributes
        .map(|attribute| {
            assert!(!attribute["requirement_level"].is_null(), "{attribute}");
            text(&attribute["ref"])
        })
        .collect()
}

/// What every group has.
fn check_common(group: &Value, kind: &str, ids: &mut BTreeSet<String>) {
    assert_eq!(group["type"], kind);
    assert_eq!(group["stability"], "development", "{group}");
    assert!(text(&group["brief"]).len() > 10, "{group}");
    let id = text(&group["id"]);
    assert!(id.starts_with(&format!("{kind}.loopscope.")), "{id}");
    assert!(ids.insert(id.to_owned()), "{id} twice");
}

#[test]
fn it_depends_on_the_conventions_that_the_names_follow() {
    let manifest = yaml("registry_manifest.yaml");
    let path = text(&manifest["dependencies"][0]["registry_path"]);
    let version = names::SCHEMA_URL.rsplit('/').next().unwrap();
    assert!(
        path.contains("open-telemetry/semantic-conventions"),
        "{path}"
    );
    assert!(path.contains(&format!("/v{version}.zip")), "{path}");
    assert_eq!(manifest["name"], names::SCOPE);
}

#[test]
fn it_defines_the_attributes_that_no_convention_has() {
    let groups = groups("attributes.yaml");
    let defined = groups[0]["attributes"].as_array().unwrap();
    let keys: Vec<_> = defined
        .iter()
        .map(|attribute| text(&attribute["id"]))
        .collect();
    let own = names::ATTRIBUTES
        .iter()
        .filter(|key| key.starts_with("loopscope."));
    assert_eq!(keys, own.copied().collect::<Vec<_>>());
    for attribute in defined {
        assert!(text(&attribute["brief"]).ends_with('.'), "{attribute}");
        assert!(attribute["type"].is_string() || attribute["type"]["members"].is_array());
    }
    let ends = defined
        .iter()
        .find(|attribute| attribute["id"] == names::OUTCOME);
    let members = ends.unwrap()["type"]["members"].as_array().unwrap();
    let values: Vec<_> = members
        .iter()
        .map(|member| text(&member["value"]))
        .collect();
    let expected = [
        outcome::COMPLETED,
        outcome::ERROR,
        outcome::CANCELLED,
        outcome::UNFINISHED,
    ];
    assert_eq!(values, expected);
}

#[test]
fn it_lists_every_metric_with_all_it_has() {
    let groups = groups("metrics.yaml");
    let metrics = || names::METRICS.iter().chain(names::HTTP_METRICS);
    assert_eq!(groups.len(), metrics().count());
    let mut ids = BTreeSet::new();
    for (group, metric) in groups.iter().zip(metrics()) {
        check_common(group, "metric", &mut ids);
        assert_eq!(group["metric_name"], metric.name);
        let instrument = metric.kind.as_str().replace(['-', ' '], "");
        assert_eq!(group["instrument"], instrument, "{}", metric.name);
        assert_eq!(group["unit"], metric.unit, "{}", metric.name);
        assert_eq!(group["brief"], metric.description, "{}", metric.name);
        assert_eq!(references(group), metric.attributes, "{}", metric.name);
    }
}

#[test]
fn it_lists_every_span_with_all_it_has() {
    let mut ids = BTreeSet::new();
    let mut listed: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for group in groups("spans.yaml") {
        check_common(&group, "span", &mut ids);
        let name = text(&group["annotations"]["loopscope"]["span_name"]);
        let (kinds, keys) = listed.entry(name.to_owned()).or_default();
        assert!(kinds.insert(text(&group["span_kind"]).to_owned()), "{name}");
        keys.extend(references(&group).into_iter().map(String::from));
    }
    let spans = names::SPANS.iter().chain(names::HTTP_SPANS);
    let spans = spans.map(|span| {
        let detail = span.detail.map(|detail| format!(" {detail}"));
        let name = span.name.to_owned() + &detail.unwrap_or_default();
        let kinds = span
            .kinds
            .iter()
            .map(|kind| format!("{kind:?}").to_lowercase());
        let keys = span.attributes.iter().map(|key| (*key).to_owned());
        (name, (kinds.collect(), keys.collect()))
    });
    assert_eq!(listed, spans.collect());
}
