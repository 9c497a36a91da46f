//! What can be made to go wrong.
//!
//! What concerns a service goes along with the requests, as baggage: no service keeps a state that
//! somebody would have to reset, and customers with and without faults can shop at the same time.

use clap::ValueEnum;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, KeyValue};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fault {
    /// The store takes 400 ms for each answer, and waits meanwhile
    SlowStore,
    /// The store takes 150 ms for each answer, and blocks its loop meanwhile: nothing else runs
    BlockedStore,
    /// The store stops to listen for a second, again and again
    RefusedConnections,
    /// There are 16 times the customers, with large orders
    FullQueue,
    /// Customers first come by the gateway's address, for which it shows an expired certificate
    BadCertificate,
}

impl Fault {
    /// The present context, with the faults that services are to have in what it leads to.
    pub(crate) fn in_baggage(faults: &[Self]) -> Context {
        let faults = faults.iter().map(|fault| KeyValue::new(key(*fault), "on"));
        Context::current().with_baggage(faults)
    }

    /// Whether the present request is to meet with it.
    pub(crate) fn is_on(self) -> bool {
        Context::map_current(|context| context.baggage().get(key(self)).is_some())
    }
}

/// Under which name it goes along.
fn key(fault: Fault) -> &'static str {
    match fault {
        Fault::SlowStore => "shop.fault.slow_store",
        Fault::BlockedStore => "shop.fault.blocked_store",
        Fault::RefusedConnections => "shop.fault.refused_connections",
        Fault::FullQueue => "shop.fault.full_queue",
        Fault::BadCertificate => "shop.fault.bad_certificate",
    }
}
