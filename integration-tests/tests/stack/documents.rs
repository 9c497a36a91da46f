//! The pages about dashboards and alerts speak of those that there are, and pages lead to others
//! that there are.

use backends::configuration_folder;
use integration_tests::dashboards::{all, list, panels as panels_of, text};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn read(file: &str) -> String {
    fs::read_to_string(configuration_folder().join("..").join(file)).unwrap()
}

/// What follows a mark in the lines of a text.
fn after<'a>(text: &'a str, mark: &str) -> BTreeSet<&'a str> {
    let lines = text.lines().map(str::trim);
    lines.filter_map(|line| line.strip_prefix(mark)).collect()
}

#[test]
fn each_alert_has_a_section_and_a_row() {
    let rules = read("otel-config/prometheus/rules/loopscope.rules.yaml");
    let alerts = after(&rules, "- alert: ");
    let page = read("docs/alerts.md");
    let sections = after(&page, "## ");
    let sections = sections.into_iter().filter(|name| !name.contains(' '));
    assert_eq!(sections.collect::<BTreeSet<_>>(), alerts);
    for alert in alerts {
        assert!(page.contains(&format!("\n| `{alert}` | ")), "{alert}");
    }
}

/// The file of a dashboard's page.
fn page_of(dashboard: &Value) -> String {
    let id = text(&dashboard["uid"]).trim_start_matches("loopscope-");
    format!("docs/dashboards/{id}.md")
}

#[test]
fn each_dashboard_has_a_page_that_the_index_leads_to() {
    let index = read("docs/dashboards/README.md");
    for dashboard in all() {
        let page = page_of(&dashboard);
        let title = text(&dashboard["title"]).trim_start_matches("loopscope / ");
        assert!(read(&page).starts_with(&format!("# {title}\n")), "{page}");
        let (_, file) = page.rsplit_once('/').unwrap();
        let row = format!("\n| {title} | ");
        let (_, row) = index.split_once(&row).unwrap_or_else(|| panic!("{title}"));
        let row = row.lines().next().unwrap();
        assert!(row.ends_with(&format!(" | [{file}]({file}) |")), "{row}");
    }
}

/// Rows and panels are there in their order, each panel with its description, what is normal and
/// what to do otherwise.
#[test]
fn each_page_goes_through_its_dashboard_panel_by_panel() {
    for dashboard in all() {
        let page = read(&page_of(&dashboard));
        let headings = page.lines().filter(|line| line.starts_with("##"));
        let panels = list(&dashboard["panels"]).iter();
        let expected = panels.map(|panel| {
            let mark = if panel["type"] == "row" { "##" } else { "###" };
            format!("{mark} {}", text(&panel["title"]))
        });
        assert_eq!(headings.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        for panel in panels_of(&dashboard) {
            let (title, description) = (text(&panel["title"]), text(&panel["description"]));
            let (_, section) = page.split_once(&format!("\n### {title}\n\n")).unwrap();
            let section = section.split("\n#").next().unwrap();
            let paragraphs: Vec<_> = section.trim().split("\n\n").collect();
            assert_eq!(paragraphs[0], description, "{title}");
            let [_, normal, otherwise] = paragraphs[..] else {
                panic!("{title} has other parts: {section}");
            };
            assert!(normal.starts_with("**Normal**: "), "{title}");
            assert!(otherwise.starts_with("**Otherwise**: "), "{title}");
        }
    }
}

/// Every page for people, with its path.
pub(crate) fn pages() -> Vec<(PathBuf, String)> {
    let root = configuration_folder().join("..");
    let files = |folder: &str| {
        let files = fs::read_dir(root.join(folder)).unwrap();
        files.map(|file| file.unwrap().path()).collect::<Vec<_>>()
    };
    let folders = [".", "docs", "docs/dashboards", "otel-config"];
    let files = folders.iter().flat_map(|folder| files(folder));
    let pages = files.filter(|file| file.extension().is_some_and(|kind| kind == "md"));
    pages
        .map(|file| (file.clone(), fs::read_to_string(file).unwrap()))
        .collect()
}

/// The name that a heading has in links.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut followed = 0;
    for (file, page) in pages() {
        for link in page.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.contains("://") {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => file.clone(),
                _ => file.parent().unwrap().join(path),
            };
            assert!(target.exists(), "{link} in {}", file.display());
            if !heading.is_empty() {
                let page = fs::read_to_string(&target).unwrap();
                let headings = page.lines().filter(|line| line.starts_with('#'));
                let mut anchors = headings.map(|line| anchor(line.trim_start_matches('#').trim()));
                let found = anchors.any(|anchor| anchor == heading);
                assert!(found, "{link} in {}", file.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 50, "{followed}");
}
