//! The configuration that users are given: each file by the program that it is for, and all of them
//! together under load.

// With the attribute, what is allowed in tests is allowed in their helpers too.
#[cfg(test)]
mod compose;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod dashboards;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod links;
#[cfg(test)]
mod linter;
#[cfg(test)]
mod load;
#[cfg(test)]
mod names;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod privacy;
#[cfg(test)]
#[path = "../../../tests/support/program.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod program;
#[cfg(test)]
#[path = "../../../tests/support/prometheus_names.rs"]
mod prometheus_names;
#[cfg(test)]
mod queries;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod sampling;
#[cfg(test)]
#[path = "../backends/support.rs"]
mod support;
#[cfg(test)]
mod tls;
