//! Look-ups of names.

use super::{Capped, LazyHistogram, failure_attribute, histogram};
use crate::instrument::DnsLookupReadyMetadata;
use crate::otel::names;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};
use std::sync::Arc;

pub(in crate::otel) struct DnsMetrics {
    duration: Histogram<f64>,
    by_name: Capped<DnsSeries>,
}

struct DnsSeries {
    name: Arc<str>,
    succeeded: LazyHistogram,
}

impl DnsMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            duration: histogram(meter, &names::DNS_LOOKUP_DURATION),
            by_name: Capped::new(),
        }
    }

    /// A look-up has ended.
    pub(in crate::otel) fn ended(&self, metadata: &DnsLookupReadyMetadata<'_>) {
        let duration = metadata.finish_time.seconds_since(metadata.start_time);
        let series = self.by_name.get(metadata.name, |name| DnsSeries {
            name,
            succeeded: LazyHistogram::new(),
        });
        let name = || KeyValue::new(names::DNS_QUESTION_NAME, series.name.clone());
        match &metadata.outcome {
            Ok(_) => series
                .succeeded
                .get_or_init(|| self.duration.bind(&[name()]))
                .record(duration),
            Err(failure) => self
                .duration
                .record(duration, &[name(), failure_attribute(failure)]),
        }
    }
}
