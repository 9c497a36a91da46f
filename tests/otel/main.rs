//! The bridge, driven through the hooks as any loop would, under the real SDK.

#![allow(
    clippy::unwrap_used,
    reason = "in helpers of tests a panic is the report"
)]

mod contract;
mod loops;
mod metrics;
mod over_the_loop;
mod parents;
#[path = "../support/prometheus_names.rs"]
mod prometheus_names;
mod properties;
mod spans;
mod support;
mod tasks;
