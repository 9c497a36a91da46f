//! Where the links of panels lead to.

use integration_tests::dashboards::filled;
use integration_tests::dashboards::{all, kept, list, panels, queries, text};
use integration_tests::{JaegerApi, PrometheusApi, Sample, percent_encoded, wait_for};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Follows every link of every panel for a service, where its panel shows something: Jaeger finds
/// the traces that it asks for.
pub(crate) fn find_traces(
    prometheus: &PrometheusApi,
    jaeger: &JaegerApi,
    service: &str,
    job: &str,
) {
    let mut searches = BTreeSet::new();
    for dashboard in all() {
        for panel in panels(&dashboard) {
            let samples = queries(panel).into_iter().flat_map(|query| {
                let samples = prometheus.query(&filled(query, job));
                samples.unwrap_or_else(|error| panic!("{error}"))
            });
            let samples: Vec<_> = samples.filter(|sample| sample.value > 0.0).collect();
            let links = &panel["fieldConfig"]["defaults"]["links"];
            for link in links.as_array().into_iter().flatten() {
                let search = samples.iter().find_map(|sample| search(link, sample));
                searches.extend(search);
            }
        }
    }
    assert!(
        !searches.is_empty(),
        "nothing leads from {job} to its traces"
    );
    let of_service = format!("service={}", percent_encoded(service));
    for search in searches {
        let asked = search.split('&').next();
        assert_eq!(asked, Some(&*of_service), "{job} is {service} to Jaeger");
        let search = format!("{search}&lookback=1h&limit=1");
        wait_for("traces", || match jaeger.search(&search)?.len() {
            0 => Err(format!("of {search}")),
            _ => Ok(()),
        });
    }
}

/// What Grafana asks Jaeger for when a link is followed from a sample; none where the sample lacks
/// what the link needs.
fn search(link: &Value, sample: &Sample) -> Option<String> {
    let url = text(&link["url"]);
    let part = |name: &str| {
        let (_, rest) = url.split_once(&format!(",%22{name}%22:%22"))?;
        rest.split("%22").next()
    };
    let mut search = format!(
        "service={}",
        percent_encoded(&value(part("service")?, sample)?)
    );
    if let Some(operation) = part("operation") {
        let operation = percent_encoded(&value(operation, sample)?);
        search += &format!("&operation={operation}");
    }
    if let Some(tags) = part("tags") {
        let (key, is) = tags.split_once("%3D").expect("key=value");
        let tags = json!({ key: value(is, sample)? }).to_string();
        search += &format!("&tags={}", percent_encoded(&tags));
    }
    Some(search)
}

/// A part of a link with the value of the label that it names, if it names one.
fn value(part: &str, sample: &Sample) -> Option<String> {
    match part.strip_prefix("${__field.labels.") {
        Some(label) => sample.labels.get(label.trim_end_matches('}')).cloned(),
        None => Some(part.to_owned()),
    }
}

/// Jaeger knows a service by its name alone; `job` has its namespace in front of that.
#[test]
fn graphs_lead_to_the_traces_of_the_service() {
    const SERVICE: &str = ", \"service\", \"$1\", \"job\", \"(?:.*/)?(.*)\")";
    for dashboard in all() {
        for panel in panels(&dashboard) {
            if panel["type"] != "timeseries" {
                continue;
            }
            let title = &panel["title"];
            let links = list(&panel["fieldConfig"]["defaults"]["links"]);
            assert!(!links.is_empty(), "{title}");
            for link in links {
                let url = text(&link["url"]);
                assert!(url.starts_with("/explore?"), "{title}");
                for part in [
                    "${jaeger_datasource}",
                    "%22search%22",
                    "%22service%22:%22${__field.labels.service}%22",
                    "${__from}",
                ] {
                    assert!(url.contains(part), "{title}: {url}");
                }
                let labels = url.split("${__field.labels.").skip(1);
                let labels = labels.map(|rest| rest.split('}').next().unwrap());
                for query in queries(panel) {
                    assert!(query.starts_with("label_replace(") && query.ends_with(SERVICE));
                    let by = kept(query);
                    assert!(by.contains(&"job"), "{query}");
                    for label in labels.clone().filter(|label| *label != "service") {
                        assert!(by.contains(&label), "the link needs {label}: {query}");
                    }
                }
            }
        }
    }
}

#[test]
fn links_are_read_as_grafana_does() {
    let dashboards = all();
    let panels = dashboards.iter().flat_map(panels);
    let mut panels = panels.filter(|panel| panel["title"] == "Failed requests");
    let links = &panels.next().expect("a panel")["fieldConfig"]["defaults"]["links"];
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut sample = Sample {
        labels: [label("service", "shop"), label("error_type", "500")].into(),
        value: 1.0,
    };
    let expected = format!(
        "service={}&tags={}",
        percent_encoded("shop"),
        percent_encoded(r#"{"error.type":"500"}"#)
    );
    let link = &list(links)[0];
    assert_eq!(search(link, &sample), Some(expected));
    sample.labels.remove("error_type");
    assert_eq!(search(link, &sample), None);
}
