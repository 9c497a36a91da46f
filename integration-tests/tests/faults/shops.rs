//! The shops.

use backends::{Shop, Stack};
use std::path::Path;

/// One that is well, and the faults.
pub(crate) const WELL: &str = "well";
pub(crate) const FAULTS: [&str; 5] = [
    "slow-store",
    "blocked-store",
    "refused-connections",
    "full-queue",
    "bad-certificate",
];

/// Under which name Prometheus knows a service of the shop with a fault.
pub(crate) fn job(shop: &str, service: &str) -> String {
    format!("{shop}/shop-{service}")
}

/// Opens all of them.
pub(crate) fn open(stack: &Stack, folder: &Path) -> Vec<Shop> {
    let program = crate::program::path("shop");
    let open = |name: &str, faults: &[&str]| {
        let environment = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", stack.otlp_http()),
            ("OTEL_METRIC_EXPORT_INTERVAL", String::from("1000")),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                format!("service.namespace={name}"),
            ),
        ];
        let shop = Shop::start(&program, &folder.join(name), 0, &environment, faults);
        shop.unwrap()
    };
    let faulty = FAULTS.iter().map(|fault| open(fault, &[fault]));
    faulty.chain([open(WELL, &[])]).collect()
}
