//! What pages show of configuration: each example is accepted by the program that it is for.

use crate::names;
use backends::{Overlay, Ports, Server, Stack, configuration_folder, locate};
use integration_tests::servers_are_there;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// An example of a page.
#[derive(Debug)]
pub(crate) struct Example {
    /// The command that checks it, which its first line is.
    command: Vec<String>,
    pub(crate) text: String,
}

impl Example {
    /// The file that it is to be.
    pub(crate) fn file(&self) -> &str {
        self.command.last().expect("a command has words")
    }

    /// Runs the command that checks it: files that it names beside the example's own are those of
    /// the stack, or other examples in this folder.
    fn check(&self, folder: &Path) {
        let [program, arguments @ ..] = &self.command[..] else {
            panic!("no command: {self:?}");
        };
        let server = match program.as_str() {
            "otelcol" => Server::Collector,
            "promtool" => Server::Prometheus,
            other => panic!("nothing is checked by {other}"),
        };
        let arguments = arguments.iter().map(|argument| {
            let files = [configuration_folder(), folder.to_owned()];
            let mut files = files.into_iter().map(|folder| folder.join(argument));
            let found = files.find(|file| file.is_file());
            found.unwrap_or_else(|| argument.into())
        });
        let output = Command::new(locate(server, program).unwrap())
            .args(arguments)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success(), "{}: {said}", self.text);
    }
}

/// The examples in YAML of a page.
pub(crate) fn examples(page: &str) -> Vec<Example> {
    let file = configuration_folder().join("..").join(page);
    let text = fs::read_to_string(file).unwrap();
    let blocks = text.split("\n```yaml\n").skip(1);
    blocks
        .map(|block| {
            let (text, _) = block.split_once("\n```").unwrap();
            let command = text.lines().next().unwrap().strip_prefix("# ");
            let command = command.unwrap_or_else(|| panic!("no command in {page}: {text}"));
            Example {
                command: command.split(' ').map(String::from).collect(),
                text: text.to_owned(),
            }
        })
        .collect()
}

/// What pages tell readers to ask Prometheus, of this service in place of theirs.
pub(crate) fn queries(job: &str) -> Vec<String> {
    let pages = crate::documents::pages();
    let blocks = pages.iter().flat_map(|(_, text)| {
        let blocks = text.split("\n```promql\n").skip(1);
        blocks.map(|block| block.split("\n```").next().unwrap())
    });
    let queries = blocks.map(|query| query.replace("job=\"checkout\"", &format!("job=\"{job}\"")));
    queries.collect()
}

/// The example of a page that is to be a file of this name.
pub(crate) fn example(page: &str, file: &str) -> Example {
    let mut found = examples(page).into_iter().filter(|one| one.file() == file);
    found
        .next()
        .unwrap_or_else(|| panic!("no {file} in {page}"))
}

/// Starts the stack with an example of a page over the Collector's own configuration.
pub(crate) fn stack_with(folder: &Path, page: &str, file: &str) -> Stack {
    let path = folder.join(file);
    fs::write(&path, example(page, file).text).unwrap();
    let overlay = Overlay {
        files: vec![path],
        ..Overlay::default()
    };
    Stack::start_with(folder, Ports::default(), overlay).unwrap()
}

const PAGES: [&str; 4] = [
    "docs/alerts.md",
    "docs/logs.md",
    "docs/sampling.md",
    "docs/security.md",
];

#[test]
fn each_example_is_valid() {
    if !servers_are_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for page in PAGES {
        let examples = examples(page);
        assert!(!examples.is_empty(), "{page}");
        for example in examples {
            fs::write(folder.path().join(example.file()), &example.text).unwrap();
            example.check(folder.path());
        }
    }
}

#[test]
fn rules_in_examples_speak_of_what_is_emitted() {
    let mut asked = 0;
    for example in examples("docs/alerts.md") {
        let rules: Value = serde_saphyr::from_str(&example.text).unwrap();
        for group in rules["groups"].as_array().unwrap() {
            for rule in group["rules"].as_array().unwrap() {
                asked += names::metrics(rule["expr"].as_str().unwrap()).len();
            }
        }
    }
    assert!(asked > 0);
}

/// No page has configuration that is not checked.
#[test]
fn every_example_is_on_a_page_that_is_checked() {
    for (file, text) in crate::documents::pages() {
        let file = file.canonicalize().unwrap();
        let is_checked = PAGES.iter().any(|page| file.ends_with(page));
        assert!(
            is_checked || !text.contains("```yaml"),
            "{}",
            file.display()
        );
    }
}
